"""Several drafts of a plan: which one agrees most with the others, and what most of them name."""

from ompycord.domain.reports.plan import Plan, PlannedFile, PlanStep
from ompycord.domain.reports.refinement import DraftPlan, Refinement, agreed_files, closest_draft


def draft(by: str, *paths: str) -> DraftPlan:
    files = tuple(PlannedFile(path=path, change="modify") for path in paths)
    return DraftPlan(by=by, plan=Plan(summary="s", steps=(PlanStep(title="t"),), files=files))


def test_the_draft_that_agrees_most_is_the_closest_and_of_equals_the_first() -> None:
    odd, both, one = draft("odd", "z.py"), draft("both", "a.py", "b.py"), draft("one", "a.py")
    assert closest_draft([odd, both, one]) == 1
    assert closest_draft([odd, one, both]) == 1
    assert closest_draft([odd]) == 0
    assert closest_draft([odd, draft("else", "y.py")]) == 0


def test_files_are_agreed_where_more_than_half_of_the_drafts_name_them() -> None:
    drafts = (draft("1", "a.py", "b.py"), draft("2", "a.py"), draft("3", "a.py", "b.py"), draft("4", "c.py"))
    assert agreed_files([one.plan for one in drafts]) == ("a.py",)
    assert Refinement(drafts=drafts[:3]).agreed == ("a.py", "b.py")
