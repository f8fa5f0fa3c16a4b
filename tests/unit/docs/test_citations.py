"""What comments, docstrings and pages cite exists, by file and heading; decisions and pages are complete and listed."""

import re
from pathlib import Path

import pytest

from tools.citations import citations, faults

DOCS = Path("docs")
DECISIONS = sorted((DOCS / "decisions").glob("[0-9]*.md"))


def tree(root: Path, name: str, text: str) -> Path:
    """A small repository: one page of rules, and one file that may cite it."""
    page = root / "docs/contracts/events.md"
    page.parent.mkdir(parents=True)
    page.write_text("# Events\n\n## Order\n\n```\n# No heading\n```\n")
    file = root / name
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text)
    return root


@pytest.mark.parametrize(
    ("name", "text", "fault"),
    [
        ("ompycord/a.py", "# docs/contracts/event.md, *Order*\n", ("ompycord/a.py:1: docs/contracts/event.md does not "
            "exist")),
        ("ompycord/a.py", ('"""First.\n\nBy docs/contracts/events.md, '
            '*Ordre*.\n"""\n'), "ompycord/a.py:3: .* no heading"),
        ("ompycord/a.py", "x = 1  # docs/contracts/events.md, *No heading*\n", "no heading"),
        ("tests/a.py", '"""By docs/contracts/events.md,\n*Order*."""\n', "tests/a.py:1: .* without a heading"),
        ("bench/a.py", 'X = 1\n"""PLATFORM: a fact."""\n', "bench/a.py:2: PLATFORM is no document"),
        ("alembic-free-migrations/0001_a.sql", "-- See DESIGN.md.\nSELECT 1;\n", "0001_a.sql:1: DESIGN"),
        ("Makefile", "a: ## As UX says\n", "Makefile:1: UX"),
        (".ci/run", "true # STYLE rule 3\n", ".ci/run:1: STYLE"),
        ("pyproject.toml", "a = 1  # CONTRACTS\n", "pyproject.toml:1: CONTRACTS"),
        ("docs/a.md", "one\n\ntwo, FEATURES O-1\n", "docs/a.md:3: FEATURES"),
        ("docs/reference/a.json", '{"description": "OPERATIONS, *Health*"}\n', "a.json:1: OPERATIONS"),
        ("README.md", "[order](docs/contracts/events.md#orders)\n", ("README.md: docs/contracts/events.md has no "
            "#orders")),
    ],
)  # fmt: skip
def test_what_leads_nowhere_is_named_with_its_place(tmp_path: Path, name: str, text: str, fault: str) -> None:
    [found] = faults(tree(tmp_path, name, text))
    assert re.search(fault, found)


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("ompycord/a.py", "# docs/contracts/events.md, *Order*: and more\n"),
        ("ompycord/a.py", 'FAULTS = "PLATFORM"  # a name and a value cite nothing\n'),
        ("ompycord/a.py", 'sql = "PRAGMA temp_store = MEMORY"\n'),
        ("docs/a.md", "`docs/contracts/NAME.md, *Heading*`, [order](contracts/events.md#order), `GATEWAY`\n"),
    ],
)
def test_what_leads_somewhere_or_cites_nothing_passes(tmp_path: Path, name: str, text: str) -> None:
    assert faults(tree(tmp_path, name, text)) == []


def test_every_citation_of_the_repository_leads_somewhere() -> None:
    assert faults() == []
    assert len(list(citations())) > 120  # else they are not found


@pytest.mark.parametrize("folder", ["contracts", "platform"])
def test_every_page_is_listed(folder: str) -> None:
    pages = {page.name for page in (DOCS / folder).glob("*.md")} - {"README.md"}
    assert pages
    assert pages == set(re.findall(r"\]\(([\w-]+\.md)\)", (DOCS / folder / "README.md").read_text(encoding="utf-8")))


def test_decisions_are_numbered_without_gaps_and_listed_by_their_titles() -> None:
    index = (DOCS / "decisions/README.md").read_text(encoding="utf-8")
    listed = re.findall(r"^\| \[(\d+)\]\((\S+)\) \| (.+) \|$", index, re.MULTILINE)
    written = [
        (
            page.name[:3],
            page.name,
            page.read_text(encoding="utf-8").splitlines()[0].removeprefix(f"# {page.name[:3]} · "),
        )
        for page in DECISIONS
    ]
    assert listed == written
    assert [int(number) for number, _, _ in written] == list(range(1, len(written) + 1))


@pytest.mark.parametrize("page", DECISIONS, ids=str)
def test_a_decision_has_context_decision_and_consequence(page: Path) -> None:
    parts = re.split(r"^## (.+)$", page.read_text(encoding="utf-8"), flags=re.MULTILINE)
    assert parts[1::2] == ["Context", "Decision", "Consequence"]
    assert all(text.strip() for text in parts[2::2])


def test_the_glossary_has_one_line_for_a_word() -> None:
    text = (DOCS / "glossary.md").read_text(encoding="utf-8").partition("## Stored names")[0]
    words = re.findall(r"^\| (.+?) \| .+ \|$", text, re.MULTILINE)[1:]  # below the table's head
    assert len(words) > 80
    assert words == sorted(set(words))
