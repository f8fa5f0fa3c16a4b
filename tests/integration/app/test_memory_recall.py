"""How well things are found: on this project's own history and on two made ones, beside a plain search of the same run.

The words of a history are those of people; in the made ones what is asked and what is remembered have other forms of
the same words, as a task and a lesson have.
"""

from pathlib import Path
from typing import Any

import pytest

from ompycord.app.remembering.evaluation import measured, read_history
from ompycord.errors import RefusedInWords
from ompycord.memory.measuring.histories import (
    History,
    HistoryItem,
    HistoryQuestion,
    commits_of,
    history_of,
    is_changelog,
)

ROOT = Path(__file__).parents[3]
UNTIL = "e97e2022437326de774a774c94f4f74ead1ddda5"
"""The last commit that counts, so that tomorrow's history asks the same."""
GAIN = 2.5
"""Points of recall at 5 over the plain search, at least."""


async def own(commits: int) -> dict[str, Any]:
    try:
        return await measured(await read_history(ROOT, commits, UNTIL))
    except RefusedInWords as refused:
        pytest.skip(f"the history of this repository is not here: {refused}")


@pytest.mark.parametrize("commits", [150, pytest.param(2000, marks=pytest.mark.long)])
async def test_the_projects_own_history_is_found_better_than_by_a_plain_search(commits: int) -> None:
    found = await own(commits)
    assert found["questions"] >= 20
    assert found["recall_gain_points"] >= GAIN


def made(changes: list[tuple[str, str, str]]) -> History:
    """A title, a file and a question each."""
    items = tuple(HistoryItem(f"{n:040x}", title, "", (path,)) for n, (title, path, _) in enumerate(changes))
    asked = tuple(HistoryQuestion(text, frozenset({f"{n:040x}"})) for n, (_, _, text) in enumerate(changes))
    return History(items, asked)


ENGLISH = [
    (f"{thing}: {did} {what}", f"shop/{thing.replace(' ', '_')}.py", f"{asks} of {whats} in the {thing}s page")
    for thing in ("cart", "invoice", "refund", "parcel", "coupon", "address")
    for did, what, asks, whats in (
        ("applyDiscount rounds", "totals", "wrongly rounded discount", "a total"),
        ("loadSession retries", "failures", "retrying after a failed session", "loads"),
        ("renderTable sorts", "columns", "sorting by a column", "tables"),
        ("importFile skips", "duplicates", "duplicated entries when importing", "files"),
        ("exportReport groups", "currencies", "grouping by currency in exported", "reports"),
    )
]
JAPANESE = [
    (f"{thing}の{what}", f"shop/{n}_{m}.py", f"{what[:2]}の問題、{thing[:2]}について")
    for n, thing in enumerate(("請求書", "返品処理", "在庫数", "会員登録", "配送先"))
    for m, what in enumerate(("合計金額を修正", "失敗時に再試行", "並び順を変更", "重複を除外", "通貨別に集計"))
]


@pytest.mark.parametrize("changes", [ENGLISH, JAPANESE], ids=["english", "japanese"])
async def test_other_forms_of_the_same_words_are_found(changes: list[tuple[str, str, str]]) -> None:
    found = await measured(made(changes))
    assert found["recall_at_5"] >= 0.9
    assert found["recall_gain_points"] >= GAIN


def test_an_entry_asks_for_the_commits_that_name_its_issue() -> None:
    log = "".join(f"\x1e{n:040x}\x1fFix a thing (#{n + 100})\x1fBody of {n}\x1f\n\nsrc/a{n}.py\n" for n in range(40))
    items = commits_of(log)
    assert (items[1].title, items[1].paths) == ("Fix a thing (#101)", ("src/a1.py",))
    entries = "".join(
        f"- The thing number {n} is fixed at last\n  for everyone.\n\n  *Related:*\n  :issue:`{n + 100}`.\n\n"
        for n in range(40)
    )
    history = history_of(items, f"Changelog\n=========\n\n{entries}", ())
    assert len(history.questions) == 40
    assert history.questions[3].text == "The thing number 3 is fixed at last for everyone."
    assert history.questions[3].answers == {items[3].id}


def test_without_issues_an_entry_asks_for_its_commit_but_not_for_a_release() -> None:
    items = [HistoryItem(str(n), "x", "", ()) for n in range(3)]
    one = "- Prices are shown with their currency now\n"
    history = history_of(items, "", [("0", one), ("1", one * 6), ("9", one)])
    assert [question.answers for question in history.questions] == [{"0"}]


@pytest.mark.parametrize(
    ("path", "is_one"),
    [
        ("CHANGELOG.md", True),
        ("docs/news.rst", True),
        ("CHANGES.rst", True),
        ("src/change.py", False),
        ("history/x.py", False),
    ],
)
def test_changelogs_are_known_by_their_name(path: str, is_one: bool) -> None:
    assert is_changelog(path) is is_one
