"""What a run's agent was given of earlier work: in two words on the card, item by item in `/omp show`."""

from collections.abc import Mapping

from ompycord.domain.folds.snapshot import StatusSnapshot
from ompycord.domain.ids import short_id
from ompycord.domain.memory.items import MemoryItem
from ompycord.render.sanitizer import Sanitizer

__all__ = ["recalled_lines", "recalled_words"]


def recalled_words(snapshot: StatusSnapshot) -> str:
    """`recalled 3`; empty where nothing was."""
    recalled = snapshot.recalled
    return "" if recalled is None or recalled.withheld or not recalled.items else f"recalled {len(recalled.items)}"


def recalled_lines(snapshot: StatusSnapshot, items: Mapping[str, MemoryItem], sanitizer: Sanitizer) -> list[str]:
    """A head and a line for each item with why it was chosen. `items` lacks those that were dropped since."""
    recalled = snapshot.recalled
    if recalled is None or not recalled.items:
        return ["Nothing was recalled for this run: nothing that is remembered here fits its task."]
    head = f"Recalled for this run, out of what is remembered here ({len(recalled.items)}):"
    if recalled.withheld:
        head = (
            "This run is one of those that get nothing recalled, so that the others can be judged by them "
            "(`memory.hold_out`). It would have been given:"
        )
    return [
        head,
        *(
            _line(short_id(one.item), one.kind.word, items.get(one.item), one.why, one.stale, sanitizer)
            for one in recalled.items
        ),
    ]


def _line(name: str, kind: str, item: MemoryItem | None, why: str, is_stale: bool, sanitizer: Sanitizer) -> str:
    text = "dropped since" if item is None else sanitizer.line(item.title, 200)
    return f"▫ `{name}` {kind} · {text} ({why}{', file gone' if is_stale else ''})"
