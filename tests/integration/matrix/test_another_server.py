"""An admin of one server tries every door, with all that is of another one, and finds and changes nothing of it.

The doors are those of the registries themselves: commands and completions as Discord was told of them, buttons and
forms as they have handlers, routes as the sidecar describes them, tools as they are listed. A new one is tried by
itself.
"""

import asyncio
import json
from collections.abc import AsyncGenerator, Iterator, Sequence
from typing import Any, Final, NamedTuple, cast

import discord
import pytest
import pytest_asyncio

from ompycord.app.system import SystemClock, SystemIds
from ompycord.bot import DISCORD, DiscordTarget, point_at
from ompycord.bot.access import Interaction
from ompycord.bot.context import BotContext
from ompycord.bot.features import BotFeatures
from ompycord.bot.interactions.components import Dispatcher
from ompycord.bot.interactions.decisions import new_decision
from ompycord.domain import events as ev
from ompycord.domain.auditing.refused import REFUSED
from ompycord.domain.ids import RunId
from ompycord.domain.memory.items import MemoryPlace
from ompycord.domain.records import Scope
from ompycord.domain.roles.grants import RoleGrant
from ompycord.playground.client import Message, RefusedError
from ompycord.render.marker import approval_hash, question_tag
from tests.e2e.reach.commands import registered
from tests.integration.bot.conftest import is_answer
from tests.integration.bot.test_bot_elsewhere import post
from tests.integration.matrix.conftest import World, is_idle
from tests.support.new_store import new_store
from tests.support.patience import until, within
from tests.support.playground import hosted_playground
from tests.support.playground_person import Interaction as Sent

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.xdist_group("walk")]
OTHER: Final = "111111111111111111"
"""The server whose things nobody here may see."""
SECRET: Final = "zebrafinch"
"""In every text of the other server; no one types it here."""
NIGHTLY: Final = "kestrel-nightly"
"""The name of its schedule."""
STRING, INTEGER, BOOLEAN, USER, CHANNEL, ROLE, NUMBER = 3, 4, 5, 6, 7, 8, 10
OWN: Final = {"eraseme"}
"""Erases whoever presses it, and their name wherever it stands: no ref says of whom."""
FIELDS: Final = ("usd", "reason", "answer", "prompt", "message", "text", "title", "body", "words", "why", "note")
"""What forms ask for, by the ids of their inputs."""


class Planted(NamedTuple):
    """What is there of the other server."""

    open: str
    ended: str
    external: str
    item: str
    tags: dict[str, str]
    """Of its question and its approval, as buttons name them."""

    @property
    def refs(self) -> tuple[str, ...]:
        return (self.open, self.ended, self.external, self.item, NIGHTLY)


class Watched:
    """The dispatcher, to which a form comes back with the id that is set here: signed by us, about another server.

    It knows when all is done that was pressed: a button may do more after its answer.
    """

    def __init__(self, inner: Dispatcher) -> None:
        self._inner = inner
        self._under_way = 0
        self._is_idle = asyncio.Event()
        self._is_idle.set()
        self.custom_id: str | None = None

    async def idle(self) -> None:
        """Returns once nothing that was pressed is under way."""
        async with within(60):
            await self._is_idle.wait()

    async def dispatch(self, interaction: Interaction) -> None:
        self._under_way += 1
        self._is_idle.clear()
        try:
            await self._dispatch(interaction)
        finally:
            self._under_way -= 1
            if self._under_way == 0:
                self._is_idle.set()

    async def _dispatch(self, interaction: Interaction) -> None:
        if self.custom_id is not None and interaction.type is discord.InteractionType.modal_submit:
            values = [{"component": {"type": 4, "custom_id": name, "value": "5"}} for name in FIELDS]
            interaction.data = cast("Any", {"custom_id": self.custom_id, "components": values})
        await self._inner.dispatch(interaction)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def visited(tmp_path_factory: pytest.TempPathFactory) -> AsyncGenerator[tuple[World, Planted]]:
    folder = tmp_path_factory.mktemp("walk")
    async with hosted_playground(folder / "playground") as playground:
        point_at(DiscordTarget(api=f"{playground.api}/v10", gateway=playground.info.gateway, cdn=playground.api))
        try:
            async with new_store(folder / "ompycord.db", clock=SystemClock(), ids=SystemIds()) as store:
                world = World(playground, store, folder, other_guilds=(OTHER,))
                async with world.running():
                    yield world, await plant(world)
                    await until(is_idle)
        finally:
            point_at(DISCORD)


