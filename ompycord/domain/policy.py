"""Who may do what: `authorize`, the only place that decides; pure, asked by every surface.

Its tables are the rules of roles (`access.py`), the authority of sources over events (`authority.py`) and the scopes of
keys. `refusals.py` names its answers, `render/refusals.py` puts them into words.
"""

from dataclasses import dataclass
from functools import lru_cache

from ompycord.domain.access import ACTIONS, Person, Role
from ompycord.domain.authority import AGENT_KINDS, SourceKind
from ompycord.domain.events import AUTHORITY
from ompycord.domain.ids import RunId
from ompycord.domain.refusals import RefusalCode
from ompycord.domain.risk.deciders import DecisionRule, Vote, counts, needs_of
from ompycord.domain.run import RunRecord
from ompycord.errors import NotYours

__all__ = [
    "ALLOWED",
    "SEE",
    "SYSTEM",
    "Action",
    "Actor",
    "AgentActor",
    "Allowed",
    "Circumstances",
    "Denied",
    "KeyActor",
    "RecordEvent",
    "Resource",
    "SystemActor",
    "authorize",
    "is_allowed",
    "require_authority",
    "resource_of",
]

SEE = "see"
"""The action of seeing a run. It needs no role, only the right server or key."""


@dataclass(frozen=True, slots=True)
class KeyActor:
    """A program with a key."""

    scopes: frozenset[str]
    run: RunId | None = None
    """The run to which the key is bound and for which it speaks."""

    @property
    def kind(self) -> SourceKind:
        """The kind of source as which its events count."""
        return SourceKind.EXTERNAL if self.run is None else SourceKind.RUN_KEY


@dataclass(frozen=True, slots=True)
class AgentActor:
    """An agent that we started, through its adapter."""

    run: RunId | None = None


@dataclass(frozen=True, slots=True)
class SystemActor:
    """Ompycord itself, and people who work on this machine with the same rights: the command line."""


SYSTEM = SystemActor()

Actor = Person | KeyActor | AgentActor | SystemActor


@dataclass(frozen=True, slots=True)
class RecordEvent:
    """The action of putting a fact of this type into the log."""

    type: str


