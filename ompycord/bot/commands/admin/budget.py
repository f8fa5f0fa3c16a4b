"""`/omp-admin budget`: what this server, its repositories and people spend of their limits, and raising one."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Literal

import discord
from discord import app_commands

from ompycord.bot.access import Interaction
from ompycord.bot.commands.admin.admins import require_admin
from ompycord.bot.commands.choices import Choices
from ompycord.bot.context import BotContext
from ompycord.bot.feature import Feature, slash_command
from ompycord.bot.interactions.replies import defer, send_privately
from ompycord.conductor.budgeting import BudgetBook
from ompycord.domain.access import Role
from ompycord.domain.budgets.accounts import AccountKey, AccountScope, SpendingAccount
from ompycord.domain.budgets.periods import Period
from ompycord.errors import RefusedInWords
from ompycord.render.money.budgets import account_lines, days_chart
from ompycord.render.phrases import money

__all__ = ["budget_feature"]

_DAYS = 30
_MOST_USD = 1_000_000.0
_MOST_TOKENS = 10**12


def budget_feature(context: BotContext) -> Feature:
    """The command."""
    choices = Choices(context)

    @slash_command(name="budget", description="What is spent of which limits; with an amount: raise one.")
    @app_commands.describe(
        repository="The limit of this repository",
        person="The limit of this person",
        period="The limit for today, if left out",
        usd="Raise it to so many US dollars until the period ends",
        tokens="Raise it to so many tokens until the period ends",
    )
    @app_commands.autocomplete(repository=choices.repositories)
    async def budget(
        interaction: Interaction,
        repository: str | None = None,
        person: discord.Member | None = None,
        period: Literal["day", "month"] = "day",
        usd: app_commands.Range[float, 0.01, _MOST_USD] | None = None,
        tokens: app_commands.Range[int, 1, _MOST_TOKENS] | None = None,
    ) -> None:
        await defer(interaction)
        admin = require_admin(interaction, context)
        book, guild = _book(context), str(interaction.guild_id)
        if repository is not None and person is not None:
            raise RefusedInWords("Name either a repository or a person: each has a limit of its own.")
        key, whose = _key(guild, repository, person, context)
        if usd is None and tokens is None:
            is_named = key.scope is not AccountScope.SERVER
            lines = await (_one(book, key, whose) if is_named else _at_a_glance(book, guild))
            await send_privately(interaction, "\n".join(lines))
            return
        amount = None if usd is None else Decimal(str(usd))
        raised = await book.raise_limit(key, Period(period), usd=amount, most_tokens=tokens, by=admin)
        until = "Until then it holds; runs that it paused continue with *Resume* on their cards."
        await send_privately(interaction, "\n".join([*account_lines([raised], whose=whose), until]))

    return Feature(admin=(budget,), exceptions={budget.name: Role.ADMIN})


def _book(context: BotContext) -> BudgetBook:
    """Raises Refused where there is none."""
    if context.budgets.shared is None:
        raise RefusedInWords("This Ompycord hosts no runs, so there are no budgets.")
    return context.budgets.shared


def _key(
    guild: str, repository: str | None, person: discord.Member | None, context: BotContext
) -> tuple[AccountKey, str]:
    """The account that is meant, and how it is called. Raises Refused for an unknown repository."""
    if repository is not None:
        name = context.catalog.repository(repository).name
        return AccountKey(guild, AccountScope.REPOSITORY, name), context.sanitizer.line(name, 60)
    if person is not None:
        return AccountKey(guild, AccountScope.PERSON, str(person.id)), f"<@{person.id}>"
    return AccountKey(guild, AccountScope.SERVER, ""), "This server"


async def _one(book: BudgetBook, key: AccountKey, whose: str) -> list[str]:
    lines = account_lines(await book.of_key(key), whose=whose)
    return [*(lines or [await _without_limit(book, key, whose)]), *await _chart(book, key)]


async def _at_a_glance(book: BudgetBook, guild: str) -> list[str]:
    """The server, then those of its repositories and people that spent most this month."""
    server = AccountKey(guild, AccountScope.SERVER, "")
    lines = ["**Budgets of this server**", *await _one(book, server, "This server")]
    for scope, title in ((AccountScope.REPOSITORY, "Repositories"), (AccountScope.PERSON, "People")):
        dearest = await book.dearest(guild, scope)
        lines += [f"**{title}**"] if dearest else []
        for name, accounts in dearest:
            lines += await _named(book, AccountKey(guild, scope, name), accounts)
    return lines


async def _named(book: BudgetBook, key: AccountKey, accounts: Sequence[SpendingAccount]) -> list[str]:
    whose = f"<@{key.name}>" if key.scope is AccountScope.PERSON else key.name
    return account_lines(accounts, whose=whose) or [await _without_limit(book, key, whose)]


async def _without_limit(book: BudgetBook, key: AccountKey, whose: str) -> str:
    return f"{whose} this month: {money(await book.spent(key, Period.MONTH))}, no limit"


async def _chart(book: BudgetBook, key: AccountKey) -> list[str]:
    chart = days_chart(await book.by_day(key, _DAYS))
    return [chart] if chart else []
