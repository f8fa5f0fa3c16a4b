"""`CardView`: what a card shows, before it is cut to Discord's size; made by `view.py`, cut by `truncation.py`.

All foreign text in it has passed `Sanitizer`. Text whose length is decided later stays unescaped in an `Excerpt`.
"""

from enum import StrEnum
from typing import Final, Literal

from ompycord.domain.base import Frozen, Millis
from ompycord.domain.ids import RunId
from ompycord.render.sanitizer import isolated
from ompycord.text.graphemes import utf16_len
from ompycord.text.sanitise import excerpt, plain

__all__ = [
    "PLAN",
    "TRANSIENT_ROOM",
    "Button",
    "CardView",
    "Colour",
    "Excerpt",
    "FieldView",
    "Part",
    "Style",
    "phase_count",
]

Style = Literal["primary", "secondary", "success", "danger", "link"]

TRANSIENT_ROOM: Final = 160
"""Units of the budget kept free for the transient status, so that its coming and going changes nothing else."""


class Colour:
    """Discord's own palette; the glyph and the word express the same (docs/contracts/cards.md, *Colour and words*)."""

    GREY: Final = 0x95A5A6
    BLURPLE: Final = 0x5865F2
    YELLOW: Final = 0xFEE75C
    RED: Final = 0xED4245
    GREEN: Final = 0x57F287
    ORANGE: Final = 0xE67E22


class Button(Frozen):
    """One button. A link has a `url`; any other an `action` on a `ref`, which the caller signs."""

    action: str = ""
    label: str = ""
    style: Style = "secondary"
    ref: str = ""
    url: str | None = None
    emoji: str | None = None


class Part(StrEnum):
    """The content of a field, by which the truncation steps choose."""

    DONE_PHASE = "done phase"
    ACTIVE_PHASE = "active phase"
    NEXT_PHASE = "next phase"
    TOOLS = "tools"
    PRECHECK = "precheck"
    FAILING = "failing"
    CHECKS = "checks"
    EVIDENCE = "evidence"
    FILES = "files"
    LEFT_OUT = "left out"
    BILLING = "billing"
    FACTS = "facts"
    MESSAGE = "said"
    NOTES = "notes"
    GAPS = "gaps"
    CHAIN = "chain"
    LINKS = "links"


PLAN: Final = frozenset({Part.DONE_PHASE, Part.ACTIVE_PHASE, Part.NEXT_PHASE})
"""What stands in the one line of the plan, in its order."""


class Excerpt(Frozen):
    """Cleaned and redacted text and what is shown of it. Escaped once per length: cards are measured often."""

    source: str = ""
    text: str = ""
    """What is shown: escaped, cut between graphemes."""
    keeps_lines: bool = False

    @classmethod
    def of(cls, source: str, limit: int, *, keeps_lines: bool = False) -> "Excerpt":
        """At most `limit` UTF-16 units of `source`."""
        return cls(source=source, text=(plain if keeps_lines else excerpt)(source, limit), keeps_lines=keeps_lines)

    def within(self, limit: int) -> "Excerpt":
        """The same text, shown in at most `limit` units."""
        return self if utf16_len(self.text) <= limit else Excerpt.of(self.source, limit, keeps_lines=self.keeps_lines)


class FieldView(Frozen):
    """One field, or one phase of the plan's line. Its lines are already sanitized and short; only whole ones go."""

    part: Part
    name: str
    lines: tuple[str, ...] = ()
    hidden: int = 0
    """How many lines were dropped; shown at the end, except of tools."""
    joiner: str = "\n"
    inline: bool = False
    brief: str | None = None
    """The one line to which the lines can collapse."""
    prose: Excerpt | None = None
    phases: int = 1
    """How many phases of the plan a phase field stands for."""

    @property
    def value(self) -> str:
        """What the field shows; empty means that the field is left out."""
        if self.prose is not None:
            return self.prose.text
        hidden = [f"… {self.hidden} more"] if self.hidden and self.part is not Part.TOOLS else []
        return self.joiner.join([*self.lines, *hidden])

    @property
    def size(self) -> int:
        """UTF-16 units of name and value, or of a phase with the space or line break before it."""
        value = self.value
        if not value:
            return 0
        return utf16_len(value) + len(_BETWEEN) if self.part in PLAN else utf16_len(self.name) + utf16_len(value)


_BETWEEN: Final = "  "
"""Between the phases of a plan's line."""


def phase_count(part: Part, glyph: str, number: int, word: str) -> FieldView:
    """Several phases as one: `✅ 3 finished`."""
    return FieldView(part=part, name="", lines=(f"{glyph} {number} {word}",), phases=number)


class CardView(Frozen):
    """A card as text. `size` is what counts against the budget of the whole message."""

    run: RunId
    glyph: str
    word: str
    note: str = ""
    """What follows the word and changes more often than it: `step 2 of 4`."""
    title: str
    """The short title. The thread has it as its name, so the card shows it only where it stands elsewhere."""
    shows_title: bool = False
    colour: int
    author: str
    sentence: str
    """The first line: one true sentence; what is asked of a person, where something is."""
    facts: str = ""
    """The last activity, what changed, how long it took, what it cost: one line, never left out."""
    hint: str = ""
    """What a message below the card does; the first that is left out."""
    prompt: Excerpt = Excerpt()
    fields: tuple[FieldView, ...] = ()
    footer: str
    transient_status: str = ""
    """The transient status, which never causes an edit; stands at the footer's end."""
    at: Millis
    """The time of the last event, by which people notice that a card is old."""
    buttons: tuple[Button, ...] = ()
    needs_person: bool = False

    @property
    def heading(self) -> str:
        """The embed's title."""
        title = isolated(self.title) if self.shows_title else ""
        return " · ".join(part for part in (f"{self.glyph} {self.word}", self.note, title) if part)

    @property
    def description(self) -> str:
        """The sentence, the plan in one line, the facts, the prompt as a quotation, the hint in small type."""
        plan = _BETWEEN.join(field.value for field in self.fields if field.part in PLAN and field.value)
        return self._lines(plan)

    def _lines(self, plan: str) -> str:
        prompt = f"> {self.prompt.text}" if self.prompt.text else ""
        hint = f"-# {self.hint}" if self.hint else ""
        return "\n".join(part for part in (self.sentence, plan, self.facts, prompt, hint) if part)

    @property
    def size(self) -> int:
        """UTF-16 units of everything that Discord counts, including the room for the transient status."""
        return self.size_without_fields + sum(field.size for field in self.fields)

    @property
    def size_without_fields(self) -> int:
        """The same without the fields."""
        texts = (self.heading, self._lines(""), self.author, self.footer)
        return TRANSIENT_ROOM + sum(map(utf16_len, texts))
