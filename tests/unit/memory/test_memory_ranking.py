"""Which items come first: fit, place, trust; repeats once, contradictions beside each other, what is stale last."""

from ompycord.domain.ids import RunId, new_ulid
from ompycord.domain.memory.items import (
    FoundItem,
    MemoryCounts,
    MemoryItem,
    MemoryKind,
    MemoryOrigin,
    MemoryPlace,
    MemoryStatus,
)
from ompycord.memory.ranking import distinct, ranked
from ompycord.memory.recall import is_withheld

PLACE = MemoryPlace(guild="1", repository="shop", channel="7")


def item(number: int, title: str, **changes: object) -> MemoryItem:
    fields: dict[str, object] = {
        "kind": MemoryKind.LESSON,
        "title": title,
        "id": new_ulid(now_ms=number, entropy=bytes(10)),
        "guild": "1",
        "repository": "shop",
        "origin": MemoryOrigin.PERSON,
        "status": MemoryStatus.ACTIVE,
        "created_at": number,
    }
    return MemoryItem.model_validate({**fields, **changes})


def found(*items: MemoryItem | FoundItem) -> list[FoundItem]:
    """In the order in which their words fit."""
    made = [one if isinstance(one, FoundItem) else FoundItem(item=one) for one in items]
    return [one.model_copy(update={"score": -10.0 + place}) for place, one in enumerate(made)]


def titles(*items: MemoryItem | FoundItem, **more: object) -> list[str]:
    return [one.item.title for one in ranked(found(*items), PLACE, **more)]  # pyright: ignore[reportArgumentType]


def test_the_better_fit_comes_first_where_all_else_is_equal() -> None:
    assert titles(item(1, "a"), item(2, "b"), item(3, "c")) == ["a", "b", "c"]


def test_the_same_repository_comes_before_the_server_and_the_same_file_before_both() -> None:
    server = item(1, "server", repository=None)
    repository, file = item(2, "repository"), item(3, "file", paths=("src/a.py",))
    assert titles(server, repository, file, paths={"src/a.py"}) == ["file", "repository", "server"]
    assert titles(server, repository, file, paths={"other/a.py", "a.py"}) == ["repository", "file", "server"]


def test_what_helped_comes_before_what_fits_a_little_better_and_what_harmed_after() -> None:
    helped = FoundItem(item=item(2, "helped"), counts=MemoryCounts(helpful=3))
    harmed = FoundItem(item=item(1, "harmed"), counts=MemoryCounts(harmful=3))
    assert titles(harmed, item(3, "new"), helped) == ["helped", "new", "harmed"]


def test_recency_breaks_ties_of_run_summaries_alone() -> None:
    runs = [FoundItem(item=item(n, f"run {n}", kind=MemoryKind.RUN_SUMMARY), score=-3.0) for n in (1, 2, 3)]
    assert [one.item.title for one in ranked(runs, PLACE)] == ["run 3", "run 2", "run 1"]
    lessons = [FoundItem(item=item(n, f"lesson {n}"), score=-3.0) for n in (3, 1, 2)]
    assert [one.item.title for one in ranked(lessons, PLACE)] == ["lesson 1", "lesson 2", "lesson 3"]


def test_what_is_about_files_that_are_gone_is_marked_and_comes_last() -> None:
    gone, there = item(1, "gone", paths=("src/a.py",)), item(2, "there", paths=("src/b.py", "src/a.py"))
    best = ranked(found(gone, there, item(3, "no file")), PLACE, present={"src/b.py"})
    assert [(one.item.title, one.is_stale) for one in best] == [("there", False), ("no file", False), ("gone", True)]


def test_of_five_that_say_the_same_one_is_kept_and_the_one_that_denies_it() -> None:
    same = [
        "Round the discount before the tax is added",
        "The discount must be rounded before tax is added",
        "Always round discounts before adding tax",
        "Before tax is added, round the discount",
        "Rounding of the discount comes before adding the tax",
    ]
    contrary = "Never round the discount before the tax is added"
    items = ranked(found(*(item(n, text) for n, text in enumerate([*same[:3], contrary, *same[3:]], 1))), PLACE)
    assert [one.item.title for one in distinct(items)] == [same[0], contrary]


def test_another_number_is_no_repeat() -> None:
    items = ranked(found(item(1, "Retry the upload 3 times"), item(2, "Retry the upload 5 times")), PLACE)
    assert len(distinct(items)) == 2


def test_a_tenth_of_the_runs_is_withheld_and_always_the_same() -> None:
    runs = [RunId(new_ulid(now_ms=n, entropy=n.to_bytes(10))) for n in range(5000)]
    held = [is_withheld(run, 0.1) for run in runs]
    assert 400 < sum(held) < 600
    assert held == [is_withheld(run, 0.1) for run in runs]
    assert not any(is_withheld(run, 0.0) for run in runs)
