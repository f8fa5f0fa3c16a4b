"""Deliveries of a forge as GitHub sends them, as far as they are read: signed, with an id of their own."""

import itertools
import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from ompycord.domain.issue_calls.reading import HookMessage, read_hook
from ompycord.domain.issue_calls.records import HookDelivery
from ompycord.http.forge_signature import sign_for_forge

__all__ = [
    "SECRET",
    "assigned",
    "delivery_headers",
    "delivery_of",
    "labeled",
    "pull_changed",
    "reassigned",
    "relabeled",
]

SECRET: Final = b"a secret of the forge, typed twice"
REPOSITORY: Final[Mapping[str, Any]] = {"id": 7, "full_name": "acme/shop"}
_NUMBERS: Iterator[int] = itertools.count(1)


def labeled(
    issue: Mapping[str, Any], login: str = "anna", *, label: str = "ompycord", action: str = "labeled"
) -> dict[str, Any]:
    """Somebody put a label on an issue, or took it away."""
    return {
        "action": action,
        "issue": dict(issue),
        "label": {"id": 1, "name": label},
        "repository": REPOSITORY,
        "sender": {"login": login, "id": 5, "type": "User"},
    }


def assigned(issue: Mapping[str, Any], to: str, login: str = "anna", *, action: str = "assigned") -> dict[str, Any]:
    """Somebody assigned an issue."""
    made = labeled(issue, login, action=action)
    return {**{name: value for name, value in made.items() if name != "label"}, "assignee": {"login": to, "id": 9}}


def relabeled(
    issue: Mapping[str, Any], login: str = "anna", *, added: Sequence[str] | None = None, removed: Sequence[str] = ()
) -> dict[str, Any]:
    """Labels of an issue changed, as Gitea tells it; newer servers say which ones: `added` and `removed`."""
    made = labeled(issue, login, action="label_updated" if issue["labels"] else "label_cleared")
    del made["label"]
    if added is None:
        return made
    lists = {"added_labels": added, "removed_labels": removed}
    return {**made, "changes": {name: [{"id": 1, "name": one} for one in ones] for name, ones in lists.items()}}


def reassigned(issue: Mapping[str, Any], login: str = "anna", *, action: str = "assigned") -> dict[str, Any]:
    """An issue was assigned to somebody, or not any more, as Gitea tells it: it does not say to whom."""
    made = labeled(issue, login, action=action)
    del made["label"]
    return made


def pull_changed(number: int) -> dict[str, Any]:
    """A pull request changed."""
    return {"action": "synchronize", "number": number, "pull_request": {"number": number}, "repository": REPOSITORY}


def delivery_headers(
    body: bytes, event: str = "issues", *, delivery: str | None = None, secret: bytes = SECRET
) -> dict[str, str]:
    """The headers that a forge sends with it."""
    return {
        "content-type": "application/json",
        "x-github-event": event,
        "x-github-delivery": delivery or f"delivery-{next(_NUMBERS)}",
        "x-hub-signature-256": sign_for_forge(secret, body).decode(),
    }


def delivery_of(payload: Mapping[str, Any], at: int, event: str = "issues") -> tuple[HookDelivery, HookMessage | None]:
    """What the route makes of one."""
    headers = delivery_headers(json.dumps({**payload, "n": next(_NUMBERS)}).encode(), event)
    delivery = HookDelivery(
        hook="github", delivery=headers["x-github-delivery"], signature=headers["x-hub-signature-256"], at=at
    )
    return delivery, read_hook(event, payload)
