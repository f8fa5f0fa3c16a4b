"""*Allow for this run* never covers another command, path or class: ten thousand generated pairs."""

import random

import pytest

from ompycord.dialects.requests.tool_approval import RequestedCall, request_approval
from ompycord.domain.events import ApprovalRequested
from ompycord.domain.folds.shown_requests import shown_hash
from ompycord.domain.folds.snapshot import permission_of
from ompycord.domain.risk.classes import RiskClass
from ompycord.domain.risk.standing import can_stand

WORDS = ("git", "push", "log", "-p", "*", "a?", "[a]", "rm", "-rf", "src", ";", "'x y'", "--all", "$X", "npm", "test")
PATHS = ("a.py", "src/a.py", "./a.py", "../a.py", "/etc/a.py", "build/a", ".git/config", ".env", "A.py")
TOOLS = ("Bash", "Edit", "Write", "Read", "bash")


def some_call(chance: random.Random) -> RequestedCall:
    tool = chance.choice(TOOLS)
    if tool in {"Bash", "bash"}:
        command = chance.choice((" ", "  ", "\n")).join(chance.choices(WORDS, k=chance.randint(1, 4)))
        return RequestedCall(tool=tool, arguments={"command": command})
    text = {"content": chance.choice("xy")} if tool != "Read" else {}
    return RequestedCall(tool=tool, arguments={"file_path": chance.choice(PATHS), **text}, is_edit=tool != "Read")


def asked(call: RequestedCall) -> ApprovalRequested:
    return request_approval("1", call, title=call.tool, root="/run/clone")


def may_share(first: RequestedCall, second: RequestedCall, one: ApprovalRequested, other: ApprovalRequested) -> bool:
    """The very same call; or edits of the same file in the clone by the same tool, whatever they write there."""
    if one.edits and other.edits:
        return (one.edits, first.tool, one.risk_class) == (other.edits, second.tool, other.risk_class)
    return first == second


@pytest.mark.parametrize("pairs", [500, pytest.param(10_000, marks=pytest.mark.long)])
def test_no_pair_of_different_calls_shares_a_permission(pairs: int) -> None:
    chance = random.Random(18)
    same = 0
    for _ in range(pairs):
        first, second = some_call(chance), some_call(chance)
        one, other = asked(first), asked(second)
        shared = permission_of(one) is not None and permission_of(one) == permission_of(other)
        assert shared == may_share(first, second, one, other), (first, second)
        same += shared
    assert same  # the pairs are not all different


@pytest.mark.parametrize("pairs", [500, pytest.param(10_000, marks=pytest.mark.long)])
def test_no_pair_of_different_calls_shares_a_permission_for_a_day(pairs: int) -> None:
    chance = random.Random(19)
    same = 0
    for _ in range(pairs):
        first, second = some_call(chance), some_call(chance)
        one, other = asked(first), asked(second)
        shared = can_stand(one) and can_stand(other) and shown_hash(one) == shown_hash(other)
        assert not shared or first == second, (first, second)
        assert not shared or RiskClass.named(one.risk_class or "danger") not in {RiskClass.SECRET, RiskClass.DANGER}
        same += shared
    assert same
