"""A text of a person as a decision of the team; shared by `/omp decide`, *Save as decision* and 📌."""

from ompycord.domain.memory.items import BODY_LENGTH, TITLE_LENGTH, MemoryKind, NewMemory
from ompycord.text import cut
from ompycord.text.titles import title_of

__all__ = ["new_decision"]


def new_decision(text: str) -> NewMemory:
    """Its first sentence is the title, and the whole stands in the body where it says more."""
    title = cut(title_of(text) or text.strip(), TITLE_LENGTH)
    body = text.strip()
    is_longer = body.rstrip(".") != title.rstrip(".")
    return NewMemory(kind=MemoryKind.DECISION, title=title, body=cut(body, BODY_LENGTH) if is_longer else "")
