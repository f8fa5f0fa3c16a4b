"""The command tree: who may use it at all, errors as text, and registration only where a definition changed.

Counterpart: `features.py`, which defines what is in it.
"""

from typing import Any, cast

import aiohttp
import discord
from discord import app_commands

from ompycord.bot.access import Interaction, is_ours
from ompycord.bot.context import BotContext
from ompycord.bot.interactions import reply_texts
from ompycord.bot.interactions.replies import explain
from ompycord.bot.interactions.replies import send_privately as reply
from ompycord.bot.refusing import refused_without_role, watch_refusals
from ompycord.domain.access import Role
from ompycord.render.help import help_text
from ompycord.telemetry import get_logger

__all__ = ["OmpTree", "definition", "sync"]

_COMPARED = (
    "name",
    "description",
    "type",
    "required",
    "autocomplete",
    "min_value",
    "max_value",
    "min_length",
    "max_length",
)
AGAIN_S = 300.0
"""Seconds after which a failed registration is tried again, where Discord names no time."""

log = get_logger(__name__)


class OmpTree(app_commands.CommandTree[discord.Client]):
    """Default deny: nothing outside the configured servers, only help for a person without a role."""

    def use(self, context: BotContext) -> None:
        """Set what it needs; to be called before the first command."""
        self._context = context

    async def interaction_check(self, interaction: Interaction, /) -> bool:
        context = self._context
        watch_refusals(interaction, context.person(interaction), context.refusals)
        is_completion = interaction.type is discord.InteractionType.autocomplete
        if is_ours(interaction, context.options) and (is_completion or context.may_use(interaction)):
            return True
        if is_completion:
            await interaction.response.autocomplete([])
            return False
        refused_without_role(interaction)
        words = help_text([], Role.NONE) if is_ours(interaction, context.options) else reply_texts.ELSEWHERE
        try:
            await reply(interaction, words)
        except Exception as error:  # noqa: BLE001  # the top edge of commands, before discord.py's own
            await explain(interaction, error)
        return False

    async def on_error(self, interaction: Interaction, error: app_commands.AppCommandError, /) -> None:
        """Answer every error of a command as text. A completion that fails is simply empty."""
        if interaction.type is discord.InteractionType.autocomplete:
            log.warning("completion.failed", exc_info=error)
            return
        await explain(interaction, error)


# -- registration ------------------------------------------------------------------------------------------------------


def definition(command: dict[str, Any]) -> dict[str, Any]:
    """The parts of a command that we define, in a form in which ours and Discord's can be compared."""
    known: dict[str, Any] = {key: command[key] for key in _COMPARED if command.get(key) not in (None, False, "")}
    known.setdefault("type", 1)  # Discord, Application Command: CHAT_INPUT is the default
    choices = cast("list[dict[str, Any]]", command.get("choices") or [])
    if choices:
        known["choices"] = [(choice["name"], choice["value"]) for choice in choices]
    options = cast("list[dict[str, Any]]", command.get("options") or [])
    if options:
        known["options"] = [definition(option) for option in options]
    return known


async def sync(tree: OmpTree, client: discord.Client, guilds: tuple[str, ...]) -> float | None:
    """Register the commands in servers where they differ; registering has a limit of 200 a day (Discord).

    None once all are registered, else after how many seconds to ask again.
    """
    if client.application_id is None:
        return AGAIN_S
    waits: list[float] = []
    for guild in guilds:
        try:
            await _register(tree, client, client.application_id, guild)
        except discord.RateLimited as error:
            waits.append(error.retry_after)
            log.warning("commands.not_registered", guild=guild, cause=str(error)[:200])
        except (discord.HTTPException, OSError, aiohttp.ClientError) as error:
            waits.append(AGAIN_S)
            log.warning("commands.not_registered", guild=guild, cause=str(error)[:200])
    return max(waits, default=None)


async def _register(tree: OmpTree, client: discord.Client, application: int, guild: str) -> None:
    place = discord.Object(int(guild))
    wanted = [definition(command.to_dict(tree)) for command in tree.get_commands(guild=place)]
    there = await client.http.get_guild_commands(application, int(guild))
    if sorted(map(repr, map(definition, map(dict, there)))) == sorted(map(repr, wanted)):
        return
    await tree.sync(guild=place)
    log.info("commands.registered", guild=guild, count=len(wanted))
