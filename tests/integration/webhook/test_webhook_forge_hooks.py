"""`POST /hooks/{forge}`: the forge's own signature alone, bounds, and what is acknowledged and ignored."""

import json
from collections.abc import AsyncGenerator
from dataclasses import dataclass, field
from typing import Any

import httpx
import pytest

from ompycord.app.sidecar import create_sidecar
from ompycord.conductor import Snapshots
from ompycord.domain.issue_calls.reading import HookMessage
from ompycord.domain.issue_calls.records import HookDelivery, HookOutcome
from ompycord.domain.records import Scope
from ompycord.errors import StorageError
from ompycord.http import HttpLimits, KeySet, mint_bearer
from ompycord.store import SqliteStore
from ompycord.webhook.forge_routes import MOST_BYTES, ForgeHooks
from tests.integration.store.world import NOW, CountingIds, HandClock
from tests.integration.webhook.senders import SECRET as SHARED
from tests.integration.webhook.senders import refusal
from tests.support.forge_deliveries import SECRET, delivery_headers, labeled, pull_changed

BODY = json.dumps(pull_changed(5)).encode()
ISSUE = {"number": 12, "state": "open", "title": "Größe 🐙", "body": None, "updated_at": "2026-11-30T02:00:00Z"}


@dataclass
class Taken:
    """Notes what came through."""

    deliveries: list[tuple[HookDelivery, HookMessage | None]] = field(
        default_factory=list[tuple[HookDelivery, HookMessage | None]]
    )
    is_full: bool = False

    async def take(self, delivery: HookDelivery, message: HookMessage | None) -> HookOutcome:
        if self.is_full:
            raise StorageError("the disk is full")
        self.deliveries.append((delivery, message))
        return HookOutcome.INSPECTED


@dataclass
class Forge:
    http: httpx.AsyncClient
    taken: Taken
    token: str

    async def post(
        self, body: bytes = BODY, *, to: str = "github", event: str = "pull_request", **headers: str
    ) -> httpx.Response:
        given = {**delivery_headers(body, event), **{name.replace("_", "-"): text for name, text in headers.items()}}
        return await self.http.post(f"/hooks/{to}", content=body, headers=given)


@pytest.fixture
async def forge(store: SqliteStore, keyring: KeySet, clock: HandClock, ids: CountingIds) -> AsyncGenerator[Forge]:
    record, token = mint_bearer(ids=ids, now_ms=NOW, name="all", scopes=[*Scope])
    keyring.replace([record], hmac_secrets={}, shared_secret=SHARED)
    taken = Taken()
    sidecar = create_sidecar(
        store=store, snapshots=Snapshots(store=store), keyring=keyring, clock=clock, ids=ids,
        limits=HttpLimits(failures_burst=3), wake=lambda: None, probes={},
        forge_hooks=ForgeHooks({"github": SECRET}, taken),
    )  # fmt: skip
    transport = httpx.ASGITransport(sidecar, client=("203.0.113.7", 4711))
    async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as client:
        yield Forge(client, taken, token)


async def test_a_signed_delivery_is_taken_with_its_id(forge: Forge) -> None:
    answer = await forge.post(x_github_delivery="72d3162e-cc78-11e3-81ab-4c9367dc0958")
    assert (answer.status_code, answer.json()) == (202, {"outcome": "inspected"})
    ((delivery, message),) = forge.taken.deliveries
    assert delivery.delivery == "72d3162e-cc78-11e3-81ab-4c9367dc0958"
    assert message is not None
    assert (message.repository, message.pull) == ("acme/shop", (5, None))


async def test_the_bytes_are_signed_and_not_what_they_mean(forge: Forge) -> None:
    body = json.dumps(labeled(ISSUE), ensure_ascii=False, indent=1).encode()
    assert (await forge.post(body, event="issues")).status_code == 202
    respaced = json.dumps(labeled(ISSUE), ensure_ascii=False).encode()
    signature = delivery_headers(body)["x-hub-signature-256"]
    assert refusal(await forge.post(respaced, x_hub_signature_256=signature)) == (401, "unauthorized")


