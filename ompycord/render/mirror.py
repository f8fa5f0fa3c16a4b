"""The mirror: a run's one line in the channel, from which its thread is opened; counterpart of the card in the thread.

It is never an interaction's answer, and its footer is what a probe finds after a crash (CONTRACTS: card, mirror, crash).
"""

from ompycord.domain.records import OutboxKind
from ompycord.domain.snapshot import StatusSnapshot
from ompycord.render.faces import face_of
from ompycord.render.inert import Inert, Redact
from ompycord.render.message import RenderedMessage, Sign, message
from ompycord.render.surroundings import Surroundings
from ompycord.render.view import footer_of, short_title

__all__ = ["mirror_message"]


def mirror_message(
    snapshot: StatusSnapshot, around: Surroundings, *, thread: str | None, sign: Sign, redact: Redact
) -> RenderedMessage:
    """State, title and the way to the thread, None until it is open. It changes only when the word does."""
    inert = Inert(redact)
    face = face_of(snapshot, around, inert)
    # A number in the word, such as 2/4, would cost an edit for each phase.
    word = face.word.rstrip("0123456789/ ")
    where = f"<#{thread}>" if thread else ""
    line = " · ".join(
        part for part in (f"{face.glyph} **{word}**", inert.line(short_title(snapshot, inert), 200), where) if part
    )
    data = {
        "description": line,
        "color": face.colour,
        "footer": {"text": footer_of(snapshot, around, inert, OutboxKind.MIRROR)},
    }
    return message(embeds=[data], sign=sign)
