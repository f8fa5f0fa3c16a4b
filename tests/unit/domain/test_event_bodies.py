"""Bodies of known types are strict: a number is a number, an unknown field is refused.

An unknown type is kept as it came.
"""

import pytest
from pydantic import ValidationError

from ompycord.domain import events as ev


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
