"""Every action of `access.ACTIONS`, each role, given in the server, the repository or the channel, for one's own runs
and another's: what Discord does is what `authorize` says, in its words, and the record has a row of it.
"""

import asyncio
import json
import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from functools import partial
from itertools import cycle, product
from typing import Final, NamedTuple, get_args

import pytest

from ompycord.bot.interactions.decisions import new_decision
from ompycord.domain import events as ev
from ompycord.domain.access import ACTIONS, Person, Role
from ompycord.domain.auditing.refused import REFUSED
from ompycord.domain.folds.shown_requests import risk_of
from ompycord.domain.ids import RunId
from ompycord.domain.memory.items import MemoryPlace
from ompycord.domain.policy import SEE, Circumstances, Denied, Resource, authorize, resource_of
from ompycord.domain.refusals import RefusalCode
from ompycord.domain.risk.classes import RiskClass
from ompycord.domain.roles.grants import Where
from ompycord.domain.run import RunRecord, RunState
from ompycord.playground.client import Message
from ompycord.render.marker import approval_hash, question_tag
from ompycord.render.refusals import REFUSALS
from tests.integration.bot.conftest import is_answer
from tests.integration.matrix.conftest import World
from tests.support.patience import until

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.xdist_group("matrix")]
PLACES: Final = get_args(Where)
EACH: Final = len(Role) * len(PLACES)
"""At most so many cells use up one thing that is asked."""
SAID_AS: Final = {
    RefusalCode.NOT_PERMITTED: {RefusalCode.NOT_PERMITTED, RefusalCode.NEEDS_ROLE},
    RefusalCode.WATCH_ONLY: {RefusalCode.WATCH_ONLY},
    RefusalCode.OWN_REQUEST: {RefusalCode.OWN_REQUEST},
    RefusalCode.NO_SUCH_RUN: {RefusalCode.NO_SUCH_RUN},
}
"""The codes under which a surface passes on one of `authorize`."""
HIDDEN: Final = {RefusalCode.NO_SUCH_RUN: (RefusalCode.RUN_NOT_FOUND, RefusalCode.UNKNOWN_REPOSITORY)}
"""What is told instead of a code: that there is nothing of that name."""
NO_ACCESS: Final = "You don't have access yet. Ask an admin"
ASKED: Final = (RiskClass.RUN, RiskClass.NETWORK, RiskClass.SECRET, RiskClass.PUBLISH, RiskClass.DANGER)
"""The classes about which people decide."""


DRAFT: Final = ev.PullRequestOpened(number=1, url="https://github.example/acme/shop/pull/1", draft=True)


class Cell(NamedTuple):
    action: str
    role: Role
    place: Where
    is_own: bool


class Did(NamedTuple):
    """What was said to an attempt, what it was about, and the actions of the rows that a success leaves."""

    words: str
    resource: Resource
    rows: tuple[str, ...] = ()
    context: Circumstances = Circumstances()
    happened: bool | None = None
    """Whether what was asked for is there now, looked at where it would be; None where its rows alone say so."""


@dataclass
class Ground:
    """Runs to act on, one of Mo's and one of Ada's, with the requests of both and the buttons for all of it."""

    world: World
    runs: dict[bool, RunRecord]
    panels: dict[str, Message]
    """By the label of a button on it."""
    used: set[str]
    ended: dict[bool, RunRecord]
    drafts: dict[bool, RunRecord]
    """Runs that ended verified, with a pull request that is a draft."""
    items: dict[bool, list[str]]
    usd: float = 10.0

    def of(self, cell: Cell) -> RunRecord:
        return self.runs[cell.is_own]

    async def press(self, label: str) -> str:
        return await self.world.pressed(self.panels[label], label)

    def next_of(self, kind: str, cell: Cell) -> str:
        """The label of the first of these buttons that is not used up."""
        names = (f"{kind} {cell.is_own} {number}" for number in range(EACH))
        return next(name for name in names if name not in self.used)

    def use_up(self, label: str, words: str, sign: str) -> None:
        if sign in words:
            self.used.add(label)

    async def state(self, cell: Cell, wanted: RunState) -> None:
        """Have the run stopped or waiting, by Ada."""
        world, record = self.world, await self.world.record_of(self.of(cell).id)
        if wanted is RunState.SUSPENDED and record.state is not wanted:
            await world.areas.runs.stop(record, world.admin)
        elif wanted is not RunState.SUSPENDED and record.state is RunState.SUSPENDED:
            await world.areas.runs.resume(await world.snapshots.load(record), world.admin)


Door = Callable[[Ground, Cell], Awaitable[Did]]


async def use(ground: Ground, cell: Cell) -> Did:
    words, _ = await ground.world.said("omp health")
    return Did(words, Resource())


