"""A task without a title is called by its first words, whoever started it."""

import pytest

from ompycord.text.titles import title_of


@pytest.mark.parametrize(
    ("prompt", "title"),
    [
        ("Fix the cart. Then add a test.", "Fix the cart"),
        ("\n  Fix the cart  \nand more", "Fix the cart"),
        ("```python\ntotal(3)\n```\nFix it", "total(3)"),
        ("~~~\n---\n~~~\nFix it", "Fix it"),
        ("---\n***\nFix it.", "Fix it"),
        ("version 2.0 is broken", "version 2.0 is broken"),
        ("x" * 80, "x" * 80),
        ("x" * 81, "x" * 79 + "…"),
        ("```", "```"),
        ("קנה 3 ספרים", "קנה 3 ספרים"),
        ("", ""),
        (" \n\t", ""),
    ],
)
def test_a_title_is_the_first_line_with_words(prompt: str, title: str) -> None:
    assert title_of(prompt) == title
