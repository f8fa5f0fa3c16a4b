"""Right-to-left text stands between isolates, also where only a part of it is; other text stands as it is."""

import pytest

from ompycord.render.sanitizer import isolated


@pytest.mark.parametrize("text", ["תקן", "سلة", "תקן cart.py", "Mend סל 1", "1 ש"])
def test_text_with_any_right_to_left_letter_is_isolated(text: str) -> None:
    assert isolated(text) == f"\u2068{text}\u2069"


@pytest.mark.parametrize("text", ["", "Mend the cart", "№ 1: é 中 🚀", "-- 12 %"])
def test_other_text_is_not(text: str) -> None:
    assert isolated(text) == text
