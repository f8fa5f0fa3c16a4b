"""Resolves what comments, docstrings and pages cite, `docs/contracts/NAME.md, *Heading*`, to a file and a heading.

Run `python -m tools.citations`; it prints each citation that leads nowhere and each name of a document that is not
here. Decision 032 says why. Its counterparts are `docs/contracts`, `docs/platform` and `docs/decisions`.
"""

import ast
import io
import re
import sys
import tokenize
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Final, NamedTuple

__all__ = ["Citation", "citations", "faults", "headings"]

ROOT: Final = Path(__file__).parents[1]
PLACES: Final = (
    "ompycord", "tests", "bench", "tools", "docs", "deploy", "alembic-free-migrations", ".ci", ".github",
)  # fmt: skip
"""Folders whose files are looked at."""
SINGLE: Final = (
    "pyproject.toml", "Makefile", "README.md", "ARCHITECTURE.md", "CHANGELOG.md", "ompycord.example.yml",
    ".env.example", "docker-compose.yml",
)  # fmt: skip
HASH: Final = {".toml", ".yml", ".yaml", ".sh", ".example", ".service", ""}
"""Files whose comments begin with `#`."""
WHOLE: Final = {".json", ".html", ".css", ".js"}
"""Files that are read as they are: published descriptions, and pages."""

_CITED: Final = re.compile(
    r"docs/(?P<folder>contracts|platform|decisions)/(?P<page>[\w-]+)\.md(?:, \*(?P<heading>[^*\n]+)\*)?"
)
_LINK: Final = re.compile(r"\]\((?!https?:)(?P<target>[^)#\s]*\.md)?#(?P<anchor>[^)\s]+)\)")
_ABSENT: Final = re.compile(
    r"\b(?:CONTRACTS|PLATFORM|UX|DESIGN|FEATURES|STYLE|OPERATIONS|CONDUCTOR|FAULTS|GATEWAY|LANGUAGE|TEAM|WORDING|NEWCOMERS|MEMORY)\b"
)
"""Documents that a reader of the repository does not have."""
_CODE: Final = re.compile(r"^```.*?^```|`[^`\n]+`|\]\([^)\n]*\)", re.MULTILINE | re.DOTALL)
"""What of a page is no prose: code, and the targets of links, which a test of its own follows."""


class Citation(NamedTuple):
    """What is cited, and where; `heading` is None where only a page is named."""

    place: str
    """File and line, as editors take it."""
    target: str
    """The page, from the root."""
    heading: str | None


def citations(root: Path = ROOT) -> Iterator[Citation]:
    """Every citation in comments, docstrings and pages below `root`."""
    for file in _files(root):
        for line, text in _prose(file):
            for match in _CITED.finditer(text):
                if match["page"] == "NAME":  # how a citation looks
                    continue
                place = f"{file.relative_to(root).as_posix()}:{line + text.count(chr(10), 0, match.start())}"
                yield Citation(place, f"docs/{match['folder']}/{match['page']}.md", match["heading"])


def faults(root: Path = ROOT) -> list[str]:
    """One line for each citation or link that leads nowhere, and for each name of an absent document."""
    found = [fault for one in citations(root) if (fault := _fault(root, one)) is not None]
    for file in _files(root):
        for line, text in _prose(file):
            for match in _ABSENT.finditer(text):
                place = f"{file.relative_to(root).as_posix()}:{line + text.count(chr(10), 0, match.start())}"
                found.append(f"{place}: {match[0]} is no document of this repository")
        if file.suffix == ".md":
            found += _broken_links(root, file)
    return found


@cache
def headings(page: Path) -> frozenset[str]:
    """The headings of a page, without their marks."""
    text = re.sub(r"^```.*?^```", "", page.read_text(encoding="utf-8"), flags=re.MULTILINE | re.DOTALL)
    return frozenset(re.findall(r"^#{1,6} +(.+?) *$", text, re.MULTILINE))


def _fault(root: Path, citation: Citation) -> str | None:
    page = root / citation.target
    if not page.is_file():
        return f"{citation.place}: {citation.target} does not exist"
    if citation.heading is None:
        is_whole = citation.target.startswith("docs/decisions/")  # a decision is one subject
        return None if is_whole else f"{citation.place}: {citation.target} is named without a heading on the same line"
    if citation.heading not in headings(page):
        return f"{citation.place}: {citation.target} has no heading *{citation.heading}*"
    return None


def _broken_links(root: Path, file: Path) -> Iterator[str]:
    for match in _LINK.finditer(file.read_text(encoding="utf-8")):
        page = file if match["target"] is None else file.parent / match["target"]
        if page.is_file() and match["anchor"] not in {_anchor(heading) for heading in headings(page)}:
            yield f"{file.relative_to(root).as_posix()}: {match['target'] or file.name} has no #{match['anchor']}"


def _anchor(heading: str) -> str:
    """As GitHub makes it."""
    return re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")


def _files(root: Path) -> list[Path]:
    inside = (file for place in PLACES for file in (root / place).rglob("*"))
    kinds = HASH | WHOLE | {".py", ".md", ".sql"}
    return sorted(
        file
        for file in (*inside, *(root / name for name in SINGLE))
        if file.is_file() and file.suffix in kinds and not {"__pycache__", "node_modules"} & set(file.parts)
    )


def _prose(file: Path) -> Iterator[tuple[int, str]]:
    """What is written for readers in a file: first line and text of each piece."""
    text = file.read_text(encoding="utf-8", errors="replace")
    if _CITED.search(text) is None and _ABSENT.search(text) is None:
        return
    if file.suffix == ".py":
        yield from _python(text)
    elif file.suffix == ".md":
        yield 1, _CODE.sub(lambda match: "\n" * match[0].count("\n"), text)
    elif file.suffix in WHOLE:
        yield 1, text
    else:
        mark = "--" if file.suffix == ".sql" else "#"
        for number, line in enumerate(text.splitlines(), start=1):
            yield number, line.partition(mark)[2]


def _python(text: str) -> Iterator[tuple[int, str]]:
    """Comments, and strings that stand as statements: docstrings of modules, classes, functions and fields."""
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        if token.type == tokenize.COMMENT:
            yield token.start[0], token.string
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str):
            yield node.lineno, node.value.value


def main() -> int:
    """Print the faults; 1 where there is one."""
    found = faults()
    for line in found:
        sys.stdout.write(f"{line}\n")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