Action = str | RecordEvent
"""A rule of `access.ACTIONS`, a scope, `SEE`, the name of a command-line operation, or an event to record."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Resource:
    """What the action is done to, as far as it is known."""

    guild: str | None = None
    repository: str | None = None
    channel: str | None = None
    run: RunId | None = None
    requester: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Circumstances:
    """What the answer depends on apart from actor, action and resource."""

    guild: str | None = None
    """The server in which a person acts; None where the server does not matter."""
    two_person: bool = False
    """The requester of the run may not allow what its agent asks for."""
    rule: DecisionRule | None = None
    """Who decides on what an agent asks, by its risk class."""
    anywhere: bool = False
    """Whether one place where they may is enough: before it is known which repository or channel is meant."""


_NOTHING = Resource()
_PLAIN = Circumstances()


@dataclass(frozen=True, slots=True)
class Allowed:
    """It may be done."""


@dataclass(frozen=True, slots=True)
class Denied:
    """It may not be done."""

    code: RefusalCode
    needs: tuple[str, ...] = ()
    """Who could: `requester`, then the least role; or the scope. Empty where no one can."""


ALLOWED = Allowed()


def resource_of(record: RunRecord) -> Resource:
    """The resource that stands for a run."""
    return Resource(
        guild=record.guild,
        repository=record.repository,
        channel=record.channel,
        run=RunId(record.id),
        requester=record.requester,
    )


def authorize(
    actor: Actor, action: Action, resource: Resource = _NOTHING, context: Circumstances = _PLAIN
) -> Allowed | Denied:
    """Whether this actor may do this to that. Raises KeyError for an action of people that is in no table."""
    if isinstance(action, RecordEvent):
        allowed = AUTHORITY.get(action.type, AGENT_KINDS)
        return ALLOWED if _kind_of(actor) in allowed else Denied(RefusalCode.NOT_YOURS)
    match actor:
        case Person():
            return _of_person(actor, action, resource, context)
        case KeyActor():
            return _of_key(actor, action, resource)
        case AgentActor():
            return ALLOWED if resource.run in {None, actor.run} else Denied(RefusalCode.NO_SUCH_RUN)
        case SystemActor():
            return ALLOWED


def is_allowed(actor: Actor, action: Action, resource: Resource = _NOTHING, context: Circumstances = _PLAIN) -> bool:
    """`authorize` for callers that need no reason for a refusal."""
    return isinstance(authorize(actor, action, resource, context), Allowed)


def require_authority(type_: str, kind: SourceKind) -> None:
    """Raises NotYours (403 `not-yours`) when this kind of source may not record this type of event."""
    if not _may_record(type_, kind):
        raise NotYours(f"{type_} is not for {kind.replace('_', ' ')} sources to say")


@lru_cache(maxsize=512)
def _may_record(type_: str, kind: SourceKind) -> bool:
    return is_allowed(_ACTOR_OF[kind], RecordEvent(type_))


def _kind_of(actor: Actor) -> SourceKind:
    match actor:
        case Person():
            return SourceKind.PERSON
        case KeyActor():
            return actor.kind
        case AgentActor():
            return SourceKind.AGENT
        case SystemActor():
            return SourceKind.OMPYCORD


def _of_person(person: Person, action: str, resource: Resource, context: Circumstances) -> Allowed | Denied:
    if resource.guild is not None and context.guild is not None and resource.guild != context.guild:
        return Denied(RefusalCode.NO_SUCH_RUN)  # a run of another server is reported as not found
    in_place = person.role_in(repository=resource.repository, channel=resource.channel)
    if action == SEE:
        # Without places, whoever may use anything here sees every run of the server.
        is_hidden = in_place is Role.NONE and not person.places.is_everywhere_the_same
        return Denied(RefusalCode.NO_SUCH_RUN) if is_hidden else ALLOWED
    rule = ACTIONS[action]
    role = person.best_role if context.anywhere or action == "use" else in_place
    is_requester = resource.requester is not None and person.id == resource.requester
    if context.two_person and is_requester:
        return Denied(RefusalCode.OWN_REQUEST, (Role.APPROVER.word,))
    if context.rule is not None:
        return _by_rule(Vote(person.id, role, is_requester), context.rule)
    if role >= rule.least or (rule.own is not None and is_requester and role >= rule.own):
        return ALLOWED
    needs = rule.least.word
    if action == "new":
        return Denied(RefusalCode.WATCH_ONLY, (needs,))
    return Denied(RefusalCode.NOT_PERMITTED, (needs,) if rule.own is None else ("requester", needs))


def _by_rule(vote: Vote, rule: DecisionRule) -> Allowed | Denied:
    """Whether this person is one of those who decide by a rule."""
    if vote.is_requester and not rule.requester:
        return Denied(RefusalCode.OWN_REQUEST, (Role.APPROVER.word,))
    if counts(rule, vote):
        return ALLOWED
    return Denied(RefusalCode.NOT_PERMITTED, needs_of(rule))


def _of_key(key: KeyActor, action: str, resource: Resource) -> Allowed | Denied:
    """The answer for a key. A missing scope is refused before anything about a run is revealed."""
    if action != SEE and action not in key.scopes:
        return Denied(RefusalCode.NEEDS_SCOPE, (action,))
    if resource.run is not None and key.run not in {None, resource.run}:
        return Denied(RefusalCode.NO_SUCH_RUN)
    return ALLOWED


_ACTOR_OF: dict[SourceKind, Actor] = {
    SourceKind.OMPYCORD: SYSTEM,
    SourceKind.PERSON: Person(id="", name="", role=Role.NONE),
    SourceKind.AGENT: AgentActor(),
    SourceKind.RUN_KEY: KeyActor(frozenset(), run=RunId("")),
    SourceKind.EXTERNAL: KeyActor(frozenset()),
}
"""Any actor of a kind: who records an event is known by its kind alone."""
