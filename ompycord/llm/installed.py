"""Whether the libraries of the extra `llm` are here; nothing of them is imported."""

from importlib.util import find_spec
from typing import Final

__all__ = ["MISSING", "is_installed"]

MISSING: Final = (
    "Asking models itself needs pydantic-ai, which is not installed. Run: pip install 'ompycord[llm]', "
    "or in a checkout: make env."
)
_LIBRARIES: Final = ("pydantic_ai", "openai", "anthropic")


def is_installed() -> bool:
    """Whether all of them are."""
    return all(find_spec(name) is not None for name in _LIBRARIES)
