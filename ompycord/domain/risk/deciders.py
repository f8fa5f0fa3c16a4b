"""Who decides on what an agent asks, by its risk class: the rules, and what is still missing for one; pure.

Counterparts: `policy.py`, which asks whether this person may, and `classify.py`, which finds the class.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Annotated, Final, Literal, NamedTuple

from pydantic import Field

from ompycord.domain.access import Access, Role
from ompycord.domain.base import Frozen
from ompycord.domain.risk.classes import RiskClass

__all__ = [
    "ApprovalRules",
    "DecisionRule",
    "RuleSpec",
    "Vote",
    "can_decide",
    "counts",
    "missing",
    "needs_of",
    "rule_for",
]

By = Literal["no one", "requester", "approver", "admin"]


class RuleSpec(Frozen):
    """Who decides on a class, as far as it is set; what is left out is as by default."""

    by: By | None = None
    """The least that one of those who decide must be; *no one*: it is allowed without asking."""
    people: Annotated[int, Field(ge=1, le=5)] | None = None
    """How many people must allow it. One of them is what `by` says, the others at least approvers."""
    requester: bool | None = None
    """Whether the run's requester may be one of them."""


class DecisionRule(NamedTuple):
    """Who decides."""

    by: By
    people: int = 1
    requester: bool = True

    @property
    def role(self) -> Role:
        """The role that one of them has."""
        return {"admin": Role.ADMIN, "approver": Role.APPROVER}.get(self.by, Role.RUNNER)


class Vote(NamedTuple):
    """A person who allowed it."""

    person: str
    role: Role
    is_requester: bool = False


class ApprovalRules(Frozen):
    """Who decides on each class of what agents ask."""

    read: RuleSpec = RuleSpec()
    write: RuleSpec = RuleSpec()
    run: RuleSpec = RuleSpec()
    network: RuleSpec = RuleSpec()
    secret: RuleSpec = RuleSpec()
    publish: RuleSpec = RuleSpec()
    danger: RuleSpec = RuleSpec()

    def of(self, risk: RiskClass) -> RuleSpec:
        """What is set for a class."""
        return getattr(self, risk.word)


_DEFAULTS: Final[Mapping[RiskClass, DecisionRule]] = {
    RiskClass.READ: DecisionRule("no one"),
    RiskClass.WRITE: DecisionRule("no one"),
    RiskClass.RUN: DecisionRule("requester"),
    RiskClass.NETWORK: DecisionRule("approver"),
    RiskClass.SECRET: DecisionRule("approver", requester=False),
    RiskClass.PUBLISH: DecisionRule("approver"),
    RiskClass.DANGER: DecisionRule("admin", people=2),
}


def rule_for(risk: RiskClass, layers: Sequence[ApprovalRules], *, two_person: bool, is_solo: bool) -> DecisionRule:
    """The rule of a class: the default, then what each layer sets, the last one strongest.

    `two_person`: whoever asked is never one of those who decide. `is_solo`: one person is enough for every class, and
    may be the one who asked.
    """
    rule = _DEFAULTS[risk]
    for layer in layers:
        spec = layer.of(risk)
        rule = DecisionRule(
            rule.by if spec.by is None else spec.by,
            rule.people if spec.people is None else spec.people,
            rule.requester if spec.requester is None else spec.requester,
        )
    if rule.by == "no one":
        return rule
    people = 1 if is_solo else rule.people
    return DecisionRule(rule.by, people, requester=(rule.requester or is_solo) and not two_person)


def missing(rule: DecisionRule, votes: Iterable[Vote]) -> tuple[int, Role | None]:
    """How many people are still needed, and the role that one of them must have; (0, None) once it is decided."""
    counted = {vote.person: vote for vote in votes if counts(rule, vote)}
    has_role = any(_has_role(rule, vote) for vote in counted.values())
    people = max(rule.people - len(counted), 0 if has_role else 1)
    return people, None if has_role else rule.role


def needs_of(rule: DecisionRule) -> tuple[str, ...]:
    """Who could decide, as facts of a refusal name it: `requester`, then the least role."""
    if rule.by in {"requester", "no one"}:
        return ("requester", Role.APPROVER.word) if rule.requester else (Role.APPROVER.word,)
    return (min(rule.role, Role.APPROVER).word if rule.people > 1 else rule.role.word,)


def counts(rule: DecisionRule, vote: Vote) -> bool:
    """Whether this person is one of those who may decide."""
    if vote.is_requester and not rule.requester:
        return False
    return _has_role(rule, vote) or (rule.people > 1 and vote.role >= Role.APPROVER)


def _has_role(rule: DecisionRule, vote: Vote) -> bool:
    """Whether this person alone meets `by`. For others' runs the requester's rule needs an approver."""
    if rule.by in {"requester", "no one"}:
        return vote.role >= (Role.RUNNER if vote.is_requester else Role.APPROVER)
    return vote.role >= rule.role


def can_decide(rule: DecisionRule, access: Access, requester: str | None) -> bool:
    """Whether the people whom the configuration names could decide by this rule.

    Roles of Discord may have any number of members, so a rule that a role could meet is one that can be met.
    """
    known: dict[str, Vote] = {}
    for role in (Role.RUNNER, Role.APPROVER, Role.ADMIN):
        for person in getattr(access.users, role.word):
            known[person] = Vote(
                person, max(role, known[person].role if person in known else role), person == requester
            )
        for group in getattr(access.roles, role.word):
            known |= {f"{group}/{n}": Vote(f"{group}/{n}", role) for n in range(rule.people)}
    if requester is not None and requester not in known and access.roles != access.roles.__class__():
        known[requester] = Vote(requester, Role.RUNNER, is_requester=True)
    return missing(rule, known.values()) == (0, None)
