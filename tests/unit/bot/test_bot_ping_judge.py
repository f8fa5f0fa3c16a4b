"""The judge of every test's messages finds what the policy forbids; else it would be no check."""

from typing import Any

import pytest

from tests.support.ping_judge import SILENT, policy_faults

NOBODY: dict[str, Any] = {"parse": []}
MO: dict[str, Any] = {"parse": [], "users": ["7"]}


def sent(footer: str, allowed: Any, *, method: str = "POST", flags: int = 0) -> dict[str, Any]:
    body = {"content": "x", "embeds": [{"footer": {"text": footer}}], "allowed_mentions": allowed, "flags": flags}
    route = "/channels/{channel_id}/messages"
    return {
        "method": method,
        "route": route,
        "path": "/channels/5/messages",
        "status": 200,
        "request": body,
        "response": {"id": footer},
    }


def rang(footer: str, *, event: str = "create", everyone: bool = False) -> dict[str, Any]:
    return {"message": footer, "event": event, "users": ["7"], "mentions": {"everyone": everyone}}


@pytest.mark.parametrize(
    ("entry", "ping", "fault"),
    [
        (sent("7f3k2m · card 1", None), None, "parses"),
        (sent("7f3k2m · card 1", {"parse": ["users"]}), None, "parses"),
        (sent("7f3k2m · card 1", MO), None, "a card message rings"),
        (sent("7f3k2m · mirror", NOBODY), None, "is not silent"),
        (sent("7f3k2m · result", MO, method="PATCH"), None, "an edit names somebody"),
        (sent("7f3k2m · result", MO), rang("7f3k2m · result", event="edit"), "an edit rings"),
        (sent("7f3k2m · result", MO), rang("7f3k2m · result", everyone=True), "rings everyone"),
    ],
)
def test_what_the_policy_forbids_is_found(entry: Any, ping: Any, fault: str) -> None:
    assert fault in str(policy_faults([entry], [ping] if ping else []))


def test_a_result_that_rings_twice_is_found_and_one_that_rings_once_is_not() -> None:
    entries = [sent("7f3k2m · result", MO), sent("7f3k2m · card 1", NOBODY, flags=SILENT)]
    assert policy_faults(entries, [rang("7f3k2m · result")]) == []
    assert "rang 2 times" in str(policy_faults(entries, [rang("7f3k2m · result")] * 2))