async def new(ground: Ground, cell: Cell) -> Did:
    """The answer to who may waits for the run's message, which is not posted here: the run itself is enough."""
    world, known = ground.world, await ground.world.newest_run()
    async with asyncio.TaskGroup() as group:
        asked = group.create_task(world.said("omp new", prompt="Fix it", repository="shop"))

        async def is_over() -> bool:
            is_told = asked.done() and "the run starts" not in asked.result()[0]
            return is_told or await world.newest_run() != known

        await until(is_over)
        words = asked.result()[0] if asked.done() else "It runs."
        asked.cancel()
    return Did(words, Resource(repository="shop", channel=ground.world.tasks), ("submit",))


async def status(ground: Ground, cell: Cell) -> Did:
    words, shown = await ground.world.said("omp status", run=ground.of(cell).id)
    return Did(words or str(shown.embeds), resource_of(ground.of(cell)))


async def see(ground: Ground, cell: Cell) -> Did:
    words, shown = await ground.world.said("omp show", run=ground.of(cell).id)
    return Did(words or str(shown.embeds), resource_of(ground.of(cell)))


async def details(ground: Ground, cell: Cell) -> Did:
    words = await ground.press(f"details {cell.is_own}")
    return Did(words, resource_of(ground.of(cell)))


async def say(ground: Ground, cell: Cell) -> Did:
    words, _ = await ground.world.said("omp say", run=ground.of(cell).id, message="Then the docs", when="next")
    return Did(words, resource_of(ground.of(cell)), ("say",))


async def retry(ground: Ground, cell: Cell) -> Did:
    """The form is sent as it is; the run that it starts is looked for, as by `new`."""
    world, label, ended = ground.world, f"retry {cell.is_own}", ground.ended[cell.is_own]
    mo, known = world.playground.mo, await world.newest_run()
    ran = await mo.click(ground.panels[label], label)
    if ran.modal is not None:
        ran = await mo.send_form(ran.modal, {})
    async with asyncio.TaskGroup() as group:
        told = group.create_task(mo.wait_message(lambda m: is_answer(m, ran.id) and not m.is_thinking))

        async def is_over() -> bool:
            is_told = told.done() and "the run starts" not in told.result().text
            return is_told or await world.newest_run() != known

        await until(is_over)
        words = told.result().text if told.done() else "It runs."
        told.cancel()
    new = await world.newest_run()
    happened = new != known and await _is_again(world, new, ended)
    return Did(words, resource_of(ended), ("submit",), happened=happened)


async def _is_again(world: World, run: str, ended: RunRecord) -> bool:
    """Whether this run of Mo has the task of that one."""
    made = await world.record_of(run)
    tasks = [await world.store.task(one.task or "") for one in (made, ended)]
    same = {(task.prompt, task.repositories, task.agent) for task in tasks if task is not None}
    return made.requester == world.playground.mo.id and None not in tasks and len(same) == 1


async def stop(ground: Ground, cell: Cell) -> Did:
    await ground.state(cell, RunState.QUEUED)
    words, _ = await ground.world.said("omp stop", run=ground.of(cell).id)
    return Did(words, resource_of(ground.of(cell)), ("stop",))


async def resume(ground: Ground, cell: Cell) -> Did:
    await ground.state(cell, RunState.SUSPENDED)
    words, _ = await ground.world.said("omp resume", run=ground.of(cell).id)
    return Did(words, resource_of(ground.of(cell)), ("resume",))


async def cancel(ground: Ground, cell: Cell) -> Did:
    world = ground.world
    record = await world.submitted(world.playground.mo.id if cell.is_own else world.admin.id)
    words, asked = await world.said("omp cancel", run=record.id)
    if "will be lost" in words:
        mo = world.playground.mo
        await mo.click(asked, "Yes, cancel it")
        words = (await mo.wait_message(lambda m: m.id == asked.id and "will be lost" not in m.text)).text
    return Did(words, resource_of(record), ("cancel",))


async def raise_limit(ground: Ground, cell: Cell) -> Did:
    mo = ground.world.playground.mo
    ran = await mo.click(ground.panels[f"raise {cell.is_own}"], f"raise {cell.is_own}")
    if ran.modal is not None:
        ground.usd += 1
        ran = await mo.submit_labels(ran, {"usd": f"{ground.usd:.0f}"})
    words = (await mo.wait_message(lambda m: is_answer(m, ran.id) and not m.is_thinking)).text
    return Did(words, resource_of(ground.of(cell)), ("budget",))


async def answer(ground: Ground, cell: Cell) -> Did:
    label = ground.next_of("answer", cell)
    words = await ground.press(label)
    ground.use_up(label, words, "Answer sent")
    return Did(words, resource_of(ground.of(cell)), ("question",))


