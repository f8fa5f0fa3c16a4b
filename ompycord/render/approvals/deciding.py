"""An approval's risk class, why it has it, who decides and who has allowed it, in words; part of `question.py`."""

from collections.abc import Sequence
from typing import Final

from ompycord.domain.access import Access, Role
from ompycord.domain.base import Frozen
from ompycord.domain.folds.shown_requests import risk_of, shown_hash
from ompycord.domain.folds.snapshot import Approval
from ompycord.domain.risk.deciders import DecisionRule, Vote, can_decide, counts, missing
from ompycord.domain.risk.standing import CallDecision
from ompycord.render.phrases import and_list, stamp
from ompycord.render.sanitizer import Sanitizer

__all__ = ["Deciding", "before_words", "class_words", "decides_words", "people_words", "present_words"]

_WHY: Final = 220
_NAME: Final = 60
_MARKS: Final = {"network": "🌐", "secret": "🔑", "publish": "📤", "danger": "🛑"}


class Deciding(Frozen):
    """Who decides on a request, as the settings are now."""

    rule: DecisionRule
    requester: str | None = None
    """Who asked for the run, by Discord id."""
    access: Access = Access()
    is_solo: bool = False
    """Whether one person decides on everything."""

    @property
    def is_possible(self) -> bool:
        """Whether the people of the settings can meet the rule at all."""
        return self.access.is_empty or can_decide(self.rule, self.access, self.requester)


def decides_words(rule: DecisionRule) -> str:
    """Who decides by a rule: `an approver other than the requester`."""
    if rule.by == "no one":
        return "no one: it is allowed"
    if rule.by == "requester":
        first = "its requester or an approver" if rule.requester else "an approver other than the requester"
    else:
        first = {"approver": "an approver", "admin": "an admin"}[rule.by]
        first += "" if rule.requester else " other than the requester"
    if rule.people == 1:
        return first
    others = rule.people - 1
    return f"{first} and {'one more approver' if others == 1 else f'{others} more approvers'}"


def class_words(approval: Approval, sanitizer: Sanitizer) -> str:
    """`📤 **publish**: `git push` publishes.`"""
    finding = risk_of(approval)
    mark = _MARKS.get(finding.risk.word, "")
    why = sanitizer.line(finding.why, _WHY)
    agents = sanitizer.line(approval.risk or "", _NAME)
    claim = f" Its agent says: {agents}." if agents else ""
    return f"{f'{mark} ' if mark else ''}**{finding.risk.word}**: {why}.{claim}"


def present_words(approval: Approval, deciding: Deciding, sanitizer: Sanitizer) -> str:
    """Who decides, who has allowed it, and who is missing."""
    rule = deciding.rule
    solo = " (one-person rule)" if deciding.is_solo else ""
    lines = [f"Decides: {decides_words(rule)}{solo}."]
    shown = shown_hash(approval)
    votes = [one for one in approval.votes if one.shown == shown]
    if votes:
        names = and_list([sanitizer.line(one.by, _NAME) for one in votes], most=10)
        lines.append(f"Allowed by {names}; {_still(rule, deciding, approval)}.")
    if not deciding.is_possible:
        who = _lacking(rule, deciding)
        lines.append(f"🚫 {who}, so it can only be denied. An admin can change `access` or `approvals`.")
    return "\n".join(lines)


def before_words(before: Sequence[CallDecision], sanitizer: Sanitizer) -> str:
    """`Before: allowed once by Ada 2 days ago; denied by Mo 3 days ago.`, of exactly this call in this repository."""
    if not before:
        return ""
    found = [f"{_DONE[one.action]} by {sanitizer.line(one.names, _NAME)} {stamp(one.at)}" for one in before]
    return f"Before, exactly this here: {'; '.join(found)}."


_DONE: Final = {
    "once": "allowed once",
    "run": "allowed for a run",
    "day": "allowed for a day",
    "deny": "denied",
}


def _still(rule: DecisionRule, deciding: Deciding, approval: Approval) -> str:
    shown = shown_hash(approval)
    votes = [
        Vote(one.person, Role[one.role.upper()], one.person == deciding.requester)
        for one in approval.votes
        if one.shown == shown
    ]
    return f"it needs {people_words(missing(rule, votes))}"


def people_words(still: tuple[int, Role | None]) -> str:
    """Who is still needed: `one more person, an admin`."""
    people, role = still
    count = "one more person" if people == 1 else f"{people} more people"
    if role is None:
        return count
    named = _NAMED.get(role, "its requester or an approver")
    return f"{count}, {named}" if people == 1 else f"{count}, one of them {named}"


_NAMED: Final = {Role.ADMIN: "an admin", Role.APPROVER: "an approver"}


def _lacking(rule: DecisionRule, deciding: Deciding) -> str:
    """Who is missing among those whom the settings name."""
    users = deciding.access.users
    able = {person for name in ("approver", "admin") for person in getattr(users, name)}
    admins = set(users.admin)
    if rule.by == "admin" and not any(counts(rule, Vote(one, Role.ADMIN, one == deciding.requester)) for one in admins):
        return "No admin here may decide this"
    lack = rule.people - len({one for one in able if rule.requester or one != deciding.requester})
    return f"{'One more approver' if lack <= 1 else f'{lack} more approvers'} would be needed here"
