"""Whether changed files parse: the host's half, which starts `syntax_program.py` and trusts no line of it too much.

A file at which the program dies, or takes too long, is not checked; the rest goes on in another one.
"""

import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Final, NamedTuple

from pydantic import Field, ValidationError

from ompycord.domain.base import Frozen
from ompycord.domain.events import GuardFinding
from ompycord.processes import Bounds, Clocks, ProcessSpec, Stream
from ompycord.processes.launcher_port import Launcher, Layout
from ompycord.text import clean, cut
from ompycord.workspaces.folders import scratch

__all__ = ["ChangedSource", "SyntaxChecked", "check_syntax", "language_of"]

_PROGRAM: Final = Path(__file__).with_name("syntax_program.py")
_LANGUAGES: Final = {
    ".py": "python", ".pyi": "python", ".js": "javascript", ".jsx": "javascript", ".mjs": "javascript",
    ".cjs": "javascript", ".ts": "typescript", ".mts": "typescript", ".cts": "typescript", ".tsx": "tsx",
    ".go": "go", ".rs": "rust",
}  # fmt: skip
_WALL_S: Final = 120.0
_IDLE_S: Final = 30.0
_DEATHS: Final = 3
_DETAIL: Final = 200


class ChangedSource(NamedTuple):
    """A file that is to be parsed."""

    path: str
    language: str
    content: bytes


class SyntaxChecked(NamedTuple):
    """What became of the files."""

    findings: list[GuardFinding]
    not_checked: list[str]


class _Answer(Frozen):
    """What the program says of one file."""

    line: Annotated[int, Field(ge=1, le=10_000_000)] | None = None
    detail: str = ""
    skipped: bool = False


def language_of(path: str) -> str | None:
    """The language of a file by its name; None where there is no parser for it."""
    return _LANGUAGES.get(Path(path).suffix.lower())


async def check_syntax(launcher: Launcher, folder: Path, run: str, sources: Sequence[ChangedSource]) -> SyntaxChecked:
    """Parse all of them. `folder` is the run's, in which the program has a folder of its own meanwhile."""
    findings: list[GuardFinding] = []
    not_checked: list[str] = []
    ahead = list(sources)
    for _ in range(_DEATHS):
        if not ahead:
            break
        answers = await _answers(launcher, folder, run, ahead)
        for source, answer in zip(ahead, answers, strict=False):
            if answer.skipped:
                not_checked.append(source.path)
            elif answer.line is not None:
                detail = cut(clean(answer.detail), _DETAIL)
                findings.append(GuardFinding(rule="syntax", path=source.path, line=answer.line, detail=detail))
        died_at = ahead[len(answers) : len(answers) + 1]
        not_checked += [source.path for source in died_at]
        ahead = ahead[len(answers) + 1 :]
    return SyntaxChecked(findings, [*not_checked, *(source.path for source in ahead)])


async def _answers(launcher: Launcher, folder: Path, run: str, sources: Sequence[ChangedSource]) -> list[_Answer]:
    """As many answers as the program gave."""
    spoken = b"".join(_request(source) for source in sources)
    answers: list[_Answer] = []
    async with scratch(folder, "syntax-") as place:
        tree = place / "tree"
        tree.mkdir(mode=0o700)
        argv = (sys.executable, "-I", "-W", "ignore", str(_PROGRAM))
        spec = ProcessSpec(argv=argv, env={}, cwd=tree, stdin=spoken, marker=run)
        clocks = Clocks(wall_s=_WALL_S, idle_s=_IDLE_S)
        async with launcher.start(spec, Layout(tree), clocks=clocks, bounds=Bounds()) as process:
            async for line in process.lines():
                if line.stream is Stream.STDOUT and len(answers) < len(sources):
                    answers.append(_answer(line.text))
            await process.wait()
    return answers


def _request(source: ChangedSource) -> bytes:
    header = json.dumps({"language": source.language, "size": len(source.content)})
    return header.encode() + b"\n" + source.content


def _answer(line: str) -> _Answer:
    try:
        return _Answer.model_validate_json(line)
    except ValidationError:
        return _Answer(skipped=True)
