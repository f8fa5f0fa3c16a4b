"""A fact that is declared for a place is shown there, by views that do not know its name."""

import json
from typing import Any

import pytest
from typer.testing import CliRunner

from ompycord.bot.interactions.reply_texts import run_line
from ompycord.cli import runs as cli_runs
from ompycord.cli.commands import application
from ompycord.domain.run import RunKind, RunRecord, RunState
from ompycord.render import run_view
from ompycord.render.board import BoardRow, board_message
from ompycord.render.cards.card import render
from ompycord.render.cards.textform import text_form
from ompycord.render.run_view import RUN_FACTS, Place, RunFact, RunView, facts_at, shown_facts
from ompycord.render.sanitizer import Sanitizer
from tests.support.payloads import plain_sign, texts
from tests.support.states import NOON, hosted, render_context

MODEL = "gpt-5*"
"""It holds what Discord would read as markup."""
SHOWN = "gpt-5\\*"
RUN = hosted(RunState.BUILDING, model=MODEL)
ROW = RunRecord(
    id=RUN.run, kind=RunKind.HOSTED, task=None, agent="codex", state=RunState.BUILDING, created_at=NOON, updated_at=NOON
)
SANITIZER = Sanitizer(str)


@pytest.fixture
def shown_at(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Declare the run's model for some places; without `agent` as its name it has no field of `RunView`."""

    def declare(*places: Place, name: str = "model") -> None:
        fact = RunFact(
            name=name, label="Model", of=lambda run: run.model, text="on {}".format, places=frozenset(places)
        )
        monkeypatch.setattr(run_view, "RUN_FACTS", (*RUN_FACTS, fact))

    return declare


def card() -> str:
    return "\n".join(texts(render(RUN, render_context(), sign=plain_sign, redact=str)))


def board() -> str:
    row = BoardRow(snapshot=RUN, render_context=render_context())
    return "\n".join(texts(board_message([row], sign=plain_sign, redact=str)))


def head() -> str:
    return "\n".join(text_form(RUN, render_context(), redact=str, part="people").splitlines()[:4])


def listed() -> str:
    return run_line(ROW, "T", "Working", None, SANITIZER, facts=shown_facts(RUN, Place.LIST, SANITIZER))


VIEWS = {Place.CARD: card, Place.BOARD: board, Place.LIST: listed, Place.HEAD: head}


@pytest.mark.parametrize("place", VIEWS)
def test_a_fact_is_shown_where_it_is_declared_and_nowhere_else(place: Place, shown_at: Any) -> None:
    shown_at(place)
    for where, view in VIEWS.items():
        wanted = f"on {MODEL if where is Place.HEAD else SHOWN}"  # the head is text for a code block, as it is
        assert (wanted in view()) == (where is place), (where, view())


def test_the_card_names_the_fact(shown_at: Any) -> None:
    shown_at(Place.CARD)
    assert f"Model: on {SHOWN}" in card()


def test_what_is_not_known_is_shown_nowhere(shown_at: Any) -> None:
    shown_at(*VIEWS)
    without = RUN.model_copy(update={"model": None})
    for place in VIEWS:
        assert not any("on " in text for text in shown_facts(without, place, SANITIZER)), place


def test_zero_is_known() -> None:
    fact = RunFact(name="n", label="N", of=lambda run: run.files_total, places=frozenset())
    assert [fact.words(value) for value in (0, "", None, 2)] == ["0", "", "", "2"]


@pytest.mark.parametrize("place", [Place.TABLE, Place.PROGRAMS])
def test_programs_get_a_fact_in_the_field_of_its_name(place: Place, shown_at: Any) -> None:
    shown_at(place, name="agent")
    assert RunView.of(ROW).agent == "codex"
    assert RunView.of(ROW, RUN).agent == MODEL


def test_a_fact_of_cards_alone_does_not_replace_a_field_of_the_row(shown_at: Any) -> None:
    shown_at(Place.CARD, name="agent")
    assert RunView.of(ROW, RUN).agent == "codex"


def test_the_command_lines_table_and_its_one_run_have_the_fact(shown_at: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    shown_at(Place.TABLE, name="agent")
    row = {"run": "f3k2z", "outcome": None, **json.loads(RunView.of(ROW, RUN).model_dump_json())}
    older = {name: value for name, value in row.items() if name != "updated_at"} | {"agent": None}

    def answer(data_dir: object, operation: str, arguments: dict[str, Any]) -> Any:
        one: dict[str, Any] = {"prompt": None, "events": [], "events_total": 0}
        return {"runs.list": [row, older], "runs.show": {**row, **one}}[operation]

    monkeypatch.setattr(cli_runs, "perform_here", answer)
    listed = CliRunner().invoke(application, ["runs"]).output.splitlines()
    assert listed[0].split() == ["RUN", "STATUS", "TITLE", "MODEL", "REPOSITORY", "AGENT", "SINCE"]
    assert f"on {MODEL}" in listed[1]
    assert "on " not in listed[2]
    assert f"model       on {MODEL}\n" in CliRunner().invoke(application, ["runs", "f3k2z"]).output


def test_every_fact_has_a_name_of_its_own_at_each_place() -> None:
    for place in Place:
        names = [fact.name for fact in facts_at(place)]
        assert len(names) == len(set(names)), place
