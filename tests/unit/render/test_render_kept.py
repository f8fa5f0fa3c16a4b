"""Lines are kept from one render to the next; what is kept never changes what is shown."""

from ompycord.render.cards.actions import ACTIONS
from ompycord.render.cards.card import render
from ompycord.render.sanitizer import Sanitizer, forget_lines
from tests.support.payloads import plain_sign
from tests.support.snapshots import sample


def test_a_card_is_the_same_whether_its_lines_were_made_before_or_not() -> None:
    for seed in range(40):
        drawn = sample(seed, 0.5)
        forget_lines()
        cold, warm = (
            render(drawn.snapshot, drawn.render_context, actions=ACTIONS, sign=plain_sign, redact=str) for _ in range(2)
        )
        assert cold == warm


def test_a_secret_that_is_loaded_later_is_not_shown_because_its_line_was_kept() -> None:
    text = "the word is hunter2-hunter2"
    assert "hunter2" in Sanitizer(str).line(text, 100)
    later = Sanitizer(lambda shown: shown.replace("hunter2-hunter2", "[redacted]"))
    assert "hunter2" not in later.line(text, 100)
    assert "hunter2" not in later.label(text, 100)


def test_what_is_uncovered_by_a_redaction_is_cleaned_too() -> None:
    """A selector that stood on a secret's last character would hide on the bracket instead."""
    sanitizer = Sanitizer(lambda shown: shown.replace("secret-number-7", "[redacted]"))
    assert sanitizer.source("secret-number-7\ufe0f") == "[redacted]"
