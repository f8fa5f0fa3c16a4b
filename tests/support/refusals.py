"""Refusals as people in Discord read them."""

import re
from collections.abc import Generator
from contextlib import contextmanager

import pytest

from ompycord.errors import Refused
from ompycord.render.refusals import Audience, refusal_words

__all__ = ["refuses"]


@contextmanager
def refuses(match: str) -> Generator[None]:
    """What is done in the block is refused in words that match a pattern."""
    with pytest.raises(Refused) as refused:
        yield
    words = refusal_words(refused.value, Audience.DISCORD)
    assert re.search(match, words), words
