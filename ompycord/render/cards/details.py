"""A part of `/omp show` as an embed, with Discord's own times; counterpart of `textform.py`: the same sections.

Where it does not fit into one embed it is a file instead: nothing is cut.
"""

from ompycord.domain.folds.snapshot import StatusSnapshot
from ompycord.domain.ids import short_id
from ompycord.render.cards.blocks import facts_of
from ompycord.render.cards.headlines import headline_of
from ompycord.render.cards.names import short_title
from ompycord.render.cards.textform import SECTIONS, ShowPart
from ompycord.render.cards.view import REHEARSAL
from ompycord.render.message import Json, RenderedMessage, Sign, message
from ompycord.render.render_context import RenderContext
from ompycord.render.run_view import Place, shown_facts
from ompycord.render.sanitizer import Redact, Sanitizer, isolated
from ompycord.text.graphemes import utf16_len
from ompycord.text.limits import EMBED_DESCRIPTION, EMBED_FIELD_VALUE, EMBED_FIELDS, EMBEDS_TOTAL

__all__ = ["details_message"]


def details_message(
    snapshot: StatusSnapshot, render_context: RenderContext, *, sign: Sign, redact: Redact, part: ShowPart
) -> RenderedMessage | None:
    """The part as one embed; None where Discord takes less than it says."""
    sanitizer = Sanitizer(redact)
    headline = headline_of(snapshot, render_context, sanitizer)
    named = (f"{headline.glyph} {headline.word}", isolated(short_title(snapshot, render_context, sanitizer)))
    known = (
        headline.sentence,
        facts_of(snapshot, sanitizer, pulse=headline.pulse),
        " · ".join(shown_facts(snapshot, Place.HEAD, sanitizer, most=100)),
    )
    sections = [section for section in SECTIONS[part](snapshot, sanitizer) if section.lines]
    fields: list[Json] = [
        {"name": section.name, "value": "\n".join(section.lines), "inline": False} for section in sections
    ]
    data: Json = {
        "title": " · ".join(text for text in named if text),
        "description": "\n".join(text for text in known if text),
        "color": headline.colour,
        "fields": fields,
        "footer": {"text": f"{short_id(snapshot.run)} · {part}"},
    }
    if render_context.is_rehearsal:
        data["author"] = {"name": f"DEMO · {REHEARSAL}"}
    return message(embeds=[data], sign=sign) if _fits(data, fields) else None


def _fits(data: Json, fields: list[Json]) -> bool:
    texts = [data["title"], data["description"], data["footer"]["text"], data.get("author", {}).get("name", "")]
    size = sum(utf16_len(text) for text in (*texts, *(text for one in fields for text in (one["name"], one["value"]))))
    return (
        len(fields) <= EMBED_FIELDS
        and utf16_len(data["description"]) <= EMBED_DESCRIPTION
        and all(utf16_len(one["value"]) <= EMBED_FIELD_VALUE for one in fields)
        and size <= EMBEDS_TOTAL
    )
