"""A repository's history as questions: commits are what is remembered, entries of the changelog what is asked; pure.

People wrote both, apart from each other. The right answers to an entry are the commits that name the same issue, or,
where a project names none, the commit with which the entry came.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple

import regex

__all__ = ["COMMITS_FORMAT", "History", "HistoryItem", "HistoryQuestion", "commits_of", "history_of", "is_changelog"]

COMMITS_FORMAT: Final = "%x1e%H%x1f%s%x1f%b%x1f"
"""Of `git log --name-only`: what `commits_of` reads."""
_RECORD, _FIELD = "\x1e", "\x1f"
_ISSUE: Final = regex.compile(r"(?<![\w/])(?:#|gh-|:(?:issue|pr|pull|user)?:?`#?)(\d{1,6})\b", regex.IGNORECASE)
_NUMBERS: Final = regex.compile(r":[a-z]+:`[^`]*+`_*|\(?(?:#|gh-)\d+`?_*\)?|`?https?://\S++|\(\d++\)", regex.IGNORECASE)
_BULLET: Final = regex.compile(r"^(\s{0,3})(?:[-*•]|\.\.)\s+(\S.*)$")
_CHANGELOG: Final = regex.compile(
    r"(?:^|/)(?:change(?:s|log)|history|news|release[-_ ]?notes)[^/]*$",
    regex.IGNORECASE,
)
_SHORTEST: Final = 25
"""Characters of an entry that asks anything."""
_FEWEST_NAMED: Final = 30
_MOST_ANSWERS: Final = 20
_MOST_OF_A_COMMIT: Final = 5


@dataclass(frozen=True, slots=True)
class HistoryItem:
    """A commit: what is remembered of it."""

    id: str
    title: str
    body: str
    paths: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class HistoryQuestion:
    """An entry of the changelog, and the commits that answer it."""

    text: str
    answers: frozenset[str]


@dataclass(frozen=True, slots=True)
class History:
    """What a repository remembers and asks."""

    items: tuple[HistoryItem, ...]
    questions: tuple[HistoryQuestion, ...]


def is_changelog(path: str) -> bool:
    """Whether a path is called as changelogs are."""
    return _CHANGELOG.search(path) is not None


def commits_of(log: str) -> list[HistoryItem]:
    """The commits in git's words, in their order."""
    found: list[HistoryItem] = []
    for record in log.split(_RECORD)[1:]:
        commit, title, body, names = record.split(_FIELD, 3)
        paths = tuple(line for line in names.splitlines() if line)
        found.append(HistoryItem(commit, title.strip(), body.strip(), paths))
    return found


def history_of(items: Sequence[HistoryItem], changelog: str, added: Iterable[tuple[str, str]]) -> History:
    """The questions about these commits.

    `changelog` is the file as it is now; `added` are pairs of a commit and the lines that it added to the file.
    """
    named = tuple(_named(items, changelog))
    if len(named) >= _FEWEST_NAMED:
        return History(tuple(items), named)
    known = {item.id for item in items}
    questions = (one for commit, lines in added if commit in known for one in _of_commit(commit, lines))
    return History(tuple(items), tuple(questions))


def _named(items: Sequence[HistoryItem], changelog: str) -> Iterator[HistoryQuestion]:
    by_issue: dict[str, set[str]] = {}
    for item in items:
        for number in _ISSUE.findall(f"{item.title}\n{item.body}"):
            by_issue.setdefault(number, set()).add(item.id)
    for entry in _entries(changelog):
        answers = {commit for number in _ISSUE.findall(entry.whole) for commit in by_issue.get(number, ())}
        if 0 < len(answers) <= _MOST_ANSWERS and entry.is_telling:
            yield HistoryQuestion(entry.text, frozenset(answers))


def _of_commit(commit: str, lines: str) -> Iterator[HistoryQuestion]:
    """Entries that came with a commit. One that adds many is a release, which answers none of them."""
    found = [entry for entry in _entries(lines) if entry.is_telling]
    if len(found) <= _MOST_OF_A_COMMIT:
        yield from (HistoryQuestion(entry.text, frozenset({commit})) for entry in found)


class _Entry(NamedTuple):
    """An entry of a changelog: its first paragraph without the names of issues, and all of it."""

    text: str
    whole: str

    @property
    def is_telling(self) -> bool:
        return len(self.text) >= _SHORTEST


def _entries(text: str) -> Iterator[_Entry]:
    """The entries, each with the paragraphs that are indented below it."""
    paragraphs: list[list[str]] = []
    for line in (*text.splitlines(), "end"):
        bullet = _BULLET.match(line)
        if paragraphs and (bullet is not None or (line.strip() and not line[0].isspace())):
            first, whole = " ".join(paragraphs[0]), " ".join(part for lines in paragraphs for part in lines)
            # The names of issues would give the answer away.
            yield _Entry(" ".join(_NUMBERS.sub(" ", first).split()), whole)
            paragraphs = []
        if bullet is not None:
            paragraphs = [[bullet[2].strip()]]
        elif paragraphs and not line.strip():
            paragraphs.append([])
        elif paragraphs:
            paragraphs[-1].append(line.strip())
