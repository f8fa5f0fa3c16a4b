"""What a card leaves out, and in which order, when it is larger than Discord accepts.

Each step removes one thing, or returns None when it has nothing left to remove; only then does the next one begin.
State, run id, what is asked of a person and the links are never left out. Pure and deterministic; a card that fits is
not changed.
"""

from collections.abc import Callable
from typing import Final, NamedTuple

from ompycord.render.cards.cardview import CardView, FieldView, Part, phase_count
from ompycord.text.graphemes import utf16_len
from ompycord.text.limits import EMBED_FIELD_VALUE, EMBEDS_TOTAL

__all__ = [
    "STEPS",
    "Fitted",
    "Step",
    "collapse_billing",
    "cut_free_text",
    "drop_billing",
    "drop_hint",
    "drop_least_recent_tool",
    "fit",
    "fold_finished_phases",
    "shorten_prompt",
]

Step = Callable[[CardView, int], CardView | None]
"""The card with a little less, given by how many units it is too large; None when this step is exhausted."""

_FREE: Final = (
    Part.NOTES,
    Part.GAPS,
    Part.FACTS,
    Part.CHAIN,
    Part.MESSAGE,
    Part.FILES,
    Part.NEXT_PHASE,
    Part.CHECKS,
    Part.FAILING,
    Part.EVIDENCE,
    Part.DONE_PHASE,
    Part.ACTIVE_PHASE,
    Part.PRECHECK,
    Part.LEFT_OUT,
)
"""Free text in the order in which it is dropped: what proves the state goes last."""


class Fitted(NamedTuple):
    """A card that Discord accepts, and the names of the steps that were needed, in order."""

    view: CardView
    steps: tuple[str, ...]


def fit(view: CardView, budget: int = EMBEDS_TOTAL) -> Fitted:
    """The card within `budget` units over all its texts, every field within its own limit first."""
    view = _with_fields(view, [_within_field(field) for field in view.fields])
    taken: list[str] = []
    measured = _Measured()
    size = measured.size(view)
    for step in STEPS:
        while size > budget:
            smaller = step(view, size - budget)
            smaller_size = measured.size(smaller) if smaller else size
            if smaller is None or smaller_size >= size:
                break
            view, size = smaller, smaller_size
            if step.__name__ not in taken:
                taken.append(step.__name__)
    return Fitted(view, tuple(taken))


class _Measured:
    """The sizes of fields, each measured once: a full card takes a hundred steps, each of which changes one field."""

    def __init__(self) -> None:
        self._known: dict[int, tuple[FieldView, int]] = {}
        """By identity; the field is kept, so that no other one gets its id."""

    def size(self, view: CardView) -> int:
        """`view.size`."""
        return view.size_without_fields + sum(map(self._of, view.fields))

    def _of(self, field: FieldView) -> int:
        found = self._known.get(id(field))
        if found is None:
            found = self._known[id(field)] = (field, field.size)
        return found[1]


def _within_field(field: FieldView) -> FieldView:
    if field.prose is not None:
        return field.model_copy(update={"prose": field.prose.within(EMBED_FIELD_VALUE)})
    while utf16_len(field.value) > EMBED_FIELD_VALUE and field.lines:
        field = _without_a_line(field)
    return field


def _without_a_line(field: FieldView) -> FieldView:
    """The field with a line less: tools lose the least recent, which stands first, all others their last line."""
    lines = field.lines[1:] if field.part is Part.TOOLS else field.lines[:-1]
    return field.model_copy(update={"lines": lines, "hidden": field.hidden + 1 if lines else 0})


def _with_fields(view: CardView, fields: list[FieldView]) -> CardView:
    return view.model_copy(update={"fields": tuple(field for field in fields if field.value)})


def _with_field(view: CardView, index: int, field: FieldView) -> CardView:
    here = (field,) if field.value else ()
    return view.model_copy(update={"fields": (*view.fields[:index], *here, *view.fields[index + 1 :])})


def _last(view: CardView, part: Part) -> tuple[int, FieldView] | None:
    found = [(index, field) for index, field in enumerate(view.fields) if field.part is part]
    return found[-1] if found else None


# -- the steps, in order ----------------------------------------------------------------------------------------------


def drop_hint(view: CardView, over_limit: int) -> CardView | None:
    """Step 1: what a message below the card does."""
    return view.model_copy(update={"hint": ""}) if view.hint else None


def shorten_prompt(view: CardView, over_limit: int) -> CardView | None:
    """Step 2: as much of the prompt as is needed, down to the ellipsis alone."""
    size = utf16_len(view.prompt.text)
    if size <= 1:
        return None
    return view.model_copy(update={"prompt": view.prompt.within(max(size - over_limit, 1))})


def collapse_billing(view: CardView, over_limit: int) -> CardView | None:
    """Step 3: cost, tokens and time on one line."""
    found = _last(view, Part.BILLING)
    if found is None or found[1].brief is None or found[1].lines == (found[1].brief,):
        return None
    return _with_field(view, found[0], found[1].model_copy(update={"lines": (found[1].brief,)}))


def drop_least_recent_tool(view: CardView, over_limit: int) -> CardView | None:
    """Step 4: one tool, the one used longest ago."""
    found = _last(view, Part.TOOLS)
    return _with_field(view, found[0], _without_a_line(found[1])) if found else None


def drop_billing(view: CardView, over_limit: int) -> CardView | None:
    """Step 5: the billing line."""
    found = _last(view, Part.BILLING)
    return _with_field(view, found[0], found[1].model_copy(update={"lines": ()})) if found else None


def fold_finished_phases(view: CardView, over_limit: int) -> CardView | None:
    """Step 6: all finished phases become a count."""
    return _folded(view, Part.DONE_PHASE, "✅", "finished")


def cut_free_text(view: CardView, over_limit: int) -> CardView | None:
    """Step 7: from what is left, line by line, what proves the state last."""
    for part in _FREE:
        found = _last(view, part)
        if found is not None:
            folded = _folded(view, part, "▫", "later") if part is Part.NEXT_PHASE else None
            return folded or _with_field(view, found[0], _shorter(found[1], over_limit))
    return None


def _folded(view: CardView, part: Part, glyph: str, word: str) -> CardView | None:
    """The phases of one kind as one field that counts them, where that is smaller."""
    phases = [field for field in view.fields if field.part is part]
    number = sum(field.phases for field in phases)
    count = phase_count(part, glyph, number, word)
    if sum(field.size for field in phases) <= count.size:
        return None
    at = view.fields.index(phases[0])
    rest = [field for field in view.fields if field.part is not part]
    return _with_fields(view, [*rest[:at], count, *rest[at:]])


def _shorter(field: FieldView, over_limit: int) -> FieldView:
    """The field with less text or fewer lines.

    Lines are dropped until it is smaller, since the count of dropped lines can take more room than one line frees.
    """
    if field.prose is not None:
        left = utf16_len(field.prose.text) - over_limit
        return field.model_copy(update={"prose": field.prose.within(max(left, 0))})
    shorter = _without_a_line(field)
    while shorter.size >= field.size:
        shorter = _without_a_line(shorter)
    return shorter


STEPS: Final[tuple[Step, ...]] = (
    drop_hint,
    shorten_prompt,
    collapse_billing,
    drop_least_recent_tool,
    drop_billing,
    fold_finished_phases,
    cut_free_text,
)
"""docs/contracts/cards.md, *Order of loss*."""
