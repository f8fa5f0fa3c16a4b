"""The notice to the operators of what a start found of an earlier process; counterpart of `app/recovery/search.py`."""

from ompycord.domain.folds.snapshot import StatusSnapshot
from ompycord.domain.records import OutboxKind
from ompycord.domain.refs import Ref, RefKind
from ompycord.render.cards.cardview import Colour
from ompycord.render.cards.view import footer_of
from ompycord.render.marker import question_tag
from ompycord.render.message import RenderedMessage, Sign, message
from ompycord.render.phrases import count
from ompycord.render.render_context import RenderContext
from ompycord.render.sanitizer import Redact, Sanitizer

__all__ = ["recovered_message", "recovered_ref"]


def recovered_ref(*, resumed: int, cleaned: int, stuck: int, kept: int, at: int) -> str:
    """The ref of the outbox row, which has all that the notice says."""
    return str(Ref(RefKind.RECOVERED, f"{resumed}-{cleaned}-{stuck}-{kept}-{at}"))


def recovered_message(
    snapshot: StatusSnapshot, render_context: RenderContext, ref: str, *, sign: Sign, redact: Redact
) -> RenderedMessage:
    """How many runs went on, how many clones went, and where their names are. It mentions no one."""
    resumed, cleaned, stuck, *more = (int(part) for part in Ref.parse(ref).name.split("-"))
    kept = more[0] if len(more) > 1 else 0  # an earlier version did not count them
    parts = [
        f"{count(resumed, 'run')} went on" if resumed else "",
        f"{count(cleaned, 'clone')} of runs that are over removed, results kept" if cleaned else "",
        f"work of {count(kept, 'run')} that no result has is kept" if kept else "",
        f"{count(stuck, 'clone')} could not be removed: fix the permissions of the data folder" if stuck else "",
    ]
    embed: dict[str, object] = {
        "description": f"{'; '.join(part for part in parts if part)}. `ompycord doctor` names them.",
        "color": Colour.ORANGE if stuck else Colour.GREY,
        "footer": {
            "text": footer_of(snapshot, render_context, Sanitizer(redact), OutboxKind.NOTICE, question_tag(ref))
        },
    }
    return message("Ompycord ended without an orderly stop, and was started again.", embeds=[embed], sign=sign)