async def approve(risk: RiskClass, ground: Ground, cell: Cell) -> Did:
    world, label = ground.world, ground.next_of(risk.word, cell)
    rule = world.catalog.rule_of(ground.of(cell), risk)
    words = await ground.press(label)
    ground.use_up(label, words, "Allowed once")
    ground.use_up(label, words, "Your approval counts")
    rows = ("approval",) if rule.people == 1 else ("vote",)
    return Did(words, resource_of(ground.of(cell)), rows, Circumstances(rule=rule))


async def publish(ground: Ground, cell: Cell) -> Did:
    """*Mark ready* of a draft: whether it is published anew is in the log; then it is a draft again."""
    world, record = ground.world, ground.drafts[cell.is_own]
    words = await ground.press(f"publish {cell.is_own}")
    await world.fold()
    snapshot = (await world.snapshots.load(record)).snapshot
    assert snapshot is not None
    happened = snapshot.publishes_again and snapshot.ready_by == "Mo"
    if snapshot.publishes_again:
        machine = (await world.record_of(record.id)).machine
        assert machine is not None
        await world.areas.recorder.record(RunId(record.id), ended_publishing(machine.iteration), DRAFT)
        await world.fold()
    return Did(words, resource_of(record), ("ready",), happened=happened)


def ended_publishing(iteration: int) -> ev.EffectFinished:
    return ev.EffectFinished(key=f"publish:{iteration}", outcome="ok")


async def remember(ground: Ground, cell: Cell) -> Did:
    text = f"Totals are cents, {cell.role.word} {cell.place} {cell.is_own}"
    words, _ = await ground.world.said("omp decide", text=text, scope="repository", repository="shop")
    return Did(words, Resource(repository="shop"), ("memory.keep",))


async def forget(ground: Ground, cell: Cell) -> Did:
    item = ground.items[cell.is_own][-1]
    words, _ = await ground.world.said("omp memory drop", item=item, repository="shop")
    if words.startswith("Dropped"):
        ground.items[cell.is_own].pop()
    author = ground.world.playground.mo.id if cell.is_own else ground.world.admin.id
    return Did(words, Resource(repository="shop", requester=author), ("memory.drop",))


async def admin(ground: Ground, cell: Cell) -> Did:
    words, _ = await ground.world.said("omp-admin pause")
    if words.startswith("Paused"):
        await ground.world.said("omp-admin unpause")
    return Did(words, Resource(), ("pause", "unpause"))


DOORS: Final[dict[str, Door]] = {
    "use": use, "new": new, "status": status, SEE: see, "details": details, "say": say, "retry": retry, "stop": stop,
    "resume": resume, "cancel": cancel, "raise": raise_limit, "answer": answer, "publish": publish,
    "remember": remember, "forget": forget, "admin": admin,
    **{f"approve {risk.word}": partial(approve, risk) for risk in ASKED},
}  # fmt: skip
"""How a person does each action of the table here."""


async def test_no_action_is_without_a_door() -> None:
    assert {name.partition(" ")[0] for name in DOORS} == {*ACTIONS, SEE}


async def test_discord_does_what_authorize_says(world: World, capsys: pytest.CaptureFixture[str]) -> None:
    ground = await prepared(world)
    cells, refused, wrong = 0, 0, list[str]()
    for role, place in product(Role, PLACES):
        await world.give(role, place)
        for action, is_own in product(DOORS, (True, False)):
            cell = Cell(action, role, place, is_own)
            cells += 1
            fault, is_refused = await judged(ground, cell)
            refused += is_refused
            wrong += [f"{cell}: {fault}"] if fault else []
    with capsys.disabled():
        print(f"\nmatrix, Discord: {cells} cells, {refused} of them refused")  # noqa: T201  # what the matrix holds
    assert not wrong, "\n".join(wrong)


