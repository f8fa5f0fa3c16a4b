"""The notice to the operators that events are not what was stored; counterpart of `conductor/log_check.py`."""

from ompycord.domain.folds.snapshot import StatusSnapshot
from ompycord.domain.ids import short_id
from ompycord.domain.records import OutboxKind
from ompycord.domain.refs import Ref
from ompycord.render.cards.cardview import Colour
from ompycord.render.cards.view import footer_of
from ompycord.render.marker import question_tag
from ompycord.render.message import RenderedMessage, Sign, message
from ompycord.render.render_context import RenderContext
from ompycord.render.sanitizer import Redact, Sanitizer

__all__ = ["damage_message"]


def damage_message(
    snapshot: StatusSnapshot, render_context: RenderContext, ref: str, *, sign: Sign, redact: Redact
) -> RenderedMessage:
    """Which events, whose, and what to do. It mentions no one. `ref` names the outbox row."""
    what, _, places = Ref.parse(ref).name.partition(":")
    first, _, last = places.partition("-")
    events = f"Event {first} of the log" if first == last else f"Events {first} to {last} of the log"
    is_missing = what == "gone"
    is_one = first == last
    verb = ("is" if is_one else "are") + (" gone" if is_missing else " not what was stored")
    whose = "before an event of" if is_missing else "of"
    embed: dict[str, object] = {
        "description": (
            f"{events} {verb}, {whose} run `{short_id(snapshot.run)}`. What it said is left out of what is shown. Look "
            "at the disk, and restore a backup."
        ),
        "color": Colour.RED,
        "footer": {
            "text": footer_of(snapshot, render_context, Sanitizer(redact), OutboxKind.NOTICE, question_tag(ref))
        },
    }
    return message("The database is damaged.", embeds=[embed], sign=sign)
