"""One run in full, for the asking person alone: story, plan, diff, checks, log, cost, people, next, report, memory."""

from typing import cast, get_args

from ompycord.bot.access import Interaction
from ompycord.bot.context import BotContext
from ompycord.bot.interactions import reply_texts
from ompycord.bot.interactions.replies import send_privately, show
from ompycord.bot.run_view import RunView
from ompycord.domain.ids import RunId, short_id
from ompycord.domain.memory.items import MemoryItem, MemoryPlace
from ompycord.domain.refusals import RefusalCode
from ompycord.domain.run import RunRecord
from ompycord.errors import Refused, RefusedInWords
from ompycord.render.cards.details import details_message
from ompycord.render.cards.textform import ShowPart, text_form
from ompycord.render.cards.view import view
from ompycord.render.memory.recalled import recalled_lines
from ompycord.render.stories.markdown import markdown
from ompycord.render.stories.story import story_of
from ompycord.text import utf16_len

__all__ = ["PARTS", "show_part"]

PARTS = ("story", "plan", "diff", "checks", "log", "cost", "people", "next", "report", "memory")
_BROKEN_FENCE = "`\u200b``"
_INLINE_DIFF = 1500

_FORM_BYTES = 64 * 1024
"""Room for the rest of the request below Discord's limit of an upload."""


async def show_part(context: BotContext, interaction: Interaction, record: RunRecord, part: str) -> None:
    """Answer a deferred interaction. Raises Refused where there is nothing yet."""
    run = RunId(record.id)
    run_view = await context.renderer.view(run)
    if run_view is None:
        context.snapshots.require_readable(run)
        raise Refused(RefusalCode.NO_SUCH_RUN)
    name = short_id(run) if part == "diff" else f"{short_id(run)}-{part}"
    if part == "diff":
        diff = await context.lookups.diff(run)
        if not diff:
            raise RefusedInWords(reply_texts.NO_DIFF)
        await _diff(interaction, _redacted(context, diff), f"{name}.diff")
    elif part == "log":
        text = reply_texts.event_lines(await context.store.history.events_of(run), context.renderer.redact)
        words, shown = _within(text, interaction.filesize_limit - _FORM_BYTES)
        await send_privately(
            interaction, f"The log of `{short_id(run)}`, oldest first{words}.", files=[(f"{name}.txt", shown)]
        )
    elif part == "report":
        events = await context.store.history.events_of(run)
        story = story_of(run_view.snapshot, events, run_view.render_context, redact=context.renderer.redact)
        words, shown = _within(markdown(story), interaction.filesize_limit - _FORM_BYTES)
        await send_privately(interaction, f"The report of `{short_id(run)}`{words}.", files=[(f"{name}.md", shown)])
    elif part == "next":
        await send_privately(interaction, _next(context, run_view))
    elif part == "memory":
        lines = await _recalled(context, record, run_view)
        await send_privately(interaction, "\n".join(lines))
    elif part in get_args(ShowPart):
        await _details(context, interaction, run_view, cast("ShowPart", part), name)
    else:
        raise RefusedInWords(f"There is no part {part[:30]!r}. There are {', '.join(PARTS)}.")


async def _recalled(context: BotContext, record: RunRecord, run_view: RunView) -> list[str]:
    """What its agent was given of earlier work, with the words of what is still remembered."""
    recalled, memory = run_view.snapshot.recalled, context.lookups.memory
    place = MemoryPlace.of(record)
    items: dict[str, MemoryItem] = {}
    if recalled is not None and memory is not None:
        found = await memory.by_id(place, [one.item for one in recalled.items])
        items = {name: one.item for name, one in found.items()}
    return recalled_lines(run_view.snapshot, items, context.sanitizer)


def _within(text: str, limit: int) -> tuple[str, bytes]:
    """As many whole characters as fit into so many bytes, with a note where some are left out."""
    raw = text.encode()
    if len(raw) <= limit:
        return "", raw
    shown = raw[:limit].decode("utf-8", "ignore").encode()
    return f", cut: {len(shown):,} of {len(raw):,} bytes, since Discord takes no more here", shown


def _redacted(context: BotContext, diff: bytes) -> str:
    return context.renderer.redact(diff.decode("utf-8", "replace"))


async def _diff(interaction: Interaction, diff: str, name: str) -> None:
    """A short diff in the message, a longer one as a file."""
    fenced = f"```diff\n{diff.strip().replace('```', _BROKEN_FENCE)}\n```"
    if utf16_len(fenced) <= _INLINE_DIFF:
        await send_privately(interaction, fenced)
        return
    words, shown = _within(diff, interaction.filesize_limit - _FORM_BYTES)
    await send_privately(interaction, f"The diff{words}.", files=[(name, shown)])


async def _details(context: BotContext, interaction: Interaction, run_view: RunView, part: ShowPart, name: str) -> None:
    """As an embed, or whole as a file where it is longer than Discord takes."""
    redact, shown = context.renderer.redact, (run_view.snapshot, run_view.render_context)
    details = details_message(*shown, sign=context.signer.button, redact=redact, part=part)
    if details is not None:
        await show(interaction, details)
    else:
        text = text_form(*shown, redact=redact, part=part)
        await send_privately(interaction, "Attached as a file. Times are in UTC.", files=[(f"{name}.txt", text)])


def _next(context: BotContext, run_view: RunView) -> str:
    """What happens now and which buttons the person may press."""
    card = view(
        run_view.snapshot,
        run_view.render_context,
        redact=context.renderer.redact,
    )
    buttons = ", ".join(f"*{button.label}*" for button in card.buttons) or "nothing"
    return f"{card.glyph} **{card.word}** {card.sentence}\nOn its card you can press: {buttons}."
