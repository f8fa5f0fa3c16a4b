"""`authorize`: who may do what, over all roles, keys and sources; and that no other module decides."""

import ast
from collections.abc import Iterator

import pytest

from ompycord.domain.access import ACTIONS, Access, Person, Role, RoleNames
from ompycord.domain.authority import AGENT_KINDS, SourceKind
from ompycord.domain.events import AUTHORITY
from ompycord.domain.events.fields import KnownEvent
from ompycord.domain.ids import RunId
from ompycord.domain.policy import (
    ALLOWED,
    SEE,
    SYSTEM,
    Actor,
    AgentActor,
    Circumstances,
    Denied,
    KeyActor,
    RecordEvent,
    Resource,
    authorize,
    is_allowed,
    require_authority,
)
from ompycord.domain.records import Scope
from ompycord.domain.refusals import RefusalCode
from ompycord.errors import NotYours
from tests.support.sources import product

pytestmark = pytest.mark.xdist_group("source")
REQUESTER = "100000000000000001"
ANY, RUNNER, APPROVER, ADMIN, OWN = Role.VIEWER, Role.RUNNER, Role.APPROVER, Role.ADMIN, Role.RUNNER
RULES: dict[str, tuple[Role, Role | None]] = {
    "use": (ANY, None),
    "new": (RUNNER, None),
    "status": (ANY, None),
    "details": (ANY, None),
    "say": (RUNNER, None),
    "retry": (RUNNER, None),
    "stop": (APPROVER, OWN),
    "resume": (APPROVER, OWN),
    "cancel": (APPROVER, OWN),
    "raise": (APPROVER, OWN),
    "answer": (APPROVER, OWN),
    "approve": (APPROVER, OWN),
    "remember": (RUNNER, None),
    "forget": (APPROVER, OWN),
    "publish": (APPROVER, None),
    "admin": (ADMIN, None),
}
"""The least role, and what the requester of the run needs (docs/contracts/commands-and-buttons.md, *Roles*)."""


def person(role: Role, id_: str = REQUESTER) -> Person:
    return Person(id=id_, name="Ada", role=role)


@pytest.mark.parametrize("action", ACTIONS)
@pytest.mark.parametrize("role", Role)
@pytest.mark.parametrize("requester", [REQUESTER, "100000000000000002", None], ids=["own", "another's", "no one's"])
def test_each_role_may_do_what_the_contract_says(action: str, role: Role, requester: str | None) -> None:
    least, own = RULES[action]
    may = role >= least or (own is not None and requester == REQUESTER and role >= own)
    answer = authorize(person(role), action, Resource(requester=requester))
    assert (answer == ALLOWED) is may
    if isinstance(answer, Denied):
        assert answer.code is (RefusalCode.WATCH_ONLY if action == "new" else RefusalCode.NOT_PERMITTED)
        assert answer.needs == (*(["requester"] if own is not None else []), least.name.lower())


def test_an_action_of_people_that_no_table_knows_is_a_defect() -> None:
    with pytest.raises(KeyError):
        authorize(person(Role.ADMIN), "fly")


@pytest.mark.parametrize("role", [Role.RUNNER, Role.ADMIN])
def test_under_the_two_person_rule_the_requester_may_not_allow(role: Role) -> None:
    two = Circumstances(two_person=True)
    denied = authorize(person(role), "approve", Resource(requester=REQUESTER), two)
    assert denied == Denied(RefusalCode.OWN_REQUEST, ("approver",))
    assert is_allowed(person(Role.APPROVER, "100000000000000002"), "approve", Resource(requester=REQUESTER), two)


@pytest.mark.parametrize(
    ("guild", "may"), [("1", True), ("2", False), (None, True)], ids=["this server's", "another's", "an external run"]
)
def test_a_run_of_another_server_is_not_there(guild: str | None, may: bool) -> None:
    here = Circumstances(guild="1")
    for action in (SEE, "details", "cancel"):
        answer = authorize(person(Role.ADMIN), action, Resource(guild=guild), here)
        assert answer == (ALLOWED if may else Denied(RefusalCode.NO_SUCH_RUN))


