"""Takes messages and alerts, starts what they lead to, holds the brake: one run for one thing, a question for a storm.

A message is stored with what it leads to before it is acknowledged; `run` starts what was claimed, also by a process
that ended. Counterpart: `domain/triggers/reading.py`, what a message says.
"""

import asyncio
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from ompycord.conductor import Snapshots
from ompycord.conductor.runs import Runs, Submission
from ompycord.domain.access import Person, Role
from ompycord.domain.catalog import Catalog
from ompycord.domain.ids import DraftId, RunId
from ompycord.domain.policy import Denied, Resource, authorize
from ompycord.domain.ports import AuditTrail, Clock, Ids
from ompycord.domain.ports.schedules import Announcements
from ompycord.domain.ports.triggers import TriggerRows
from ompycord.domain.refusals import RefusalCode
from ompycord.domain.run import RunState
from ompycord.domain.schedules.announcement import AnnouncedButton, Announcement
from ompycord.domain.task import PROMPT_LIMIT, TaskRequest
from ompycord.domain.triggers.options import TriggerSpec
from ompycord.domain.triggers.reading import TriggerMessage, own_branch, read_messages
from ompycord.domain.triggers.records import (
    STORM_IGNORE,
    STORM_START,
    FiringOutcome,
    FiringRequest,
    TriggerRun,
    TriggerState,
    storm_question,
)
from ompycord.errors import OmpycordError, Refused, RefusedInWords
from ompycord.render.phrases import count, money
from ompycord.render.refusals import Audience, refusal_words
from ompycord.render.sanitizer import Sanitizer
from ompycord.telemetry import get_logger
from ompycord.text import cut

__all__ = ["Triggers"]

_PAUSE_S: Final = 30.0
_DAY_MS: Final = 24 * 3600 * 1000
_GIVE_UP_MS: Final = 3600 * 1000
"""How long a run waits for room, where limits are full."""
_NAMED: Final = 10
_SUBJECT: Final = 120
_PASSING: Final = frozenset({RefusalCode.TOO_MANY_OPEN, RefusalCode.NO_NEW_RUNS})

log = get_logger(__name__)


