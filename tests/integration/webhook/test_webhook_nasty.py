"""Five hundred nasty texts in every place of an event, all validly signed.

Never a server error, always a problem in our form.

What is taken is folded and read back, so that nothing nasty waits further in.
"""

import itertools
import json
import unicodedata
from collections.abc import AsyncGenerator
from typing import Any

import httpx
import pytest

from ompycord.app.sidecar import create_sidecar
from ompycord.conductor import Snapshots
from ompycord.domain.ports import DumpedFold
from ompycord.domain.records import Commit, Scope
from ompycord.http import HttpLimits, KeySet, mint_bearer
from ompycord.store import SqliteStore
from ompycord.webhook import EventLimits
from tests.integration.store.world import NOW, CountingIds, HandClock
from tests.integration.webhook.senders import EVENTS, SECRET, Poster, envelope

NUMBERS = (
    "0",
    "-0",
    "1e5",
    "1e999",
    "0x10",
    "1_000",
    "NaN",
    "Infinity",
    "-1",
    "9" * 40,
    "١٢٣",
    "½",
    "1,5",
    "\u0660",
    "²",
)
CODE = (
    "'; DROP TABLE events; --", "1 OR 1=1", "%s%n%x", "{0.__class__}", "{{7*7}}", "${jndi:ldap://x}", "$(id)", "`id`",
    "| cat",
    "<script>alert(1)</script>", "<img src=x onerror=alert(1)>", "javascript:alert(1)", "]]>", "<!--", "&lt;", "\\",
    "\\\\",
    "../../etc/passwd", "..\\..\\", "/dev/null", "file:///etc/passwd", "CON", "NUL.txt", "\x1b[2J\x1b]0;t\x07",
    "\r\nX-Injected: 1",
    "GET / HTTP/1.1\r\n\r\n", "data: x\n\nevent: reset\n\n", "id: 99\n", ": \n", "@everyone", "<@&1>", "```", "||",
    "[x](y)",
    "null", "true", "undefined", "None", "__proto__", "constructor", "hasOwnProperty", "$ref", "$schema", "type",
    "schema", "",
    " ", "\t", "\n", "\v", "\f", "\u0085", "\u2028", "\u2029", "\x7f", "\x80", "\x9f", "\xad", "\ufeff", "\ufffe",
    "\uffff",
    "\U0010ffff", "\U0001f600", "👩‍👩‍👧‍👦", "🇩🇪", "\u202eevil", "\u2066x\u2069", "\u200b", "\u200d", "a\u0300" * 500,
    "ﷺ" * 100,
    "\uff21\uff22\uff23", "ǆ", "ß", "İ", "\u0131", "Å", "ﬀ", "\ud800", "\udfff", "\ud83d", "\x00", "a\x00b",
    "{}", "[]", '"', "'", "a" * 32_769,
    "é" * 32_768, "a" * 129, "x" * 65, "-", "--", "-rf", "key:shared", "ompycord", "agent", "webhook-id", "v1:cancel:0",
)  # fmt: skip


def texts() -> list[str]:
    """The list above, every kind of control and format character, mixes of two.

    And the ends of the encodings' ranges.
    """
    marks = [chr(n) for n in range(0x3000) if unicodedata.category(chr(n)) in {"Cc", "Cf", "Zs", "Zl", "Zp"}]
    edges = [chr(n + d) for n in (0x80, 0x800, 0xD800, 0xE000, 0x10000) for d in (-1, 0, 1)]
    mixed = [
        a + b
        for a, b in itertools.product(
            CODE[:40:2], ("\u202e", "\x00", "\n", "\U0001d54f", "\ud800", "'", "%00", "\\u0000")
        )
    ]
    odd = [f"a{mark}b" for mark in marks]
    return list(dict.fromkeys([*NUMBERS, *CODE, *marks, *odd, *edges, *mixed]))


PLACES = ("text", "run", "source", "type", "at", "schema", "key", "opaque", "title", "extra")


