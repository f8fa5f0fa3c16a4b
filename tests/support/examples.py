"""How many examples a property is tried with: a fifth in every run, all of them in `make long`."""

import os
from typing import Final

__all__ = ["examples"]

_ALL: Final = os.environ.get("EXAMPLES_TRIED") == "all"
_SHARE: Final = 5
_LEAST: Final = 50


def examples(most: int) -> int:
    """For `settings(max_examples=examples(1000))`. Mark the test `examples` too: `make long` then tries all."""
    return most if _ALL else max(most // _SHARE, min(most, _LEAST))
