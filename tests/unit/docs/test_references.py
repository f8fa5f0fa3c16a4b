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


def test_every_how_to_is_listed_once_by_its_title() -> None:
    listed = re.findall(
        r"^- \[(.+)\]\((.+)\)$", Path("docs/how-to/README.md").read_text(encoding="utf-8"), re.MULTILINE
    )
    pages = [page for page in Path("docs/how-to").glob("*.md") if page.name != "README.md"]
    titles = [(page.read_text(encoding="utf-8").partition("\n")[0].removeprefix("# "), page.name) for page in pages]
    assert sorted(listed) == sorted(titles)


def test_the_readme_links_no_page_twice_where_it_says_where_to_go_next() -> None:
    _, _, last = Path("README.md").read_text(encoding="utf-8").partition("## Where next")
    links = re.findall(r"\]\(([^)]+)\)", last)
    assert len(links) == len(set(links)) > 20


def test_no_feature_stands_in_the_list_twice() -> None:
    """Also where one of the two says more: the beginning of what it is tells them apart."""
    rows = re.findall(
        r"^\| ([A-Z]-?[^|]+) \| ([^|]+)", Path("docs/features.md").read_text(encoding="utf-8"), re.MULTILINE
    )
    begins = [text[:30] for _, text in rows]
    assert len(rows) > 100
    assert [text for text in begins if begins.count(text) > 1] == []