def nasty(place: str, text: str) -> dict[str, Any]:
    """An event with the text in one place."""
    match place:
        case "text":
            return envelope(data={"text": text})
        case "run" | "source" | "type" | "at" | "schema":
            return {**envelope(), place: text}
        case "key":
            return envelope("x.rocket", data={text: 1})
        case "opaque":
            return envelope("x.rocket", data={"deep": [{"er": [text]}]})
        case "title":
            return envelope("run.started", data={"title": text})
        case _:
            return {**envelope(), text: text}


@pytest.fixture
async def patient(
    store: SqliteStore, keyring: KeySet, clock: HandClock, ids: CountingIds
) -> AsyncGenerator[httpx.AsyncClient]:
    limits = HttpLimits(rate_per_s=1e9, burst=10**9)
    app = create_sidecar(
        store=store,
        snapshots=Snapshots(store=store),
        keyring=keyring,
        clock=clock,
        ids=ids,
        limits=limits,
        wake=lambda: None,
        probes={},
        event_limits=EventLimits(backlog=10**9),
    )
    transport = httpx.ASGITransport(app, client=("127.0.0.1", 1))
    async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as http:
        yield http


def require_ours(answer: httpx.Response, what: object) -> bool:
    """Whether it was taken; a refusal has our form."""
    assert answer.status_code < 500, what
    if answer.status_code in {200, 202}:
        return True
    assert answer.headers["content-type"] == "application/problem+json", what
    body = answer.json()
    assert body["status"] == answer.status_code
    assert body["type"].startswith("/problems/")
    return False


async def test_nasty_texts_get_no_server_error_and_break_nothing_further_in(
    patient: httpx.AsyncClient, store: SqliteStore, keyring: KeySet, clock: HandClock, ids: CountingIds
) -> None:
    poster = Poster(patient, clock)
    found = texts()
    assert len(found) >= 500
    taken = 0
    for n, text in enumerate(found):
        for place in (PLACES[n % len(PLACES)], PLACES[(n + 3) % len(PLACES)]):
            body = json.dumps(nasty(place, text)).encode()
            taken += require_ours(await poster.raw(body), (place, text))
        raw = json.dumps({"run": "b", "events": [{"type": "note", "data": {"text": text}}]}, ensure_ascii=False)
        answer = await poster.raw(raw.encode("utf-8", "surrogatepass"), to=EVENTS)
        taken += require_ours(answer, ("batch", text))
    assert taken > 300
    assert await read_back(patient, store, keyring, ids) > 1


async def read_back(http: httpx.AsyncClient, store: SqliteStore, keyring: KeySet, ids: CountingIds) -> int:
    """Fold everything, then ask for every run; how many there are."""
    events = await store.events_after(0, limit=100_000)
    folds = await store.folds(list({event.run for event in events}))
    for event in events:
        folds[event.run].add(event)
    await store.project(
        "projector",
        upto=events[-1].position,
        folds=[DumpedFold.of(fold) for fold in folds.values()],
        states={},
        outbox=(),
    )
    record, token = mint_bearer(ids=ids, now_ms=NOW, name="r", scopes=[Scope.RUNS_READ])
    await store.commit(Commit(writes=(record,)))
    keyring.replace(await store.keys(), hmac_secrets={}, shared_secret=SECRET)
    for run in folds:
        assert (await http.get(f"/api/runs/{run}", headers={"authorization": f"Bearer {token}"})).status_code == 200
    return len(folds)


@pytest.mark.parametrize(
    "name", ["webhook-id", "webhook-timestamp", "webhook-signature", "content-type", "authorization"]
)
async def test_nasty_headers_get_one_answer(patient: httpx.AsyncClient, clock: HandClock, name: str) -> None:
    body = json.dumps(envelope()).encode()
    for text in texts():
        value = text.encode("utf-8", "surrogatepass")[:4000]
        if b"\r" in value or b"\n" in value or b"\0" in value:
            continue  # no HTTP client and no server lets these through
        headers = Poster(patient, clock).headers(body)
        headers.pop("webhook-signature" if name == "authorization" else "", None)
        fields = [(key.encode(), sent.encode()) for key, sent in headers.items() if key != name]
        answer = await patient.post("/api/webhook/event", content=body, headers=[*fields, (name.encode(), value)])
        is_taken = require_ours(answer, (name, text))
        assert is_taken == (name == "content-type")
