"""An agent asks for a secret, a person gives it, and one start of the agent has it in its environment.

Where the settings allow it, a person gives it for requests to one host instead: Ompycord's proxy adds it to them until
the run has ended, and the agent does not get it (`http/proxy/attaching.py`).

A request is a question with one answer, *Refuse*: it parks its run, is shown, reminded of and listed as every other
question, and the value never passes through Discord. Giving it is decided once, as an answer that says no value. What
was given is what the log says: the vault only keeps values. Counterparts: `vault.py`, and the ways to give it, which
are the page (`webhook/secret_page.py`) and the command line (`app/secret_requests/operations.py`).
"""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from typing import Final

from pydantic import SecretStr

from ompycord.conductor.bus import Bus
from ompycord.conductor.roles.present import PresentRoles
from ompycord.conductor.run_access import RunAccess, require_hosted
from ompycord.conductor.secret_requests.vault import SecretVault
from ompycord.conductor.snapshots import LoadedRun
from ompycord.conductor.transcript import Transcript
from ompycord.conductor.transitions import Transitions
from ompycord.domain import events as ev
from ompycord.domain.access import Person
from ompycord.domain.authority import SourceKind
from ompycord.domain.catalog import Catalog
from ompycord.domain.folds.snapshot import StatusSnapshot
from ompycord.domain.ids import RunId, short_id
from ompycord.domain.ports import Observations, RunHistory
from ompycord.domain.records import Committed
from ompycord.domain.refusals import RefusalCode
from ompycord.domain.run import FINAL, RunRecord, SuspendReason
from ompycord.domain.secret_requests.givers import giving_rule
from ompycord.domain.secret_requests.hosts import hosts_for
from ompycord.domain.secret_requests.rules import (
    GIVEN,
    REFUSE,
    SecretName,
    given_for,
    header_fault,
    host_of,
    name_fault,
    value_fault,
)
from ompycord.errors import Refused, StorageError
from ompycord.telemetry import get_logger

__all__ = ["SecretRequest", "SecretRequests"]

POLL_S: Final = 60.0
"""Seconds between two looks for runs that have ended, for the case that a notice was missed."""
_WHY: Final = 1000
_MOST: Final = 8
"""Different secrets for which one run may ask."""

log = get_logger(__name__)


@dataclass(frozen=True, slots=True)
class SecretRequest:
    """A request of an agent, as it stands in the log."""

    question: str
    name: SecretName
    text: str
    """What people read."""
    answer: str | None = None
    """`GIVEN`, that with a host (`given_for`), or `REFUSE`; None while nobody has decided."""
    by: str | None = None
    is_withdrawn: bool = False

    @property
    def host(self) -> str | None:
        """The host for whose requests it was given; None where it was not, or was given to the agent."""
        return host_of(self.answer)

    @property
    def is_open(self) -> bool:
        return self.answer is None and not self.is_withdrawn