@pytest.mark.parametrize("scope", Scope)
def test_a_key_may_what_its_scopes_say(scope: Scope) -> None:
    assert authorize(KeyActor(frozenset({scope})), scope) == ALLOWED
    others = frozenset(Scope) - {scope}
    assert authorize(KeyActor(others), scope) == Denied(RefusalCode.NEEDS_SCOPE, (scope,))


def test_a_key_of_a_run_sees_that_run_alone() -> None:
    bound, free = KeyActor(frozenset({Scope.RUNS_READ}), run=RunId("A")), KeyActor(frozenset({Scope.RUNS_READ}))
    for action in (SEE, Scope.RUNS_READ):
        assert is_allowed(bound, action, Resource(run=RunId("A")))
        assert authorize(bound, action, Resource(run=RunId("B"))) == Denied(RefusalCode.NO_SUCH_RUN)
        assert is_allowed(free, action, Resource(run=RunId("B")))
    assert is_allowed(AgentActor(RunId("A")), "ask", Resource(run=RunId("A")))
    assert not is_allowed(AgentActor(RunId("A")), "ask", Resource(run=RunId("B")))
    assert is_allowed(SYSTEM, "runs.list")


ACTORS: dict[SourceKind, Actor] = {
    SourceKind.OMPYCORD: SYSTEM,
    SourceKind.PERSON: person(Role.ADMIN),
    SourceKind.AGENT: AgentActor(RunId("A")),
    SourceKind.RUN_KEY: KeyActor(frozenset(), run=RunId("A")),
    SourceKind.EXTERNAL: KeyActor(frozenset()),
}


@pytest.mark.parametrize("kind", SourceKind)
@pytest.mark.parametrize("type_", [*AUTHORITY, "never.heard.of"])
def test_who_may_record_an_event(kind: SourceKind, type_: str) -> None:
    may = kind in AUTHORITY.get(type_, AGENT_KINDS)
    assert is_allowed(ACTORS[kind], RecordEvent(type_)) is may
    if may:
        require_authority(type_, kind)
    else:
        with pytest.raises(NotYours, match=f"{type_} is not for"):
            require_authority(type_, kind)


US, PEOPLE = frozenset({SourceKind.OMPYCORD}), frozenset({SourceKind.PERSON})
AGENTS = frozenset({SourceKind.AGENT, SourceKind.RUN_KEY, SourceKind.EXTERNAL})
SENDERS: dict[frozenset[SourceKind], set[str]] = {
    US: {
        *("run.dequeued", "run.state", "effect.finished", "approval.used", "work.left_out", "evidence.changed"),
        *("guardian.noticed", "models.opened", "prompt.used", "result.guarded", "pull_request.opened"),
        "base.moved",
        *("approval.skipped", "approval.voided"),
        *("pull_request.seen", "overlaps.found"),
        *("check.errors", "check.proved"),
        *("precheck.finished", "setup.started", "setup.finished", "services.ready", "service.failed"),
        *(
            "plan.proposed",
            "plan.refined",
            "task.refined",
            "plan.refused",
            "review.finished",
            "review.refused",
            "ask.answered",
            "ask.checked",
        ),
        *("inbox.taken", "inbox.acknowledged"),
        *("memory.recalled", "memory.proposed"),
    },
    PEOPLE: {
        *("run.given_up", "run.pause_requested", "run.rolled_back"),
        *("memory.decided", "overlap.dismissed"),
        *("publication.requested", "pull_request.ready_requested"),
        *("plan.approved", "plan.changed", "plan.rejected"),
        *(
            "run.submitted",
            "run.cancel_requested",
            "run.followed",
            "budget.raised",
            "evidence.accepted",
            "prompt.edited",
        ),
        *(
            "question.answered",
            "answer.typed",
            "answer.edited",
            "approval.granted",
            "approval.denied",
            "approval.voted",
        ),
    },
    US | PEOPLE: {"run.stopped", "run.resumed", "answer.dropped", "prompt.dropped"},
    PEOPLE | {SourceKind.EXTERNAL}: {"run.cancelled"},
    AGENTS: {"run.finished", "run.failed", "message", "tool.started", "tool.progress", "tool.finished"},
    AGENTS | US: {
        *("run.started", "session.opened", "plan.updated", "usage.updated", "files.changed", "artifact.added"),
        *("check.started", "check.finished", "question.asked", "question.withdrawn"),
        *("approval.requested", "approval.withdrawn", "retry.limited", "retry.cleared"),
    },
    AGENTS | US | PEOPLE: {"note", "prompt"},
}
"""Who may record what, written out: each class names its senders by itself."""