async def plant(world: World) -> Planted:
    """Of the other server: runs with a question, an approval and a message, what is remembered, a schedule, a role."""
    there = [(await world.submitted(OTHER, guild=OTHER, channel=OTHER, prompt=f"Fix the {SECRET}.")) for _ in range(2)]
    opened, ended = there
    await world.areas.runs.cancel(ended, world.admin)
    await world.areas.messages.send_message(opened, f"Mind the {SECRET}", "next", world.admin, key="k")
    question = ev.QuestionAsked(question="q1", text=f"Which {SECRET}?", options=("a", "b"))
    asks = ev.ApprovalRequested(approval="a1", title=f"Paint the {SECRET}", command=f"paint {SECRET}", risk_class="run")
    await world.areas.recorder.observe(RunId(opened.id), question, asks)
    external = await post(world, ev.RunStarted(title=f"Nightly {SECRET}", agent="ci"))
    await world.fold()
    snapshot = (await world.snapshots.load(opened)).snapshot
    assert snapshot is not None
    tags = {"question": question_tag("q1"), "approval": approval_hash(snapshot.approvals[0])}
    place = MemoryPlace(guild=OTHER, repository="shop")
    item = (await world.memory_book.keep(place, new_decision(f"The {SECRET} sings."), world.admin)).item.id
    await world.store.schedules.put(world.schedule(NIGHTLY, guild=OTHER, prompt=f"Look after the {SECRET}."))
    grant = RoleGrant(
        guild=OTHER, place="server", kind="user", subject="999999999999999999", role="admin", by="1", by_name=SECRET,
        at=world.clock.now_ms(),
    )  # fmt: skip
    await world.store.put_role_grant(grant)
    await world.infrastructure.roles.refresh()
    return Planted(opened.id, ended.id, external, item, tags)


async def test_every_command_and_completion_finds_nothing(
    visited: tuple[World, Planted], capsys: pytest.CaptureFixture[str]
) -> None:
    world, planted = visited
    ada, before, found = world.playground.ada, await kept(world, planted), list[str]()
    doors = list(registered((await ada.state())["commands"]))
    completions = 0
    for name, options in doors:
        for ref in planted.refs:
            said = await answered(world, name, filled(world, options, ref))
            found += [f"{name} with {ref}: {said[:300]}"] if SECRET in said else []
        for option in options:
            for typed in ("", planted.open) if option.get("autocomplete") else ():
                completions += 1
                offered = await ada.complete(name, option["name"], typed, "tasks")
                is_told = SECRET in json.dumps(offered) or any(one["value"] in planted.refs for one in offered)
                found += [f"{name} {option['name']} completes {offered}"] if is_told else []
    await ada.command("omp-admin unpause", "tasks")
    with capsys.disabled():
        names = ", ".join(name for name, _ in doors)
        print(f"\nwalk: {len(doors)} commands ({names}), {completions} completions")  # noqa: T201  # the doors tried
    assert not found, "\n".join(found)
    assert await kept(world, planted) == before


