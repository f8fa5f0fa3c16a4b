"""A run's tape: written by the gateway without secrets, and played in the provider's place byte by byte."""

import asyncio
import json
import threading
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

from ompycord.domain.ids import RunId
from ompycord.domain.ports import Clock
from ompycord.http.adopted_socket import serve_socket
from ompycord.http.server import bind
from ompycord.model_gateway.dialects import Dialect
from ompycord.model_gateway.tapes.options import TapeOptions
from ompycord.model_gateway.tapes.player import TapePlayer
from ompycord.model_gateway.tapes.recorder import TapeRecorder
from ompycord.model_gateway.tapes.shelf import TapeShelf, tape_file
from ompycord.model_gateway.tapes.tape import Tape, TapeHead, read_tape
from ompycord.testing import FakeClock
from ompycord.text import Redactor
from tests.integration.model_gateway.conftest import KEY, PATHS, Way, body_of, spec_of, way_of
from tests.support.model_answers import Truth, answer
from tests.support.patience import patient
from tests.support.stub_provider import Reply, StubProvider

TRUTH = Truth(input=1000, output=50)
PLANTED = "sk-planted-0123456789abcdef0123456789"
FOLDER = "/data/workspaces/run"


@asynccontextmanager
async def recorded(
    path: Path, provider: StubProvider, *, wanted: bool = True, options: TapeOptions | None = None
) -> AsyncGenerator[Way]:
    """A run that is recorded, of which a secret is known beside the key."""

    def recorder_of(run: RunId, clock: Clock) -> TapeRecorder:
        async def head_of(run: RunId) -> TapeHead | None:
            return TapeHead(run=run, at=clock.now_ms(), base="b" * 40, folder=FOLDER) if wanted else None

        shelf = TapeShelf(path, options or TapeOptions())
        return TapeRecorder(run=run, shelf=shelf, head_of=head_of, redactor=Redactor([KEY, PLANTED]), clock=clock)

    async with way_of(path, provider, recorder_of=recorder_of) as way:
        yield way


@asynccontextmanager
async def played(tape: Tape) -> AsyncGenerator[tuple[TapePlayer, str]]:
    """The tape at an address, as a provider of the name `first`."""
    player = TapePlayer(tape=tape)
    listening = bind("127.0.0.1", 0)
    async with serve_socket(player, listening):
        yield player, f"http://127.0.0.1:{listening.getsockname()[1]}/first"


@pytest.mark.parametrize("dialect", Dialect)
async def test_20_a_tape_gives_the_same_bytes_and_the_same_cost_without_the_provider(
    tmp_path: Path, provider: StubProvider, dialect: Dialect
) -> None:
    provider.replies = [
        Reply(parts=answer(dialect, TRUTH, ("Hello ", "there."))),
        Reply(parts=answer(dialect, Truth(input=3, output=4), ("Another one.",))),
    ]
    async with recorded(tmp_path / "then", provider) as way:
        then = [(await way.ask(dialect)).content for _ in range(2)]
        costs = [row["nano_usd"] for row in await way.ledger()]
    tape = read_tape(tape_file(tmp_path / "then", way.run))
    asked = len(provider.asked)
    async with played(tape) as (player, url):
        spec = spec_of(provider).model_copy(update={"base_url": url})
        async with way_of(tmp_path / "now", provider, spec) as way:
            now = [(await way.ask(dialect)).content for _ in range(2)]
            more = await way.ask(dialect)
            again = [row["nano_usd"] for row in await way.ledger()]
    assert now == then
    assert again[:2] == costs
    assert len(provider.asked) == asked
    assert (player.played, player.different, player.missing, player.left) == (2, 0, 1, 0)
    assert "the tape has no answer left" in more.text