async def judged(ground: Ground, cell: Cell) -> tuple[str, bool]:
    """What is wrong in a cell, and whether it was refused."""
    world, last = ground.world, await ground.world.last_row()
    did = await DOORS[cell.action](ground, cell)
    mo = world.mo()
    rows = [row for row in await world.rows_since(last) if row.text("actor") == mo.id]
    noted = [json.loads(row.detail) for row in rows if row.text("action") == REFUSED]
    done = tuple(row.text("action") for row in rows if row.text("action") != REFUSED)
    if not mo.best_role:  # nobody who has no role gets further than this
        denied = authorize(mo, "use")
    else:
        place = did.resource if did.resource.run is not None else Resource(repository=did.resource.repository)
        denied = authorize(mo, SEE, place)
        if not isinstance(denied, Denied):
            denied = authorize(mo, cell.action.partition(" ")[0], did.resource, did.context)
    if did.happened is isinstance(denied, Denied):
        return f"{denied}, but it {'happened' if did.happened else 'did not happen'}: {did.words!r}", False
    if not isinstance(denied, Denied):
        return (f"allowed, but: {did.words!r}, {noted}, {done}" if noted or done != did.rows else ""), False
    if done or len(noted) != 1:
        return f"refused, but the rows are {done} and {noted}: {did.words!r}", True
    code = RefusalCode(noted[0]["code"])
    if code not in SAID_AS[denied.code]:
        return f"{denied.code} was told as {code}", True
    told = [NO_ACCESS] if not mo.best_role else [REFUSALS[one].discord for one in (code, *HIDDEN.get(code, ()))]
    patterns = [".+".join(re.escape(part) for part in re.split(r"\{\w+\}", one)) for one in told]
    is_told = any(re.search(one, did.words) for one in patterns)
    return ("" if is_told else f"{code} was told in other words: {did.words!r}"), True


async def prepared(world: World) -> Ground:
    """What the cells act on."""
    mo = world.playground.mo.id
    drafts = await drafted(world)
    runs = {True: await world.submitted(mo), False: await world.submitted(world.admin.id)}
    ended = {True: await world.submitted(mo), False: await world.submitted(world.admin.id)}
    for record in ended.values():
        await world.areas.runs.cancel(record, world.admin)
    buttons: list[tuple[str, str]] = []
    for is_own, record in runs.items():
        bodies: list[ev.EventBody] = []
        for number in range(EACH):
            bodies.append(ev.QuestionAsked(question=f"q{number}", text="Which?", options=("a", "b")))
            bodies += [
                ev.ApprovalRequested(approval=f"{risk.word}{number}", title="Act", command="act", risk_class=risk.word)
                for risk in ASKED
            ]
            tag = question_tag(f"q{number}")
            buttons.append((f"answer {is_own} {number}", world.signer.sign("opt0", record.id, tag)))
        await world.areas.recorder.observe(RunId(record.id), *bodies)
        await world.fold()
        snapshot = (await world.snapshots.load(record)).snapshot
        assert snapshot is not None
        for number, risk in product(range(EACH), ASKED):
            found = next(one for one in snapshot.approvals if one.ref == f"{risk.word}{number}")
            assert risk_of(found).risk is risk
            custom_id = world.signer.sign("allow", record.id, approval_hash(found))
            buttons.append((f"{risk.word} {is_own} {number}", custom_id))
        buttons += [
            (f"{label} {is_own}", world.signer.button(action, ref))
            for label, action, ref in (
                ("details", "details", record.id), ("raise", "raise", record.id),
                ("publish", "ready", drafts[is_own].id), ("retry", "retry", ended[is_own].id),
            )
        ]  # fmt: skip
    panels: dict[str, Message] = {}
    for first, channel in zip(range(0, len(buttons), 25), cycle(("general", "ops"))):  # five messages in 5 s each
        panel = await world.panel(buttons[first : first + 25], channel)
        panels |= {label: panel for label, _ in buttons[first : first + 25]}
    return Ground(world, runs, panels, set(), ended, drafts, await remembered(world))


async def drafted(world: World) -> dict[bool, RunRecord]:
    """Runs that the driver brings to their end, each with a draft; all that begins later waits for ever."""
    people = {True: world.playground.mo.id, False: world.admin.id}
    runs = {is_own: await world.submitted(person) for is_own, person in people.items()}

    async def is_over() -> bool:
        await world.fold()
        found = [await world.record_of(record.id) for record in runs.values()]
        return all(one.state is RunState.COMPLETE for one in found) and not await world.store.open_effects()

    async with asyncio.TaskGroup() as group:
        driver = group.create_task(world.driver.run())
        await until(is_over)
        driver.cancel()
    for record in runs.values():
        await world.areas.recorder.record(RunId(record.id), DRAFT)
    await world.fold()
    return {is_own: await world.record_of(record.id) for is_own, record in runs.items()}


async def remembered(world: World) -> dict[bool, list[str]]:
    """Decisions of Mo and of Ada."""
    book, kept = world.memory_book, dict[bool, list[str]]()
    people = {True: Person(id=world.playground.mo.id, name="Mo", role=Role.ADMIN), False: world.admin}
    for is_own, person in people.items():
        place = MemoryPlace(guild=world.guild, repository="shop")
        made = [await book.keep(place, new_decision(f"Rule {n} {is_own}"), person) for n in range(EACH)]
        kept[is_own] = [one.item.id for one in made]
    return kept
