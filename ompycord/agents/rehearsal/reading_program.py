"""The rehearsal where it only reads: it plans, answers and reviews without a model.

Started by `adapter.py` as `python -I -S <this file> plan|answer|review`; counterpart of `rehearsal_program.py`, which
works. Reads the prompt from standard input and speaks the JSON-lines dialect on descriptor 3. Whole words in the task
choose a path:

    misplan   the first plan names a file that is not there; once that is refused, the next one is right
    planless  never gives a plan
    picky     the review wants a note in NOTES.md, until there is one
    pickiest  the review finds the same whatever is done
    false     the answer names places that are not there, too
    write     tries to change and to commit something, although it may not

REHEARSAL_PACE scales every pause. Imports the standard library only.
"""

import json
import os
import re
import subprocess
import sys
import time
from pathlib import Path

EVENTS_FD = 3
CODE, TESTS, NOTES = Path("cart/total.py"), Path("tests/test_total.py"), Path("NOTES.md")
REFUSED = "was refused. Correct what is named here"  # `dialects/prompts/report_text.py` says so
CHANGED = "wants it to be different"
GIT_S = 20


class Stage:
    """Emits events and waits between them."""

    def __init__(self, speed: float) -> None:
        self._speed = speed
        self._out = os.fdopen(EVENTS_FD, "w", encoding="utf-8", buffering=1)
        self._calls = 0

    def emit(self, type_: str, **data: object) -> None:
        """One event of the dialect."""
        self._out.write(json.dumps({"schema": "ompycord/event@1", "type": type_, "data": data}) + "\n")

    def read(self, path: Path) -> None:
        """Look at a file, as people watch it."""
        self._calls += 1
        named = {"tool": "read", "title": str(path), "call": f"read-{self._calls}"}
        self.emit("tool.started", **named)
        time.sleep(0.8 * self._speed)
        self.emit("tool.finished", **named, ok=path.is_file())

    def report(self, what: object) -> None:
        """Give a report in the shape that was asked for."""
        self.emit("message", text=f"Here it is.\n\n```json\n{json.dumps(what, indent=1)}\n```")


def main() -> int:
    """Do what the argument says; the exit code is the claim."""
    prompt = sys.stdin.read()
    stage = Stage(float(os.environ.get("REHEARSAL_PACE", "1")))
    stage.emit("message", text="This is a rehearsal: no model is involved.")
    stage.emit("usage.updated", input=0, output=0, cost_usd=0.0)
    words = set(re.findall(r"[a-z]+", task_of(prompt).lower()))
    {"plan": plan, "answer": answer, "review": review}[sys.argv[1]](stage, prompt, words)
    return 0


def task_of(prompt: str) -> str:
    """What a person wrote: the second paragraph, whatever stands around it."""
    return (prompt.split("\n\n", 2)[1:2] or [""])[0]


def plan(stage: Stage, prompt: str, words: set[str]) -> None:
    """A plan for what the rehearsal will do."""
    stage.read(CODE if CODE.is_file() else NOTES)
    if "planless" in words:
        stage.emit("message", text="I would just begin.")
        return
    cart = CODE.is_file() and TESTS.is_file()
    files = [(str(CODE), "modify"), (str(TESTS), "modify")] if cart else [(str(NOTES), _change(NOTES))]
    steps = ["Write a test that shows the discount", "Repair the discount"] if cart else ["Write a note"]
    if CHANGED in prompt:
        steps.append("Look once more at what was asked for")
    if "misplan" in words and REFUSED not in prompt:
        files[0] = ("cart/totals.py", "modify")
    stage.report(
        {
            "summary": "The discount has to count every piece of a line." if cart else "The task becomes a note.",
            "steps": [{"title": title, "files": [path for path, _ in files]} for title in steps],
            "files": [{"path": path, "change": change, "why": "the cart's own"} for path, change in files],
            "checks": ["unittest"] if "checks: unittest" in prompt else [],
            "risks": ["Totals that others round themselves."] if cart else [],
        }
    )


def _change(path: Path) -> str:
    return "modify" if path.is_file() else "add"


def answer(stage: Stage, prompt: str, words: set[str]) -> None:
    """Where the sample's total is made."""
    if "write" in words:
        attempt_changes(stage)
    path = CODE if CODE.is_file() else next((one for one in sorted(Path().iterdir()) if one.is_file()), NOTES)
    stage.read(path)
    lines = path.read_text(encoding="utf-8", errors="replace").splitlines() if path.is_file() else [""]
    found = next((number for number, line in enumerate(lines, 1) if line.startswith("def ")), 1)
    text = f"The total is made in `{path}:{found}`; its end is `{path}:{max(len(lines), 1)}`."
    if "false" in words:
        text += f" See also `{path}:{len(lines) + 1000}`, `no/such/file.py:3` and `../outside.py:1`."
    stage.emit("message", text=text)


def attempt_changes(stage: Stage) -> None:
    """Write a file and commit it; each fails where the folder cannot be written."""
    try:
        Path("WRITTEN.txt").write_text("The rehearsal was here.\n", encoding="utf-8")
        how = ("git", "-c", "user.name=r", "-c", "user.email=r@localhost")
        for last in (("add", "--all"), ("commit", "--quiet", "--message", "written")):
            subprocess.run((*how, *last), capture_output=True, timeout=GIT_S, check=True)  # noqa: S603  # constants
    except (OSError, subprocess.CalledProcessError) as error:
        stage.emit("message", text=f"I could not write: {type(error).__name__}.")
    else:
        stage.emit("message", text="I wrote a file and committed it.")


def review(stage: Stage, prompt: str, words: set[str]) -> None:
    """Findings about the result that lies in the folder."""
    stage.read(CODE if CODE.is_file() else NOTES)
    noted = NOTES.is_file() and "reviewer" in NOTES.read_text(encoding="utf-8", errors="replace")
    findings: list[dict[str, object]] = []
    if "pickiest" in words or ("picky" in words and not noted):
        why = "Whoever reads the change next does not learn why it was made."
        findings.append({"severity": "blocking", "title": "There is no note about it in NOTES.md", "why": why})
    if CODE.is_file():
        remark = "The discount could have a name of its own"
        findings.append({"severity": "remark", "title": remark, "path": str(CODE), "line": 1})
    stage.report({"summary": "The result does what was asked for.", "findings": findings})


if __name__ == "__main__":
    sys.exit(main())
