"""`/omp-admin pause`, `unpause` and `stop-all`: nothing new begins, and every agent is stopped, over restarts too."""

from ompycord.bot.access import Interaction
from ompycord.bot.commands.admin.admins import require_admin
from ompycord.bot.context import BotContext
from ompycord.bot.feature import Feature, slash_command
from ompycord.bot.interactions.replies import defer, send_privately
from ompycord.bot.lookups import PauseControl
from ompycord.domain.access import Person, Role
from ompycord.domain.ids import RunId
from ompycord.domain.ports import RunFilter
from ompycord.domain.run import FINAL, RunKind, RunRecord, RunState
from ompycord.errors import Refused, RefusedInWords, StorageError, VersionConflict
from ompycord.render.phrases import and_list, count

__all__ = ["pausing_feature"]

_MOST = 1000
_NAMED = 10
_AT_REST = frozenset({RunState.QUEUED, RunState.SUSPENDED, RunState.AWAITING_APPROVAL}) | FINAL
_UNTIL = "`/omp-admin unpause` ends it."
_NOT_KEPT = "until this process ends: the disk takes nothing, so free space there and do it again"


def pausing_feature(context: BotContext) -> Feature:
    """The commands."""

    @slash_command(name="pause", description="Let nothing new begin. Runs at work go on.")
    async def pause(interaction: Interaction) -> None:
        await defer(interaction)
        is_kept = await _control(context).pause(require_admin(interaction, context))
        how_long = "over restarts too" if is_kept else _NOT_KEPT
        await send_privately(interaction, f"Paused: no run begins and none is resumed, {how_long}. {_UNTIL}")

    @slash_command(name="unpause", description="Let runs begin again after pause or stop-all.")
    async def unpause(interaction: Interaction) -> None:
        await defer(interaction)
        was_paused = await _control(context).unpause(require_admin(interaction, context))
        words = "Runs begin again. What was stopped continues with *Resume* on its card."
        await send_privately(interaction, words if was_paused else "Nothing was paused.")

    @slash_command(name="stop-all", description="Pause, and stop every agent. Nothing is lost.")
    async def stop_all(interaction: Interaction) -> None:
        await defer(interaction)
        person = require_admin(interaction, context)
        is_kept = await _control(context).pause(person)
        stopped = [record for record in await _at_work(context) if await _stopped(context, record, person)]
        words = await _words(context, stopped, str(interaction.guild_id))
        await send_privately(interaction, words if is_kept else f"{words} This holds {_NOT_KEPT}.")

    admins = {one.name: Role.ADMIN for one in (pause, unpause, stop_all)}
    return Feature(admin=(pause, unpause, stop_all), exceptions=admins)


def _control(context: BotContext) -> PauseControl:
    """Raises Refused where there is none."""
    if context.lookups.pausing is None:
        raise RefusedInWords("This Ompycord hosts no runs, so there is nothing to pause.")
    return context.lookups.pausing


async def _at_work(context: BotContext) -> list[RunRecord]:
    """Every hosted run that does something."""
    found = await context.store.records.runs(RunFilter(is_open=True, kind=RunKind.HOSTED, limit=_MOST))
    return [record for record in found if record.state not in _AT_REST]


async def _stopped(context: BotContext, record: RunRecord, person: Person) -> bool:
    """Stop a run; False where it came to rest by itself in between. On a full disk its programs are ended unstored."""
    try:
        await context.runs.stop(record, person)
    except (Refused, VersionConflict):
        return False
    except StorageError:
        await _control(context).halt(RunId(record.id))
    return True


async def _words(context: BotContext, stopped: list[RunRecord], guild: str) -> str:
    """What was stopped: runs of this server by name; of others it is the same sentence whether there are any."""
    here = [record for record in stopped if record.guild == guild]
    titles = [(await context.snapshots.load(record)).title for record in here[:_NAMED]]
    names = and_list([f"*{context.sanitizer.line(title, 60) or 'a run'}*" for title in titles], most=_NAMED)
    what = f"{count(len(here), 'run')}{f': {names}' if names else ''}"
    others = " Runs of other servers are stopped, too." if context.is_shared else ""
    return f"Stopped {what}.{others} Nothing is lost, and nothing new begins. {_UNTIL}"
