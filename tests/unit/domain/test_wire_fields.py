"""What only Ompycord fills in is refused from everybody else, wherever events come in."""

import pytest
from pydantic import ValidationError

from ompycord.dialects.jsonl import Refusal, parse_line
from ompycord.domain.events import ApprovalRequested, dump_json, load_json, parse_body
from ompycord.http.problems import Problem
from ompycord.webhook.envelope import Item, read_body

OWN: dict[str, object] = {"edits": ["a.py"], "tool": "Edit", "call": "a" * 64}


@pytest.mark.parametrize("field", OWN)
def test_an_agent_cannot_say_what_permission_for_its_request_would_cover(field: str) -> None:
    data = {"approval": "a", "title": "Edit it", field: OWN[field]}
    with pytest.raises(ValidationError, match="extra_forbidden"):
        parse_body("approval.requested", data)
    with pytest.raises(Problem) as refused:
        read_body(Item(type="approval.requested", data=data))
    assert refused.value.errors == [(f"/data/{field}", "extra_forbidden")]
    line = parse_line('{"type": "approval.requested", "data": {"approval": "a", "title": "x", "edits": []}}')
    assert isinstance(line, Refusal)


def test_an_agent_can_say_that_its_request_is_not_whole() -> None:
    body = parse_body("approval.requested", {"approval": "a", "title": "x", "whole": False, "only_once": True})
    assert body == ApprovalRequested(approval="a", title="x", whole=False, only_once=True)


def test_the_log_keeps_what_we_filled_in() -> None:
    body = ApprovalRequested(approval="a", title="x", call="a" * 64, edits=("a.py",), tool="Edit")
    text = dump_json(body)
    assert text is not None
    assert load_json("approval.requested", text) == body
