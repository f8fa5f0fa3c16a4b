"""Bodies of known types are strict: a number is a number, an unknown field is refused.

An unknown type is kept as it came.
"""

import pytest
from pydantic import ValidationError

from ompycord.domain import events as ev
from ompycord.domain.folds.fold import fold
from ompycord.domain.ids import RunId, Source


@pytest.mark.parametrize(
    ("type_", "data"),
    [
        ("usage.updated", {"input": "5"}),
        ("usage.updated", {"input": True}),
        ("usage.updated", {"input": -1}),
        ("usage.updated", {"cost_usd": "0.1"}),
        ("tool.finished", {"tool": "x", "ok": 1}),
        ("tool.started", {"tool": "x", "extra": 1}),
        ("tool.started", {"tool": "x", "type": "tool.started"}),
        ("tool.started", {"tool": ""}),
        ("question.asked", {"question": "q", "text": "t", "options": ["x"] * 21}),
        ("run.finished", {"url": "javascript:alert(1)"}),
        ("check.finished", {"check": "x", "status": "green"}),
        ("Not A Type", {}),
    ],
)
def test_a_wrong_body_is_refused(type_: str, data: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        ev.parse_body(type_, data)


@pytest.mark.parametrize(
    ("type_", "data"),
    [
        ("usage.updated", {"input": 5, "cost_usd": 1}),
        ("plan.updated", {"phases": [{"title": "a", "steps": [{"title": "b", "status": "done"}]}]}),
        ("some.future.type", {"anything": [1, {"nested": None}]}),
    ],
)
def test_a_body_comes_out_as_it_went_in(type_: str, data: dict[str, object]) -> None:
    body = ev.parse_body(type_, data)
    assert body.type == type_
    assert ev.dump_data(body) == data


def test_a_body_that_an_earlier_version_stored_before_its_type_was_known_stays_opaque() -> None:
    stored = ev.load_json("message", '{"txt": "of an agent that was ahead of us", "n": [1]}')
    assert isinstance(stored, ev.Opaque)
    assert (stored.type, ev.dump_data(stored)) == ("message", {"txt": "of an agent that was ahead of us", "n": [1]})
    event = ev.RunEvent(run=RunId("0" * 26), source=Source("agent"), seq=1, at=1, body=stored)
    assert fold(event.run, [event]).snapshot().notes == ("message",)


@pytest.mark.parametrize("text", ["[1]", '"text"', "{", "null"])
def test_a_stored_body_that_is_no_object_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        ev.load_json("message", text)
