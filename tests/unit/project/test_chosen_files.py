"""Which files a run of marked tests leaves out. Marks stand in braces here, so that this file names none itself."""

from pathlib import Path

import pytest

from tests.support.chosen_files import nothing_is_chosen, rare_marks_of

ALL = ("soak", "examples", "long", "clients")
NONE: frozenset[str] = frozenset()
USUAL = "not soak and not long"


@pytest.mark.parametrize(
    ("expression", "marks"),
    [
        ("soak", {"soak"}),
        ("examples", {"examples"}),
        ("agents", {"agents"}),
        ("long and not soak", {"long", "chromium", "clients", "agents"}),
        ("(long and not soak) or examples", {"long", "chromium", "clients", "agents", "examples"}),
        (USUAL, NONE),
        ("shared", NONE),
        ("long or shared", NONE),
        ("not agents", NONE),
        ("", NONE),
    ],
)
def test_an_expression_says_of_which_marks_a_test_must_have_one(expression: str, marks: set[str]) -> None:
    assert rare_marks_of(expression) == marks


@pytest.mark.parametrize(
    ("text", "left_out_of"),
    [
        ("def test_one(): ...\n", {*ALL}),
        ("@pytest.mark.{long}\ndef test_one(): ...\n", {"soak", "examples", "clients"}),
        (
            "pytestmark = [\n    pytest.mark.{e2e},\n    pytest.mark.{long},\n]\n",
            {"soak", "examples", "clients", USUAL},
        ),
        ("pytestmark = pytest.mark.{clients}\n", {"soak", "examples", USUAL}),
        ("@pytest.mark.{soak}\ndef test_one(): ...\n", {"long", "examples", "clients"}),
        ("@pytest.mark.{longer}\ndef test_one(): ...\n", {*ALL}),
    ],
)
def test_a_file_is_left_out_where_its_text_says_that_nothing_is_chosen(
    tmp_path: Path, text: str, left_out_of: set[str]
) -> None:
    file = tmp_path / "test_it.py"
    file.write_text(text.replace("{", "").replace("}", ""))
    assert {
        one for one in ("soak", "examples", "long", "clients", USUAL) if nothing_is_chosen(file, one)
    } == left_out_of
