"""`POST /triggers/{name}`: who may send, what is refused, and that the answer follows what is stored."""

import json
from collections.abc import AsyncGenerator, Mapping
from dataclasses import dataclass
from typing import Any

import httpx
import pytest

from ompycord.app.sidecar import create_sidecar
from ompycord.conductor import Snapshots
from ompycord.domain.records import Scope
from ompycord.domain.triggers.records import FiringOutcome
from ompycord.http import HttpLimits, KeySet, mint_bearer, parse_secret
from ompycord.http.keys import mint_hmac
from ompycord.store import SqliteStore
from tests.integration.store.world import NOW, CountingIds, HandClock
from tests.integration.webhook.senders import SECRET, Poster, refusal


@dataclass
class Sender:
    """Another system, with a key that may, one that may not, and a secret to sign with."""

    http: httpx.AsyncClient
    tokens: list[str]
    poster: Poster

    async def post(self, body: object, *, to: str = "alerts", token: int = 0) -> httpx.Response:
        headers = {"authorization": f"Bearer {self.tokens[token]}"}
        content = body if isinstance(body, bytes) else json.dumps(body).encode()
        return await self.http.post(f"/triggers/{to}", content=content, headers=headers)


class Messages:
    """Remembers what it took."""

    def __init__(self) -> None:
        self.taken: list[Mapping[str, Any]] = []

    def knows(self, name: str) -> bool:
        return name == "alerts"

    async def take(self, name: str, payload: Mapping[str, Any]) -> Mapping[FiringOutcome, int]:
        self.taken.append(payload)
        return {FiringOutcome.RUN: 1}


@pytest.fixture
def messages() -> Messages:
    return Messages()


@pytest.fixture
async def sender(
    store: SqliteStore, keyring: KeySet, clock: HandClock, ids: CountingIds, messages: Messages
) -> AsyncGenerator[Sender]:
    made = [
        mint_bearer(ids=ids, now_ms=NOW, name=scope, scopes=[scope])
        for scope in (Scope.TRIGGERS_FIRE, Scope.RUNS_CREATE)
    ]
    signing, secret = mint_hmac(ids=ids, now_ms=NOW, name="signer", scopes=[Scope.TRIGGERS_FIRE])
    records = [*(record for record, _ in made), signing]
    keyring.replace(records, hmac_secrets={signing.id: parse_secret(secret)}, shared_secret=SECRET)
    sidecar = create_sidecar(
        store=store, snapshots=Snapshots(store=store), keyring=keyring, clock=clock, ids=ids, limits=HttpLimits(),
        wake=lambda: None, probes={}, triggers=messages,
    )  # fmt: skip
    async with httpx.AsyncClient(transport=httpx.ASGITransport(sidecar), base_url="http://localhost") as client:
        yield Sender(client, [token for _, token in made], Poster(client, clock, secret))


async def test_a_message_is_taken_before_it_is_answered(sender: Sender, messages: Messages) -> None:
    answer = await sender.post({"alert": "disk"})
    assert (answer.status_code, answer.json()) == (202, {"run": 1})
    assert messages.taken == [{"alert": "disk"}]


async def test_a_signed_message_is_taken_and_a_changed_one_is_not(sender: Sender, messages: Messages) -> None:
    body = b'{"alert":"disk"}'
    headers = sender.poster.headers(body)
    assert (await sender.http.post("/triggers/alerts", content=body, headers=headers)).status_code == 202
    changed = await sender.http.post("/triggers/alerts", content=b'{"alert":"desk"}', headers=headers)
    assert changed.status_code == 401
    assert len(messages.taken) == 1


@pytest.mark.parametrize(
    ("body", "to", "token", "expected"),
    [
        ({}, "alerts", 1, (403, "scope")),
        ({}, "nothing", 0, (404, "not-found")),
        (b"[1]", "alerts", 0, (422, "schema-invalid")),
        (b"{", "alerts", 0, (400, "malformed-json")),
    ],
)
async def test_what_is_refused_reaches_no_trigger(
    sender: Sender, messages: Messages, body: object, to: str, token: int, expected: tuple[int, str]
) -> None:
    assert refusal(await sender.post(body, to=to, token=token)) == expected
    assert messages.taken == []
