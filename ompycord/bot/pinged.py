"""Whom the messages of a run ping (docs/contracts/cards.md, *Who is pinged*); used by `message_renderer.py`."""

from ompycord.bot.run_view import RunView
from ompycord.domain.access import Access
from ompycord.domain.catalog import Catalog
from ompycord.domain.risk.deciders import DecisionRule
from ompycord.domain.run import RunKind

__all__ = ["asker", "who_may_allow"]


def asker(run_view: RunView) -> tuple[str, ...]:
    """Who asked for the run, where a person did."""
    return (run_view.record.requester,) if run_view.record.requester else ()


def who_may_allow(
    run_view: RunView, catalog: Catalog, access: Access, rule: DecisionRule | None = None
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Users and roles that an approval notifies. For an external run that is only its key's owner.

    `rule`: who decides on it, by its risk class; left out, it is a plan.
    """
    if run_view.record.kind is RunKind.EXTERNAL:
        return asker(run_view), ()
    requester = run_view.record.requester
    named = access.users.approver, access.roles.approver
    if rule is not None and rule.by == "admin":
        named = (*access.users.admin, *named[0]), (*access.roles.admin, *named[1])
    alone = rule.by == "requester" and rule.requester if rule is not None else not catalog.needs_two(run_view.record)
    if alone:
        return (*((requester,) if requester else ()), *named[0]), named[1]
    if not any(user != requester for user in named[0]) and not named[1]:
        named = access.users.admin, access.roles.admin
    may = rule is not None and rule.requester
    return tuple(user for user in named[0] if may or user != requester), named[1]