def filled(world: World, options: list[dict[str, Any]], ref: str) -> dict[str, Any]:
    """Every option with something of the other server, or with anything that its kind takes."""
    anything: dict[int, Any] = {
        STRING: ref, INTEGER: 1, BOOLEAN: True, NUMBER: 5.0, USER: world.playground.mo.id, CHANNEL: world.tasks,
        ROLE: world.playground.info.roles["member"],
    }  # fmt: skip
    chosen: dict[str, Any] = {}
    for option in options:
        if option["type"] not in anything:
            continue  # a file says nothing of a server
        choices = cast("list[dict[str, Any]]", option.get("choices") or [])
        chosen[option["name"]] = choices[0]["value"] if choices else anything[option["type"]]
    if {"member", "discord_role"} <= chosen.keys():
        del chosen["discord_role"]
        chosen.pop("repository", None)
    return chosen


async def answered(world: World, name: str, options: dict[str, Any]) -> str:
    """All that is said to a command, with its files and forms."""
    ada = world.playground.ada
    is_menu = " " not in name or name.partition(" ")[0] not in {"omp", "omp-admin"}
    if is_menu:
        message = await ada.say("Anything", "tasks")
        ran = await ada.command(name, "tasks", target=message.id)
    else:
        ran = await ada.command(name, "tasks", **options)
    if ran.modal is not None:
        return json.dumps(ran.modal.raw)
    return text_of(await ada.wait_message(lambda m: is_answer(m, ran.id) and not m.is_thinking))


def text_of(message: Message) -> str:
    return json.dumps(message.raw, ensure_ascii=False)


async def test_every_button_and_form_finds_nothing(
    visited: tuple[World, Planted], capsys: pytest.CaptureFixture[str]
) -> None:
    world, planted = visited
    ada, before, thread = world.playground.ada, await kept(world, planted), ""
    features = BotFeatures(cast("BotContext", None))  # only the names are looked at
    forms = {name for feature in features.features for name in feature.forms}
    buttons = sorted(features.handlers.keys() - forms - OWN)
    signed = [(f"{action} {n}", custom_id) for action in buttons for n, custom_id in ids_of(world, planted, action)]
    ran, left = list[tuple[str, Sent]](), list[tuple[str, str]]()
    watched = Watched(world.bot_parts._dispatcher)  # pyright: ignore[reportPrivateUsage]  # the edge of all that is pressed
    world.bot_parts._dispatcher = cast("Dispatcher", watched)  # pyright: ignore[reportPrivateUsage]
    for first in range(0, len(signed), 25):
        thread = await world.thread(f"buttons {first}") if first % 50 == 0 else thread
        panel = await world.panel(signed[first : first + 25], thread)
        for label, custom_id in signed[first : first + 25]:
            if label not in panel.labels:  # another button had the message edited
                left.append((label, custom_id))
                continue
            try:
                ran.append((label, await ada.click(panel, label)))
            except RefusedError:
                left.append((label, custom_id))
    for number, one in enumerate(left):
        thread = await world.thread(f"left {number}") if number % 5 == 0 else thread
        ran.append((one[0], await ada.click(await world.panel([one], thread), one[0])))
    await watched.idle()
    found = await telling(world, ran)
    own = await world.submitted(ada.id)
    opener = await world.panel([("open", world.signer.button("raise", own.id))], await world.thread("forms"))
    sent = list[tuple[str, Sent]]()
    for action in sorted(forms):
        for _, custom_id in ids_of(world, planted, action):
            watched.custom_id = None
            opened = await ada.click(opener, "open")
            watched.custom_id = custom_id
            sent.append((f"form {action}", await ada.submit_labels(opened, {"usd": "5"})))
    await watched.idle()
    found += await telling(world, sent)
    with capsys.disabled():
        print(f"\nwalk: {len(signed)} buttons ({', '.join(buttons)}), {len(sent)} forms ({', '.join(sorted(forms))})")  # noqa: T201  # the doors tried
    assert not found, "\n".join(found)
    assert await kept(world, planted) == before


async def telling(world: World, ran: Sequence[tuple[str, Sent]]) -> list[str]:
    """What of these told of the other server."""
    return [f"{name}: {said[:300]}" for name, one in ran if SECRET in (said := await told(world, one))]