@pytest.mark.parametrize("senders", SENDERS, ids=lambda senders: "+".join(sorted(senders)))
def test_each_event_has_the_senders_that_are_written_out(senders: frozenset[SourceKind]) -> None:
    assert {name for name, found in AUTHORITY.items() if found == senders} == SENDERS[senders]


def test_every_event_is_written_out() -> None:
    assert set().union(*SENDERS.values()) == set(AUTHORITY)


@pytest.mark.parametrize(
    ("user", "roles", "role"),
    [
        ("100000000000000001", (), Role.ADMIN),
        ("100000000000000002", (), Role.APPROVER),
        ("100000000000000003", (), Role.RUNNER),
        ("100000000000000004", (), Role.VIEWER),
        ("100000000000000005", (), Role.NONE),
        ("100000000000000005", ("200000000000000001",), Role.ADMIN),
        ("100000000000000005", ("200000000000000002",), Role.APPROVER),
        ("100000000000000005", ("200000000000000003",), Role.RUNNER),
        ("100000000000000005", ("200000000000000004",), Role.VIEWER),
        ("100000000000000005", ("200000000000000005",), Role.NONE),
        ("100000000000000005", ("200000000000000004", "200000000000000002", "200000000000000003"), Role.APPROVER),
        ("100000000000000004", ("200000000000000003",), Role.RUNNER),
        ("100000000000000002", ("200000000000000003",), Role.APPROVER),
        ("200000000000000001", ("100000000000000001",), Role.NONE),
    ],
)
def test_a_person_has_the_highest_role_of_the_person_and_of_all_the_roles(
    user: str, roles: tuple[str, ...], role: Role
) -> None:
    """Users and roles are told apart: the id of the one is nothing among the other."""
    users, groups = (
        RoleNames(admin=(f"{kind}1",), approver=(f"{kind}2",), runner=(f"{kind}3",), viewer=(f"{kind}4",))
        for kind in ("10000000000000000", "20000000000000000")
    )
    assert Access(users=users, roles=groups).role_of(user, roles) is role
    assert Access().role_of(user, roles) is Role.NONE


def test_an_event_without_senders_is_no_class() -> None:
    with pytest.raises(TypeError, match="senders"):
        type("Leak", (KnownEvent,), {})


DECIDES = {
    "domain/access.py": "what places change of a role, which the policy asks",
    "domain/policy.py": "the only place that decides",
    "domain/risk/deciders.py": "the rules of risk classes, which the policy asks",
    "render/help.py": "sorts the lines of the help by the role that each needs; running one asks the policy",
}


def decisions(tree: ast.Module) -> Iterator[str]:
    """Comparisons of roles, scopes and kinds of sources."""
    for node in ast.walk(tree):
        if not isinstance(node, ast.Compare):
            continue
        text = [ast.unparse(part) for part in (node.left, *node.comparators)]
        if any(part.endswith((".role", ".scopes")) or part.startswith(("Role.", "AUTHORITY")) for part in text):
            yield f"line {node.lineno}: {ast.unparse(node)}"


def test_no_other_module_compares_roles_or_scopes() -> None:
    found = {path: list(decisions(tree)) for path, tree in product().items()}
    assert {name: lines for name, lines in found.items() if lines and name not in DECIDES} == {}
    assert {name for name in DECIDES if not found[name]} <= {"domain/policy.py"}  # an exception that is none any more
