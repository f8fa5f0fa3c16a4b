"""A task as text, for an agent that knows nothing of it yet.

Used by `engines/steps/build.py`, and again by `agents/resuming.py`.
"""

from pathlib import Path

from ompycord.domain.task import Task

__all__ = ["prompt_text"]


def prompt_text(task: Task, files: Path | None) -> tuple[str, ...]:
    """Paragraphs: what is asked, when it is done, and which files came with it. `files` is their folder."""
    parts = [task.prompt]
    if task.done_when:
        parts.append(f"Done when: {task.done_when}")
    if files is not None:
        named = "\n".join(f"- {files / file.name} ({file.size:,} bytes)" for file in task.files)
        parts.append(f"Files that came with the task, to read, outside of the repository:\n{named}")
    return tuple(parts)