class SecretRequests:
    """One for the process."""

    def __init__(
        self,
        *,
        access: RunAccess,
        transitions: Transitions,
        history: RunHistory,
        observations: Observations,
        catalog: Catalog,
        vault: SecretVault,
        present: PresentRoles,
        bus: Bus,
        is_common: Callable[[str], bool],
        wake: Callable[[], None],
    ) -> None:
        """`is_common` says of a value that everybody writes it, so that it cannot be taken out of texts."""
        self._access = access
        self._transitions = transitions
        self._history = history
        self._observations = observations
        self._catalog = catalog
        self._vault = vault
        self._present = present
        self._bus = bus
        self._is_common = is_common
        self._wake = wake
        self._giving: set[tuple[RunId, str]] = set()
        """Runs and names for which a value is on its way to the disk."""

    # -- the agent -----------------------------------------------------------------------------------------------------

    async def request(self, run: RunId, name: str, why: str) -> str:
        """What the agent of a run is told when it asks for a secret; its run waits then where people must give it.

        Asked again, it is the same request. A refusal holds for the run. Raises Refused, StorageError.
        """
        record, why = await self._at_work(run), " ".join(why.split())
        if (fault := name_fault(name)) is not None:
            raise Refused(RefusalCode.VALUE_UNFIT, why=fault)
        if not why:
            raise Refused(RefusalCode.TEXT_MISSING, what="A request for a secret", part="why")
        if self._vault.is_present(run, name):
            return f"{name} is in your environment. Never print it, and write it into no file of the repository."
        requests = await self.requests(run)
        latest = next((one for one in reversed(requests) if one.name == name and not one.is_withdrawn), None)
        if latest is not None and latest.answer == REFUSE:
            return f"{latest.by} refused to give {name}. Go on without it, or end your work and say what is missing."
        if latest is not None and latest.host in self.hosts(record, name):
            return _for_host(latest)
        if latest is None or (latest.answer is not None and latest.question not in self._vault.unused(run)):
            if len({one.name for one in requests} | {name}) > _MOST:
                raise Refused(RefusalCode.VALUE_UNFIT, why=f"One run asks for at most {_MOST} different secrets.")
            await self._ask(run, name, why[:_WHY])
        await self._park(record, name)
        return (
            f"People were asked for {name}, and your run is paused. You are started again once it is given or refused."
        )

    async def _at_work(self, run: RunId) -> RunRecord:
        record = await self._access.store.run(run)
        if record is None or record.state in FINAL:
            raise Refused(RefusalCode.RUN_ENDED, run=short_id(run))
        require_hosted(record)
        return record

    async def _ask(self, run: RunId, name: str, why: str) -> None:
        text = f"It needs the secret {name}: {why}"
        body = ev.QuestionAsked(
            question=self._access.ids.ulid(), text=text, options=(REFUSE,), free_text=False, secret=name
        )
        await self._observations.observe(run, (body,), at=self._access.clock.now_ms())

    async def _park(self, record: RunRecord, name: str) -> None:
        """Stop the agent: only its next start can have it. A run that was stopped meanwhile stays as it is."""
        reason = f"It waits for the secret {name} and goes on by itself once that is given or refused."
        body = ev.RunStopped(by="Ompycord", reason=reason, cause=SuspendReason.WAITING)
        try:
            await self._transitions.decide(RunId(record.id), body, kind=SourceKind.OMPYCORD, must_move=True)
        except Refused as error:
            if error.code != RefusalCode.MOVED_ON:
                raise
        self._wake()

    async def environment(self, run: RunId) -> dict[str, str]:
        """The secrets for a start of the run's agent that begins now: what people gave and no start had yet."""
        unused = self._vault.unused(run)
        requests = await self.requests(run) if unused else ()
        given = {one.question for one in requests if one.answer == GIVEN}
        bound = {(one.name, one.host): unused[one.question] for one in requests if one.host and one.question in unused}
        self._vault.bind(run, bound)
        try:
            return await self._vault.hand_out(run, [one for one in unused.values() if one.question in given])
        except (OSError, ValueError) as error:
            log.warning("secrets.unread", run=run, cause=type(error).__name__)
            return {}

    async def for_host(self, run: RunId, name: str, host: str) -> str | None:
        """What a person gave for requests of the run's agent to this host; None where nobody did."""
        try:
            return await self._vault.for_host(run, name, host)
        except (OSError, ValueError) as error:
            log.warning("secrets.unread", run=run, cause=type(error).__name__)
            return None

    async def words(self, run: RunId) -> tuple[str, ...]:
        """What its agent is told, at its start, about the secrets that it asked for: a sentence each."""
        latest = {one.name: one for one in await self.requests(run) if one.answer is not None}
        record = await self._access.store.run(run) if latest else None
        return tuple(self._sentence(record, one) for one in latest.values()) if record is not None else ()

    def _sentence(self, record: RunRecord, request: SecretRequest) -> str:
        name = request.name
        if request.answer == REFUSE:
            return f"{request.by} refused to give you the secret {name}. Go on without it."
        if request.host in self.hosts(record, name):
            return _for_host(request)
        if self._vault.is_present(RunId(record.id), name):
            return (
                f"The secret {name} that you asked for is in your environment, for this start of yours alone. Never "
                "print it, and write it into no file of the repository."
            )
        return (
            f"The secret {name} is not in your environment any more: it was for one start. Ask with request_secret "
            "again if you still need it."
        )

    # -- people --------------------------------------------------------------------------------------------------------

    async def requests(self, run: RunId) -> Sequence[SecretRequest]:
        """All that the agents of a run asked for, oldest first, as it is on disk."""
        transcript = Transcript()
        transcript.add(await self._history.transcript(run, after=0))
        return [
            SecretRequest(
                wanted.question,
                wanted.secret,
                wanted.text,
                request.decided.answer if isinstance(request.decided, ev.QuestionAnswered) else None,
                request.decided.by if isinstance(request.decided, ev.QuestionAnswered) else None,
                request.is_withdrawn,
            )
            for request in transcript.requests.values()
            if isinstance(wanted := request.body, ev.QuestionAsked) and wanted.secret is not None
        ]

    def require(self, person: Person, record: RunRecord) -> None:
        """Raises Refused where this person may not give a secret to this run."""
        require_hosted(record)
        self._access.require(person, "approve", record, rule=giving_rule(self._catalog, record))

    async def now(self, record: RunRecord, person: Person) -> Person:
        """The person with the role of this moment. Raises UnavailableError while Discord does not say."""
        return await self._present.person(record.guild, person.id, person.name) or person

    async def open_request(self, record: RunRecord, *, name: str, question: str | None = None) -> SecretRequest:
        """The open request for the secret of this name. Raises Refused where there is none.

        `question`: this request alone, and none that came later for the same name.
        """
        found = await self.requests(RunId(record.id)) if record.state not in FINAL else ()
        request = next((one for one in reversed(found) if one.name == name and one.is_open), None)
        if request is None or question not in {None, request.question}:
            raise Refused(RefusalCode.NOTHING_REQUESTED, run=short_id(RunId(record.id)), name=name)
        return request

    def hosts(self, record: RunRecord, name: str) -> tuple[str, ...]:
        """The hosts for which it can be given, in place of to the agent."""
        return hosts_for(self._catalog, record, name)

    async def give(
        self,
        loaded: LoadedRun,
        name: str,
        value: SecretStr,
        person: Person,
        *,
        way: str,
        request: str | None = None,
        host: str | None = None,
    ) -> Committed:
        """Give it, once, to the next start of the agent; `way` is how it came, for the record.

        `request`: for this request alone, by the name of its question. `host`: not to the agent, but for its requests
        to this one of `hosts`. `Committed.earlier` is the decision of whoever came first. Raises Refused, StorageError.
        """
        record, run, text = loaded.record, loaded.run, value.get_secret_value()
        self.require(person, record)
        self._require_host(record, name, host)
        fault = value_fault(text) or self._fault_here(text, loaded.snapshot)
        fault = fault or (None if host is None else header_fault(text))
        if fault is not None:
            raise Refused(RefusalCode.VALUE_UNFIT, why=fault)
        if (run, name) in self._giving:
            raise Refused(RefusalCode.VALUE_ON_ITS_WAY, name=name)
        self._giving.add((run, name))  # before anything is read: of two people the second finds the first one's gift
        try:
            opened = await self.open_request(record, name=name, question=request)
            await self._vault.put(run, opened.question, opened.name, text)
            committed = await self._record(record, opened, person, way=way, host=host)
            if not committed.fresh:
                await self._vault.drop(run, opened.question)
        except OSError as error:
            raise StorageError(f"the secrets' folder takes nothing ({error.strerror})") from None
        finally:
            self._giving.discard((run, name))
        self._wake()
        return committed

    def _fault_here(self, value: str, snapshot: StatusSnapshot | None) -> str | None:
        if self._is_common(value):
            return "It is a word that stands in many texts, so it could not be kept out of logs and messages."
        shown = (snapshot.title, snapshot.prompt, snapshot.repository, snapshot.agent) if snapshot is not None else ()
        if any(value.strip().casefold() in (text or "").casefold() for text in shown):
            return "It stands in the task of this run, where everybody reads it. Make a new one and give that."
        return None

    def _require_host(self, record: RunRecord, name: str, host: str | None) -> None:
        allowed = self.hosts(record, name)
        if host is not None and host not in allowed:
            known = ", ".join(allowed) or "none"
            why = f"The settings add {name} to no requests to {host[:64]}. Hosts that they name for it: {known}."
            raise Refused(RefusalCode.VALUE_UNFIT, why=why)

    async def _record(
        self, record: RunRecord, request: SecretRequest, person: Person, *, way: str, host: str | None
    ) -> Committed:
        agent = record.agent or "its agent"
        reach = (
            f"for one start of {agent}, in its environment"
            if host is None
            else f"for requests of {agent} to {host} by Ompycord's proxy, until its run has ended"
        )
        decision = self._access.decision(
            RunId(record.id), "question", request.question, f"Give the secret {request.name} {way}, {reach}", person
        )
        answer = GIVEN if host is None else given_for(host)
        body = ev.QuestionAnswered(question=request.question, answer=answer, by=person.name)
        return await self._access.record(RunId(record.id), body, kind=SourceKind.PERSON, decision=decision)

    # -- keeping -------------------------------------------------------------------------------------------------------

    async def run(self) -> None:
        """Remove what is kept of runs that have ended, until cancelled."""
        with self._bus.subscribe() as changes:
            changed = self._vault.runs
            while True:
                await self.forget_ended(changed)
                changed = frozenset(await changes.take(POLL_S)) or self._vault.runs

    async def forget_ended(self, runs: Collection[RunId]) -> None:
        """Remove what is kept of those of these runs that have ended; what cannot be removed now is tried again."""
        for run in self._vault.runs.intersection(runs):
            try:
                record = await self._access.store.run(run)
                if record is None or record.state in FINAL:
                    await self._vault.forget(run)
            except (StorageError, OSError) as error:
                log.warning("secrets.kept", run=run, cause=str(error))


def _for_host(request: SecretRequest) -> str:
    return (
        f"{request.by} gave the secret {request.name} for your requests to http://{request.host}/: Ompycord's proxy "
        "adds it to them until your run has ended. You do not get it yourself."
    )
