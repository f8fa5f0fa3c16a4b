"""The check of every command below `/omp-admin`: it is hidden from others by Discord, and refused by us."""

from ompycord.bot.access import Interaction
from ompycord.bot.context import BotContext
from ompycord.domain.access import Person
from ompycord.domain.policy import Denied, authorize
from ompycord.domain.refusals import RefusalCode
from ompycord.errors import Refused
from ompycord.render.notices import role_holder

__all__ = ["require_admin"]


def require_admin(interaction: Interaction, context: BotContext) -> Person:
    """The person who acts. Raises Refused where that is no admin of this server."""
    person = context.person(interaction)
    denied = authorize(person, "admin")
    if isinstance(denied, Denied):
        who = role_holder(context.options.approver_role, context.sanitizer)
        raise Refused(RefusalCode.NEEDS_ROLE, needs=denied.needs[-1], who=who)
    return person
