"""What models are told about plans: everything that they need, as quotes, and templates whose change is seen."""

from ompycord.dialects.prompts.refinement_text import CRITIQUE, DRAFT, FINAL, critique_text, draft_text, final_text
from ompycord.domain.reports.findings import ReviewFinding, ReviewReport
from tests.unit.domain.test_refinement import draft


def test_the_task_the_paths_the_checks_and_the_files_are_in_it_and_many_paths_are_counted() -> None:
    paths = [f"p{number:04}.py" for number in range(700)]
    text = draft_text(("Fix it.", "Done when: green"), ("unit",), paths, {"p0001.py": "x = 1\n"})
    for words in (
        "> Fix it.",
        "> Done when: green",
        "Its checks: unit.",
        "p0599.py",
        "[100 more]",
        "p0001.py:\n> x = 1",
    ):
        assert words in text
    assert "p0600.py" not in text


def test_critique_and_final_have_the_drafts_and_where_they_agree() -> None:
    drafts = [draft("1", "a.py"), draft("2", "a.py", "b.py")]
    text = critique_text("about", drafts)
    assert "Draft 2:" in text
    assert "Files that most drafts name: a.py." in text
    report = ReviewReport(summary="Good.", findings=(ReviewFinding(severity="remark", title="No test."),))
    final = final_text("about", drafts[:1], report)
    assert "The plan:" in final
    assert "No test." in final
    assert "Draft" not in final


def test_each_template_has_an_id_of_its_own_and_a_hash_of_its_text() -> None:
    assert len({one.id for one in (DRAFT, CRITIQUE, FINAL)}) == 3
    changed = DRAFT.model_copy(update={"text": f"{DRAFT.text} "})
    assert (len(DRAFT.hash), DRAFT.hash == changed.hash) == (16, False)
