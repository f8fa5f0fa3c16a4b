"""A repository's history as questions: commits are what is remembered, entries of the changelog what is asked; pure.

People wrote both, apart from each other. The right answers to an entry are the commits that name the same issue, or,
where a project names none, the commit with which the entry came.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

import regex

__all__ = ["COMMITS_FORMAT", "History", "HistoryItem", "HistoryQuestion", "commits_of", "history_of", "is_changelog"]

COMMITS_FORMAT: Final = "%x1e%H%x1f%s%x1f%b%x1f"
"""Of `git log --name-only`: what `commits_of` reads."""
_RECORD, _FIELD = "\x1e", "\x1f"
_ISSUE: Final = regex.compile(r"(?<![\w/])(?:#|gh-|:(?:issue|pr|pull|user)?:?`#?)(\d{1,6})\b", regex.IGNORECASE)
_NUMBERS: Final = regex.compile(r"\(?:?\w*:?`?#?\d+`?_*\)?|`https?://\S+`_?|https?://\S+")
_BULLET: Final = regex.compile(r"^(\s{0,3})(?:[-*•]|\.\.)\s+(\S.*)$")
_CHANGELOG: Final = regex.compile(
    r"(?:^|/)(?:change(?:s|log)|history|news|release[-_ ]?notes)[^/]*$",
    regex.IGNORECASE,
)
_SHORTEST: Final = 25
"""Characters of an entry that asks anything."""
_FEWEST_NAMED: Final = 30
_MOST_ANSWERS: Final = 20


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
    questions = [
        HistoryQuestion(text, frozenset({commit}))
        for commit, lines in added
        if commit in known
        for text in _entries(lines)
    ]
    return History(tuple(items), tuple(questions))


def _named(items: Sequence[HistoryItem], changelog: str) -> Iterator[HistoryQuestion]:
    by_issue: dict[str, set[str]] = {}
    for item in items:
        for number in _ISSUE.findall(f"{item.title}\n{item.body}"):
            by_issue.setdefault(number, set()).add(item.id)
    for entry in _entries(changelog, keep_numbers=True):
        answers = {commit for number in _ISSUE.findall(entry) for commit in by_issue.get(number, ())}
        text = _without_numbers(entry)
        if 0 < len(answers) <= _MOST_ANSWERS and len(text) >= _SHORTEST:
            yield HistoryQuestion(text, frozenset(answers))


def _entries(text: str, *, keep_numbers: bool = False) -> Iterator[str]:
    """The entries of a changelog, each on one line."""
    entry: list[str] = []
    for line in (*text.splitlines(), "- "):
        bullet = _BULLET.match(line)
        is_end = bullet is not None or not line.strip() or line.startswith("#") or line.strip() == "-"
        if is_end and entry:
            whole = " ".join(entry)
            shown = whole if keep_numbers else _without_numbers(whole)
            if len(shown) >= _SHORTEST:
                yield shown
            entry = []
        if bullet is not None:
            entry = [bullet[2].strip()]
        elif entry and line[:1].isspace():
            entry.append(line.strip())
    return


def _without_numbers(text: str) -> str:
    """Without the names of issues, which would give the answer away."""
    return " ".join(_NUMBERS.sub(" ", text).split())