async def told(world: World, ran: Sent) -> str:
    """What is said in the end to what was pressed."""
    if ran.modal is not None:
        return json.dumps(ran.modal.raw)
    reply = ran.reply
    if reply is not None and reply.is_thinking:
        reply = await world.playground.ada.wait_message(lambda m: is_answer(m, ran.id) and not m.is_thinking)
    return "" if reply is None else text_of(reply)


def ids_of(world: World, planted: Planted, action: str) -> Iterator[tuple[int, str]]:
    """Ids as we would sign them for the other server's things."""
    for number, ref in enumerate((planted.open, planted.ended, planted.external)):
        yield number, world.signer.button(action, ref)
    for number, tag in enumerate(planted.tags.values(), 3):
        yield number, world.signer.sign(action, planted.open, tag)


async def test_no_route_stream_tool_or_file_shows_anything_to_a_run_of_this_server(
    visited: tuple[World, Planted], capsys: pytest.CaptureFixture[str]
) -> None:
    world, planted = visited
    own = await world.submitted(world.playground.ada.id)
    await world.fold()
    _, token = await world.key(*Scope, run=own.id)
    found, before = list[str](), await kept(world, planted)
    served = (await world.ask("GET", "/openapi.json")).body
    doors = [(method.upper(), path) for path, methods in served["paths"].items() for method in methods]
    tried = 0
    for (method, path), ref in ((door, ref) for door in doors for ref in planted.refs):
        tried += 1
        told = path.replace("{run_id}", ref).replace("{run}", ref).replace("{slug}", ref).replace("{name}", ref)
        body: dict[str, Any] = {"schema": "ompycord/event@1", "run": ref, "events": [], "type": "note", "data": {}}
        answer = await world.ask(method, told.replace("{source}", "claude").replace("{forge}", ref), body, token=token)
        is_told = SECRET in str(answer.body) and not path.startswith(("/openapi", "/schemas"))
        found += [f"{method} {told}: {str(answer.body)[:300]}"] if is_told else []
    tools = (await world.call_mcp("tools/list", {}, token))["result"]["tools"]
    for tool in tools:
        for ref in (*planted.refs, "q1", "a1"):
            tried += 1
            needed = {name: given(kind, ref) for name, kind in tool["inputSchema"]["properties"].items()}
            answer = await world.call_mcp("tools/call", {"name": tool["name"], "arguments": needed}, token)
            found += [f"{tool['name']}: {answer}"] if SECRET in json.dumps(answer) else []
    with capsys.disabled():
        print(f"\nwalk: {len(doors)} routes, {len(tools)} tools, {tried} requests")  # noqa: T201  # the doors tried
    assert not found, "\n".join(found)
    assert await kept(world, planted) == before


def given(schema: dict[str, Any], ref: str) -> Any:
    """A value that a tool takes."""
    kinds = [schema, *schema.get("anyOf", [])]
    kind = next((one["type"] for one in kinds if "type" in one), "string")
    if "enum" in schema:
        return schema["enum"][0]
    if kind == "array":
        of = schema.get("items", {})
        return [{"title": "Look", "status": "active"}] if "$ref" in of else []
    return {"string": ref, "number": 0, "integer": 0, "boolean": True}[kind]


async def kept(world: World, planted: Planted) -> list[str]:
    """All that is there of the other server."""
    await world.infrastructure.refusals.finish()
    await world.fold()
    runs = [planted.open, planted.ended, planted.external]
    records = [await world.record_of(run) for run in runs]
    events = [[str(one.body) for one in await world.store.events_of(RunId(run))] for run in runs]
    items = await world.store.memory.by_id([planted.item])
    schedules = await world.store.schedules.schedules(OTHER)
    grants = [one for one in await world.store.role_grants() if one.guild == OTHER]
    rows = [
        row.n
        for row in await world.store.audit_rows(after=0, limit=100_000)
        if row.text("action") != REFUSED and row.text("subject") in planted.refs
    ]
    said = [one for run in events for one in run]
    return [*map(str, records), *said, str(items), str(schedules), str(grants), str(rows)]
