"""Which limits `/omp cost` shows: those that the runs share, and for an admin the fullest of the server."""

from typing import NamedTuple

import discord

from ompycord.bot.access import Interaction
from ompycord.bot.context import BotContext
from ompycord.conductor.budgeting import BudgetBook
from ompycord.domain.budgets.accounts import AccountKey, AccountScope, SpendingAccount
from ompycord.domain.budgets.charts import MOST_LIMITS, LimitBar
from ompycord.domain.policy import is_allowed
from ompycord.render.charts.numbers import limit_bar
from ompycord.render.money.budgets import account_lines

__all__ = ["ShownLimit", "limits_of"]


class ShownLimit(NamedTuple):
    """An account, and whose it is: in a message, where people are mentions, and in a picture."""

    account: SpendingAccount
    whose: str
    name: str

    def line(self) -> str:
        """As a line of the message."""
        return account_lines([self.account], whose=self.whose)[0]

    def bar(self, context: BotContext) -> LimitBar:
        """As a bar of the picture."""
        return limit_bar(self.account, whose=self.name, redact=context.renderer.redact)


async def limits_of(
    interaction: Interaction, context: BotContext, book: BudgetBook, key: AccountKey
) -> list[ShownLimit]:
    """The limits of an account; below the server's an admin sees those of its people and repositories, too.

    At most `MOST_LIMITS`, by how much of them is used.
    """
    own = [ShownLimit(account, "", "") for account in await book.of_key(key)]
    if key.scope is not AccountScope.SERVER or not is_allowed(context.person(interaction), "admin"):
        return own
    named: list[ShownLimit] = []
    for scope in (AccountScope.REPOSITORY, AccountScope.PERSON):
        for name, accounts in await book.dearest(key.guild, scope):
            named += [_named(interaction, context, scope, name, account) for account in accounts]
    own = [one._replace(whose="This server", name="This server") for one in own]
    named.sort(key=lambda one: -one.account.used_percent())
    return [*own, *named][:MOST_LIMITS]


def _named(
    interaction: Interaction, context: BotContext, scope: AccountScope, name: str, account: SpendingAccount
) -> ShownLimit:
    if scope is AccountScope.REPOSITORY:
        return ShownLimit(account, context.sanitizer.line(name, 60), name)
    member = interaction.guild.get_member(int(name)) if isinstance(interaction.guild, discord.Guild) else None
    return ShownLimit(account, f"<@{name}>", member.display_name if member else f"Person …{name[-4:]}")
