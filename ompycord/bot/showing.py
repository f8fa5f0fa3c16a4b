"""One run in full, for the asking person alone: story, plan, diff, checks, log, cost, people, next; files when long."""

from typing import cast, get_args

from ompycord.bot import wording
from ompycord.bot.access import Interaction
from ompycord.bot.desk import Desk
from ompycord.bot.replies import say
from ompycord.bot.scenes import Scene
from ompycord.domain.ids import RunId, short_id
from ompycord.domain.run import RunRecord
from ompycord.errors import Refused
from ompycord.render.notices import no_such_run
from ompycord.render.textform import ShowPart, text_form
from ompycord.render.view import view
from ompycord.text import utf16_len

__all__ = ["PARTS", "show_part"]

PARTS = ("story", "plan", "diff", "checks", "log", "cost", "people", "next")
_INLINE = 1900
"""Longer texts become a file: a message takes 2,000 with its fence."""

_FORM_BYTES = 64 * 1024
"""Room for the rest of the request below Discord's limit of an upload."""


async def show_part(desk: Desk, interaction: Interaction, record: RunRecord, part: str) -> None:
    """Answer a deferred interaction. Raises Refused where there is nothing yet."""
    run = RunId(record.id)
    scene = await desk.scenes.look(run)
    if scene is None:
        raise Refused(no_such_run())
    name = f"run-{short_id(run)}-{part}"
    if part == "diff":
        diff = await desk.sources.diff(run)
        if not diff:
            raise Refused(wording.NO_DIFF)
        words, shown = _within(_redacted(desk, diff), interaction.filesize_limit - _FORM_BYTES)
        await say(interaction, f"The diff of `{short_id(run)}`{words}.", files=[(f"{name}.diff", shown)])
    elif part == "log":
        text = wording.event_lines(await desk.store.events_of(run), desk.inert)
        words, shown = _within(text, interaction.filesize_limit - _FORM_BYTES)
        await say(interaction, f"The log of `{short_id(run)}`, oldest first{words}.", files=[(f"{name}.txt", shown)])
    elif part == "next":
        await say(interaction, _next(desk, scene))
    elif part in get_args(ShowPart):
        known = cast("ShowPart", part)
        await _text(interaction, text_form(scene.snapshot, scene.around, redact=desk.scenes.redact, part=known), name)
    else:
        raise Refused(f"There is no part {part[:30]!r}. There are {', '.join(PARTS)}.")


def _within(text: str, limit: int) -> tuple[str, bytes]:
    """As many whole characters as fit into so many bytes; and words that say what does not."""
    raw = text.encode()
    if len(raw) <= limit:
        return "", raw
    shown = raw[:limit].decode("utf-8", "ignore").encode()
    return f", cut: {len(shown):,} of {len(raw):,} bytes, since Discord takes no more here", shown


def _redacted(desk: Desk, diff: bytes) -> str:
    return desk.scenes.redact(diff.decode("utf-8", "replace"))


async def _text(interaction: Interaction, text: str, name: str) -> None:
    inside = text.replace("```", "`\u200b``")
    fenced = f"```\n{inside}\n```"
    if utf16_len(fenced) <= _INLINE:
        await say(interaction, fenced)
    else:
        await say(interaction, "It is long, so it comes as a file.", files=[(f"{name}.txt", text)])


def _next(desk: Desk, scene: Scene) -> str:
    """What is going on and what one may press."""
    card = view(scene.snapshot, scene.around, actions=desk.scenes.offered(scene), redact=desk.scenes.redact)
    buttons = ", ".join(f"*{button.label}*" for button in card.buttons) or "nothing"
    return f"{card.glyph} **{card.word}** {card.sentence}\nOn its card you can press: {buttons}."