@pytest.mark.parametrize(
    "headers",
    [
        {"x_hub_signature_256": ""},
        {"x_hub_signature_256": "sha256=" + "0" * 64},
        {"x_hub_signature_256": "sha1=" + "0" * 40},
        {
            "x_hub_signature_256": delivery_headers(BODY, secret=b"another secret of another forge")[
                "x-hub-signature-256"
            ]
        },
    ],
)
async def test_a_forged_one_is_refused_whatever_key_comes_with_it(forge: Forge, headers: dict[str, Any]) -> None:
    answer = await forge.post(authorization=f"Bearer {forge.token}", **headers)
    assert refusal(answer) == (401, "unauthorized")
    assert forge.taken.deliveries == []


async def test_a_key_of_ours_opens_no_forges_route_and_a_forges_signature_no_other(forge: Forge) -> None:
    bearer = {"authorization": f"Bearer {forge.token}", "content-type": "application/json"}
    assert (await forge.http.post("/hooks/github", content=BODY, headers=bearer)).status_code == 401
    signed = delivery_headers(BODY)
    assert (await forge.http.post("/api/webhook/event", content=BODY, headers=signed)).status_code == 401


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"content_type": "application/x-www-form-urlencoded"}, (415, "encoding")),
        ({"x_github_delivery": "a b"}, (422, "schema-invalid")),
        ({"x_github_event": ""}, (422, "schema-invalid")),
        ({"content_encoding": "gzip"}, (415, "encoding")),
        ({"to": "gitlab"}, (404, "not-found")),
        ({"body": b"[1]"}, (422, "schema-invalid")),
        ({"body": b"{"}, (400, "malformed-json")),
        ({"body": b" " * (MOST_BYTES + 1)}, (413, "too-large")),
    ],
)
async def test_what_is_refused_reaches_nothing(forge: Forge, change: dict[str, Any], expected: tuple[int, str]) -> None:
    assert refusal(await forge.post(**change)) == expected
    assert forge.taken.deliveries == []


async def test_an_event_without_a_name_has_that_of_its_type(forge: Forge) -> None:
    """Gitea leaves the name of a status empty."""
    body = json.dumps({"sha": "c0ffee", "repository": {"full_name": "acme/shop"}}).encode()
    assert (await forge.post(body, event="", x_github_event_type="status")).status_code == 202
    ((_, message),) = forge.taken.deliveries
    assert message is not None
    assert message.pull == (None, "c0ffee")


async def test_two_signatures_are_none(forge: Forge) -> None:
    twice = [*delivery_headers(BODY).items(), ("x-hub-signature-256", "sha256=" + "0" * 64)]
    assert refusal(await forge.http.post("/hooks/github", content=BODY, headers=twice)) == (400, "repeated-header")


@pytest.mark.parametrize(
    ("event", "payload"),
    [
        ("ping", {"zen": "Keep it logically awesome.", "hook_id": 1}),
        ("star", {"action": "created", "repository": {"full_name": "acme/shop"}}),
        ("issues", {"action": "opened", "repository": {"full_name": "acme/shop"}, "issue": ISSUE}),
        ("issues", labeled({**ISSUE, "state": "closed"})),
        ("issues", labeled({**ISSUE, "pull_request": {"url": "x"}})),
        ("issues", labeled({**ISSUE, "number": True})),
        ("pull_request", {"repository": {"full_name": 7}, "number": 5}),
        ("issue_comment", {"repository": {"full_name": "acme/shop"}, "issue": ISSUE}),
    ],
)
async def test_unknown_and_odd_events_are_acknowledged_and_mean_nothing(
    forge: Forge, event: str, payload: dict[str, object]
) -> None:
    assert (await forge.post(json.dumps(payload).encode(), event=event)).status_code == 202
    assert [message for _, message in forge.taken.deliveries if message is not None] == []


async def test_an_address_that_forges_is_refused_unread_and_the_forge_behind_it_is_not(forge: Forge) -> None:
    for _ in range(4):
        await forge.post(x_hub_signature_256="sha256=" + "0" * 64)
    assert refusal(await forge.post(x_hub_signature_256="none")) == (429, "too-many-failures")
    assert refusal(await forge.post(x_hub_signature_256="sha256=" + "1" * 64)) == (429, "too-many-failures")
    assert (await forge.post()).status_code == 202


async def test_what_could_not_be_stored_is_not_acknowledged(forge: Forge) -> None:
    forge.taken.is_full = True
    assert refusal(await forge.post()) == (503, "storage")
