"""A task as text, for an agent that knows nothing of it yet.

Used by `engines/steps/build.py` and `repair.py`, and again by `agents/resuming.py`.
"""

from pathlib import Path

from ompycord.domain.folds.follow_up import Former, PastRun
from ompycord.domain.task import Task

__all__ = ["former_text", "prompt_text"]


def prompt_text(task: Task, files: Path | None) -> tuple[str, ...]:
    """Paragraphs: what is asked, when it is done, and which files came with it. `files` is their folder."""
    parts = [task.prompt]
    if task.done_when:
        parts.append(f"Done when: {task.done_when}")
    if files is not None:
        named = "\n".join(f"- {files / file.name} ({file.size:,} bytes)" for file in task.files)
        parts.append(f"Files that came with the task, to read, outside of the repository:\n{named}")
    return tuple(parts)


def former_text(former: Former) -> tuple[str, ...]:
    """Paragraphs about the runs that a follow-up follows, for an agent that does not know them; empty without any."""
    if not former.past:
        return ()
    where = f" Its result is on the branch that is checked out here ({former.branch})." if former.branch else ""
    head = f"This follows up earlier work, which you do not remember; a summary of it, oldest first.{where}"
    return (head, *(_summary_of(one) for one in former.past))


def _summary_of(past: PastRun) -> str:
    lines = [f"The task was:\n{_quoted(past.prompt)}"]
    if past.words:
        lines.append(f"The last words were:\n{_quoted(past.words)}")
    if past.files_total:
        more = past.files_total - len(past.files)
        names = ", ".join((*past.files, *((f"and {more} more",) if more > 0 else ())))
        lines.append(f"Changed files: {names}")
    else:
        lines.append("No file was changed.")
    return "\n".join(lines)


def _quoted(text: str) -> str:
    return "\n".join(f"> {line}" for line in text.splitlines())
