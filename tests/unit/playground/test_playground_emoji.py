"""What the playground takes for an emoji, and what not."""

import pytest

from ompycord.playground.rules.emoji import is_unicode_emoji


@pytest.mark.parametrize("text", ["🚀", "❤", "❤\ufe0f", "1\ufe0f\u20e3", "👩\u200d💻", "🇩🇪", "👍🏽"])
def test_an_emoji_may_have_signs_that_are_none_by_themselves(text: str) -> None:
    assert is_unicode_emoji(text)


@pytest.mark.parametrize("text", ["", " ", "\u2003", "rocket", "1", "rocket:123", "a:rocket:123", "🚀" * 17])
def test_words_custom_emoji_and_rows_of_emoji_are_none(text: str) -> None:
    assert not is_unicode_emoji(text)