class Triggers:
    """Implements `TriggerMessages` and `TeamTriggers`; `run` runs for the life of the process."""

    def __init__(
        self,
        *,
        specs: Mapping[str, TriggerSpec],
        rows: TriggerRows,
        announcements: Announcements,
        runs: Runs,
        snapshots: Snapshots,
        audit: AuditTrail,
        catalog: Catalog,
        guild: str,
        channels: Mapping[str, str],
        clock: Clock,
        ids: Ids,
        redact: Callable[[str], str],
    ) -> None:
        """`channels`: where runs are announced, by repository; that of the empty name for all others."""
        self._specs = specs
        self._rows = rows
        self._announcements = announcements
        self._runs = runs
        self._snapshots = snapshots
        self._audit = audit
        self._catalog = catalog
        self._guild = guild
        self._channels = channels
        self._clock = clock
        self._ids = ids
        self._redact = redact
        self._fired = asyncio.Event()

    async def run(self) -> None:
        """Start what was claimed, until cancelled."""
        while self._specs:
            try:
                await self.start_claimed()
            except OmpycordError as error:
                log.warning("triggers.wait", cause=str(error))
            try:
                async with asyncio.timeout(_PAUSE_S):
                    await self._fired.wait()
            except TimeoutError:
                continue
            self._fired.clear()

    # -- messages

    def knows(self, name: str) -> bool:
        """See the port."""
        spec = self._specs.get(name)
        return spec is not None and spec.source == "message"

    async def alerted(self, notice: Mapping[str, Any]) -> None:
        """Take an alert that opened. Told of again, it starts nothing more. Raises StorageError."""
        for spec in self._specs.values():
            if spec.source == "alert":
                await self._take(spec, notice)

    async def base_red(self, spec: TriggerSpec, payload: Mapping[str, Any]) -> None:
        """See `CheckTriggers`. A paused one takes nothing: what is red then is told no more."""
        await self._take(spec, payload)

    async def base_unseen(self, spec: TriggerSpec, branch: str, why: str) -> None:
        """See `CheckTriggers`."""
        text = (
            f"Trigger `{spec.name}` cannot look at the checks of {self._shown(branch)}: {cut(self._redact(why), 300)}"
        )
        await self._announce(spec, f"unseen:{branch}", text)

    async def take(self, name: str, payload: Mapping[str, Any]) -> Mapping[FiringOutcome, int]:
        """See the port."""
        spec = self._specs[name]
        branch = own_branch(payload, self._catalog.repository(spec.repository).branch_prefix)
        if branch is not None:
            await self._own(spec, branch)
            return {}
        return await self._take(spec, payload)

    async def _take(self, spec: TriggerSpec, payload: Mapping[str, Any]) -> Mapping[FiringOutcome, int]:
        found: Counter[FiringOutcome] = Counter()
        for message in read_messages(spec, payload):
            found[await self._fire(spec, message)] += 1
        self._fired.set()
        return found

    async def _fire(self, spec: TriggerSpec, message: TriggerMessage) -> FiringOutcome:
        now, storm = self._clock.now_ms(), self._ids.ulid()
        request = FiringRequest(
            trigger=spec.name,
            fingerprint=message.fingerprint,
            subject=self._redact(message.subject),
            prompt=self._redact(message.prompt),
            at=now,
            cooldown_ms=spec.cooldown_min * 60_000,
            burst=spec.burst,
            is_dry=spec.dry,
            run=self._ids.ulid(),
            storm=storm,
        )
        question = self._question(spec, storm) if self._channel(spec) else None
        fired = await self._rows.fire(request, question)
        log.info("trigger.fired", trigger=spec.name, outcome=fired.outcome, run=fired.run or None)
        if fired.outcome is FiringOutcome.DRY:
            subject = self._shown(message.subject)
            text = f"Trigger `{spec.name}` would start a run for {subject}. It is dry: set `dry: false` to let it."
            await self._announce(spec, f"dry:{fired.run}", text)
        return fired.outcome

    def _question(self, spec: TriggerSpec, storm: str) -> Announcement:
        text = (
            f"Trigger `{spec.name}`: more came than may start runs by themselves. What comes until you decide is kept "
            "together. Start one run for all of it?"
        )
        buttons = (
            AnnouncedButton(action=STORM_START, label="Start one run", ref=storm, is_primary=True),
            AnnouncedButton(action=STORM_IGNORE, label="Ignore it", ref=storm),
        )
        return self._announcement(spec, storm_question(spec.name, storm), text).model_copy(update={"buttons": buttons})

    async def _own(self, spec: TriggerSpec, branch: str) -> None:
        """What our own result caused starts nothing; that is said once."""
        shown = self._shown(branch)
        log.warning("trigger.own", trigger=spec.name, branch=branch)
        text = (
            f"Trigger `{spec.name}` got a message about {shown}, a branch of Ompycord's own, so it started nothing: "
            "a result would set off the next run. Leave such branches out where the message is sent."
        )
        await self._announce(spec, f"own:{branch}", text)

    # -- starting

    async def start_claimed(self) -> int:
        """Start what was claimed; how many. Raises StorageError."""
        started = 0
        for row in await self._rows.claimed():
            started += await self._start(row)
        return started

    async def _start(self, row: TriggerRun) -> bool:
        spec = self._specs.get(row.trigger)
        if spec is None:
            await self._rows.settled(row.run, "refused")
            return False
        state = await self._rows.state(spec.name)
        brake = await self._brake(spec, state)
        if brake or state.paused is not None:
            await self._rows.settled(row.run, "refused")
            if brake and await self._rows.set_paused(spec.name, brake, at=self._clock.now_ms()):
                text = f"Trigger `{spec.name}` is paused: {brake} `/omp trigger resume` lets it go on."
                await self._announce(spec, f"brake:{row.run}", text)
            return False
        submission = Submission(
            request=self._request(spec, row.prompt),
            guild=self._guild,
            channel=self._channel(spec),
            requester=("", f"trigger {spec.name}"),
            note=f"Started by trigger {spec.name}.",
        )
        person = Person(id="", name=f"trigger {spec.name}", role=Role.RUNNER)
        try:
            await self._runs.submit(DraftId(row.run), submission, person)
        except Refused as refused:
            is_waiting = refused.code in _PASSING and self._clock.now_ms() - row.at < _GIVE_UP_MS
            if not is_waiting:
                await self._rows.settled(row.run, "refused")
                why = cut(refusal_words(refused, Audience.HTTP), 300)
                await self._announce(spec, f"refused:{row.run}", f"Trigger `{spec.name}` could not start a run: {why}")
            return False
        await self._rows.settled(row.run, "started")
        return True

    async def _brake(self, spec: TriggerSpec, state: TriggerState) -> str:
        """Why it is paused now; empty where nothing says so."""
        now = self._clock.now_ms()
        ids = [RunId(one) for one in await self._rows.started_since(spec.name, max(now - _DAY_MS, state.resumed_at))]
        folded = await self._snapshots.folded_of(ids)
        shown = [folded[one].snapshot for one in ids if one in folded]
        spent = sum(one.usage.cost_usd or 0 for one in shown)
        if spent >= spec.spend_usd:
            return f"its runs cost {money(spent)} in 24 hours, and {money(spec.spend_usd)} is the limit."
        last = [one for one in shown if one.is_final][: spec.failures]
        if len(last) == spec.failures and all(one.state is RunState.FAILED for one in last):
            return f"its last {count(spec.failures, 'run')} failed."
        return ""

    def _request(self, spec: TriggerSpec, prompt: str) -> TaskRequest:
        agents = self._catalog.agents_for(self._catalog.repository(spec.repository))
        agent = spec.agent or (agents[0].name if agents else "none")
        return TaskRequest(
            prompt=prompt[:PROMPT_LIMIT], repositories=(spec.repository,), agent=agent, mode=spec.mode,
            budget_usd=spec.budget_usd,
        )  # fmt: skip

    # -- people

    async def listed(self) -> Sequence[tuple[TriggerSpec, TriggerState]]:
        """See the port."""
        return [(spec, await self._rows.state(name)) for name, spec in self._specs.items()]

    async def pause(self, name: str, person: Person) -> None:
        """See the port."""
        await self._set(name, person, f"{person.name} paused it.")

    async def resume(self, name: str, person: Person) -> None:
        """See the port."""
        await self._set(name, person, None)

    async def _set(self, name: str, person: Person, why: str | None) -> None:
        spec = self._specs.get(name)
        if spec is None:
            raise RefusedInWords(f"There is no trigger `{name[:32]}` here. `/omp trigger list` shows them.")
        self._require(person, spec)
        if not await self._rows.set_paused(name, why, at=self._clock.now_ms()):
            raise RefusedInWords(f"`{name}` is {'not paused' if why is None else 'paused already'}.")
        await self._record(name, "trigger_resume" if why is None else "trigger_pause", person)

    async def answer(self, storm: str, person: Person, *, starts: bool) -> int:
        """See the port."""
        found = await self._rows.storm(storm)
        spec = None if found is None else self._specs.get(found.trigger)
        if found is None or spec is None or not found.is_open:
            raise RefusedInWords("That was decided already, so nothing was done.")
        self._require(person, spec)
        if starts and (await self._rows.state(spec.name)).paused is not None:
            raise RefusedInWords(f"`{spec.name}` is paused, so nothing started. `/omp trigger resume` lets it go on.")
        run = None
        if starts:
            prompt = _together(found.subjects, found.prompts)
            run = TriggerRun(run=self._ids.ulid(), trigger=spec.name, prompt=prompt, at=self._clock.now_ms())
        done = "lets one run start for" if starts else "ignored"
        words = f"{self._shown(person.name)} {done} {count(found.messages, 'message')} of trigger `{spec.name}`."
        if not await self._rows.close_storm(found, person.id, run, words):
            raise RefusedInWords("Another person decided just now, so nothing was done.")
        await self._record(spec.name, "trigger_start" if starts else "trigger_ignore", person)
        self._fired.set()
        return found.messages

    def _require(self, person: Person, spec: TriggerSpec) -> None:
        denied = authorize(person, "new", Resource(repository=spec.repository, channel=self._channel(spec)))
        if isinstance(denied, Denied):
            raise Refused(denied.code, needs=denied.needs[-1])

    async def _record(self, name: str, action: str, person: Person) -> None:
        detail = {"by_name": person.name}
        await self._audit.audit(
            actor=person.id, action=action, subject=f"trigger {name}", detail=detail, at=self._clock.now_ms()
        )

    # -- words

    def _shown(self, text: str) -> str:
        return Sanitizer(self._redact).line(text, _SUBJECT)

    def _channel(self, spec: TriggerSpec) -> str:
        return spec.channel or self._channels.get(spec.repository) or self._channels.get("", "")

    def _announcement(self, spec: TriggerSpec, key: str, text: str) -> Announcement:
        nonce, at = self._ids.token()[:25], self._clock.now_ms()
        return Announcement(
            key=key, guild=self._guild, channel=self._channel(spec), text=text, nonce=nonce, created_at=at,
        )  # fmt: skip

    async def _announce(self, spec: TriggerSpec, key: str, text: str) -> None:
        if self._channel(spec):
            await self._announcements.announce(self._announcement(spec, f"trigger:{spec.name}:{key}"[:200], text))


def _together(subjects: Sequence[str], prompts: Sequence[str]) -> str:
    """One task about all of it: the first message whole, the others by what they are about."""
    more = "\n".join(f"- {subject}" for subject in subjects[:_NAMED])
    left = f"\n- and {len(subjects) - _NAMED} more" if len(subjects) > _NAMED else ""
    first = prompts[0] if prompts else ""
    return f"{first}\n\nThese came together, perhaps from one cause. Find that first:\n{more}{left}"
