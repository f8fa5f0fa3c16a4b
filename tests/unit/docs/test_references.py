"""The reference pages say what the code says; links lead somewhere; the list of features names tests that exist."""

import re
from pathlib import Path

import pytest

from tools.references import FOLDER, PAGES

PAGES_OF_PEOPLE = sorted([*Path("docs").rglob("*.md"), *Path().glob("*.md"), *Path(".github").glob("*.md")])


@pytest.mark.parametrize("name", sorted(PAGES))
def test_a_reference_page_says_what_the_code_says(name: str) -> None:
    assert (FOLDER / name).read_text(encoding="utf-8") == PAGES[name](), "run: python -m tools.references"


@pytest.mark.parametrize("page", PAGES_OF_PEOPLE, ids=str)
def test_every_link_within_the_project_leads_somewhere(page: Path) -> None:
    for target in re.findall(r"\]\(([^)#\s]+)", page.read_text(encoding="utf-8")):
        if not target.startswith(("http://", "https://", "../../actions/")):  # the forge's own page of the workflow
            assert (page.parent / target).exists(), target


def test_every_test_that_the_features_name_exists() -> None:
    named = re.findall(r"`((?:tests/|\.ci/|\.github/)[^`]+)`", Path("docs/features.md").read_text(encoding="utf-8"))
    assert named
    assert [name for name in named if not Path(name).exists()] == []
