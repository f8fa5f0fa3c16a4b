"""No body makes the playground fail: each part of a rich request is replaced by what does not belong there."""

import copy
from collections.abc import Iterator
from typing import Any, cast

import pytest

from tests.integration.playground.test_playground_rules_channels import KINDS
from tests.integration.playground.test_playground_rules_commands import COMMANDS, FULL
from tests.integration.playground.test_playground_rules_components import ALL_KINDS
from tests.integration.playground.test_playground_rules_messages import POLL
from tests.support.playground import Playground
from tests.support.playground_rules import MESSAGES, Setting

ODD: tuple[Any, ...] = (None, 0, -1, 1.5, True, "", "x", [], {}, [None], ["x"], [{}], {"x": 1}, 1 << 70)
MESSAGE = {"content": "x", "poll": POLL, "message_reference": {"type": 1, "message_id": "1", "channel_id": "$general"}}
FORUM = next(rule for rule in KINDS if rule.name == "a forum")
OVERWRITES = {"permission_overwrites": [{"id": "$ada", "type": 1, "allow": "0", "deny": "0"}]}
REQUESTS: dict[str, tuple[str, str, Any]] = {
    "message": ("POST", MESSAGES, MESSAGE),
    "components": ("POST", MESSAGES, ALL_KINDS),
    "commands": ("PUT", COMMANDS, [FULL]),
    "channel": ("POST", FORUM.path, {**FORUM.body, **OVERWRITES}),
    "channel's settings": ("PATCH", "/channels/$general", {**OVERWRITES, "topic": "x", "rate_limit_per_user": 1}),
    "post": ("POST", "/channels/$ask/threads", {"name": "t", "applied_tags": [], "message": MESSAGE}),
}


@pytest.mark.parametrize("name", REQUESTS)
async def test_what_does_not_belong_there_is_refused_and_breaks_nothing(playground: Playground, name: str) -> None:
    method, path, body = REQUESTS[name]
    setting = Setting(playground)
    await setting.take("make ask 15")
    failed: list[tuple[object, ...]] = []
    statuses: set[int] = set()
    for place in _places(body):
        for odd in ODD:
            await playground.advance(700)  # no limit of requests is met
            status = await _status(setting, method, path, _replaced(body, place, odd))
            statuses.add(status)
            failed += [(place, odd, status)] if status >= 500 or status == 429 else []
    assert failed == []
    assert 400 in statuses


async def _status(setting: Setting, method: str, path: str, body: Any) -> int:
    headers = {"Authorization": f"Bot {setting.playground.bot_token}"}
    address = f"/api/v10{setting.filled(path)}"
    sent = setting.filled(body)
    async with setting.playground.session.request(method, address, json=sent, headers=headers) as response:
        return response.status


def _places(value: Any, path: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    """The paths of the value and of all in it."""
    yield path
    if isinstance(value, dict):
        for key, inner in cast("dict[str, Any]", value).items():
            yield from _places(inner, (*path, key))
    elif isinstance(value, list):
        for place, inner in enumerate(cast("list[Any]", value)):
            yield from _places(inner, (*path, place))


def _replaced(value: Any, path: tuple[str | int, ...], new: Any) -> Any:
    if not path:
        return new
    result = copy.deepcopy(value)
    spot = result
    for part in path[:-1]:
        spot = spot[part]
    spot[path[-1]] = new
    return result