async def test_no_secret_is_on_a_tape_also_where_a_stream_has_it_in_pieces(
    tmp_path: Path, provider: StubProvider
) -> None:
    words = ("The key is ", PLANTED[:9], PLANTED[9:], " as it stands.")
    provider.replies = [Reply(parts=answer(Dialect.CHAT, TRUTH, words))]
    async with recorded(tmp_path, provider) as way:
        await way.ask(Dialect.CHAT, messages=[{"role": "user", "content": f"Use {PLANTED}"}])
        await way.settled()
        tape = read_tape(tape_file(tmp_path, way.run))
    kept = tape.model_dump_json()
    for secret in (PLANTED, PLANTED[9:], KEY, way.token):
        assert secret not in kept
    assert "[redacted]" in tape.requests[0].body
    assert json.loads(tape.requests[0].body)["messages"]
    shown = "".join(text for _, text in tape.requests[0].parts)
    assert "The key is " in shown
    assert "[redacted]" in shown


async def test_half_an_answer_is_half_an_answer_again(tmp_path: Path, provider: StubProvider) -> None:
    provider.replies = [Reply(parts=answer(Dialect.CHAT, TRUTH, ("a", "b", "c")), breaks_after=2)]
    async with recorded(tmp_path, provider) as way:
        with pytest.raises(httpx.RemoteProtocolError):
            await way.ask(Dialect.CHAT)
        await way.settled()
        tape = read_tape(tape_file(tmp_path, way.run))
    assert [one.end for one in tape.requests] == ["cut"]
    async with played(tape) as (_, url), httpx.AsyncClient(trust_env=False) as client:
        with pytest.raises(httpx.RemoteProtocolError):
            await client.post(f"{url}{PATHS[Dialect.CHAT]}", json=body_of(Dialect.CHAT))


async def test_an_answer_that_is_cut_within_a_character_is_on_the_tape(tmp_path: Path, provider: StubProvider) -> None:
    whole, half = b'data: {"id": "1"}\n\n', 'data: {"id": "caf\u00e9'.encode()[:-1]
    provider.replies = [Reply(parts=[whole, half, b""], breaks_after=2)]
    async with recorded(tmp_path, provider) as way:
        with pytest.raises(httpx.RemoteProtocolError):
            await way.ask(Dialect.CHAT)
        await way.settled()
        assert way.gateway.streams == 0
        (one,) = read_tape(tape_file(tmp_path, way.run)).requests
    assert [text for _, text in one.parts] == [whole.decode(), 'data: {"id": "caf?']


async def test_requests_that_come_in_another_order_get_their_own_answers(
    tmp_path: Path, provider: StubProvider
) -> None:
    """An agent asks for a title beside its work; which of both is first is chance."""
    provider.replies = [
        Reply(parts=answer(Dialect.CHAT, TRUTH, ("A title",))), Reply(parts=answer(Dialect.CHAT, TRUTH, ("The work",))),
    ]  # fmt: skip
    title, work = [{"role": "user", "content": "Title?"}], [{"role": "user", "content": "Work!"}]
    usual: dict[str, Any] = {"stream_options": {"include_usage": True}}
    async with recorded(tmp_path, provider) as way:
        await way.ask(Dialect.CHAT, messages=title, **usual)
        await way.ask(Dialect.CHAT, messages=work, **usual)
        await way.settled()
        tape = read_tape(tape_file(tmp_path, way.run))
    async with played(tape) as (player, url), httpx.AsyncClient(trust_env=False) as client:
        first = await client.post(f"{url}{PATHS[Dialect.CHAT]}", json=body_of(Dialect.CHAT, messages=work, **usual))
        second = await client.post(f"{url}{PATHS[Dialect.CHAT]}", json=body_of(Dialect.CHAT, messages="else"))
    assert "The work" in first.text
    assert "A title" in second.text
    assert (player.played, player.different) == (2, 1)


