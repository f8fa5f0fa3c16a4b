"""What waits for a person: the oldest first, as much as a message holds."""

from ompycord.render.approvals.waiting import WaitingFor, waiting_text
from ompycord.render.sanitizer import Sanitizer
from ompycord.text import utf16_len

PLAIN = Sanitizer(str)


def one(number: int, text: str = "Push") -> WaitingFor:
    return WaitingFor(
        what="publish",
        text=text,
        run="Fix it",
        repository="shop",
        asked_at=1_000 * number,
        url=f"https://x.test/{number}",
    )


def test_the_list_begins_with_the_oldest() -> None:
    assert waiting_text([], PLAIN) == "Nothing waits for you here."
    lines = waiting_text([one(2), one(1)], PLAIN).splitlines()
    assert lines[0] == "**2 decisions wait for you**, the oldest since <t:1:R>"
    assert lines[1] == "- **publish** Push · *Fix it* in shop · <t:1:R> [Decide](https://x.test/1)"


def test_a_long_list_says_how_many_more() -> None:
    text = waiting_text([one(number, "é" * 500) for number in range(90)], PLAIN)
    assert utf16_len(text) <= 2_000
    last = text.splitlines()[-1]
    assert last == f"… and {90 - (len(text.splitlines()) - 2)} more"