async def test_counting_and_refusals_of_the_provider_are_on_it_and_ours_are_not(
    tmp_path: Path, provider: StubProvider
) -> None:
    provider.replies = [Reply(parts=[b'{"input_tokens": 7}'], headers={"content-type": "application/json"})]
    async with recorded(tmp_path, provider) as way:
        assert (await way.ask(Dialect.ANTHROPIC, path="/v1/messages/count_tokens")).json() == {"input_tokens": 7}
        provider.replies = [Reply(status=400, parts=[b'{"error": {}}'], headers={"content-type": "application/json"})]
        assert (await way.ask(Dialect.CHAT)).status_code == 400
        way.limits.usd = 0.0000001
        assert (await way.ask(Dialect.CHAT)).status_code == 402
        await way.settled()
        tape = read_tape(tape_file(tmp_path, way.run))
    assert [(one.path, one.status) for one in tape.requests] == [
        ("/v1/messages/count_tokens", 200), ("/v1/chat/completions", 400),
    ]  # fmt: skip


async def test_without_the_wish_there_is_no_tape_and_a_full_one_says_so(tmp_path: Path, provider: StubProvider) -> None:
    provider.replies = [Reply(parts=answer(Dialect.CHAT, TRUTH, ("Hello.",)))]
    async with recorded(tmp_path / "unwanted", provider, wanted=False) as way:
        await way.ask(Dialect.CHAT)
        await way.settled()
        assert not tape_file(tmp_path / "unwanted", way.run).exists()
    small = TapeOptions.model_construct(max_mib=0.001)
    async with recorded(tmp_path / "small", provider, options=small) as way:
        for _ in range(6):
            await way.ask(Dialect.CHAT)
        await way.settled()
        tape = read_tape(tape_file(tmp_path / "small", way.run))
    assert 0 < len(tape.requests) < 6
    assert not tape.is_whole
    least = TapeOptions.model_construct(max_mib=0.0001)
    async with recorded(tmp_path / "least", provider, options=least) as way:
        await way.ask(Dialect.CHAT)
        await way.settled()
        tape = read_tape(tape_file(tmp_path / "least", way.run))
    assert (tape.head.run, tape.requests, tape.is_whole) == (way.run, (), False)


async def test_a_tape_is_removed_once_its_days_are_over(tmp_path: Path) -> None:
    shelf, run = TapeShelf(tmp_path, TapeOptions(days=2)), RunId("01JD0000000000000000000001")
    await shelf.add(run, TapeHead(run=run, at=0, folder=FOLDER))
    made_ms = round(tape_file(tmp_path, run).stat().st_mtime * 1000)
    await shelf.prune(made_ms + 2 * 86_400_000 - 1000)
    assert tape_file(tmp_path, run).exists()
    await shelf.prune(made_ms + 2 * 86_400_000 + 1000)
    assert not tape_file(tmp_path, run).exists()


class SlowAtFirst(Redactor):
    """Its first text takes until another one comes, or until none does."""

    def __init__(self) -> None:
        super().__init__([KEY])
        self.has_more = threading.Event()
        self._is_first = True

    def redact(self, text: str, *, was_cut: bool = False) -> str:
        if self._is_first:
            self._is_first = False
            self.has_more.wait(patient(0.3))
        else:
            self.has_more.set()
        return super().redact(text, was_cut=was_cut)


async def test_answers_stand_on_the_tape_in_the_order_in_which_they_ended(tmp_path: Path) -> None:
    """The agent may ask again before the first is written: asked alike, they would be played the other way round."""
    run, clock = RunId("0" * 26), FakeClock()

    async def head_of(run: RunId) -> TapeHead:
        return TapeHead(run=run, at=clock.now_ms(), base="b" * 40, folder=FOLDER)

    shelf = TapeShelf(tmp_path, TapeOptions())
    recorder = TapeRecorder(run=run, shelf=shelf, head_of=head_of, redactor=SlowAtFirst(), clock=clock)
    assert await recorder.is_wanted()
    async with asyncio.TaskGroup() as group:
        for text in (b"first", b"second"):
            asked = recorder.begin(dialect=Dialect.CHAT, model="m-1", path="/v1", query="", headers={}, body=b"{}")
            asked.begin("acme", 200, {"content-type": "application/json"})
            asked.add(text)
            asked.is_whole = True
            group.create_task(asked.keep())
    assert [one.parts[0][1] for one in read_tape(tape_file(tmp_path, run)).requests] == ["first", "second"]
