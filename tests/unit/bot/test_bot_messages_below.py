"""What lies below a card is counted by messages and by what they show, and only what is really there."""

from ompycord.bot.delivery.messages_below import CHARACTERS, SCROLLED_OUT_BY, MessagesBelow
from ompycord.bot.rest import Written
from ompycord.domain.ids import RunId

RUN = RunId("01ARZ3NDEKTSV4RRFFQ69G5FAV")
THREAD, CARD = "7", "100"


def watched(*, below: int = 0) -> MessagesBelow:
    made = MessagesBelow()
    made.learn(THREAD, RUN, CARD, [Written(str(101 + number), 0) for number in range(below)])
    return made


def test_the_eighth_message_buries_a_card_and_a_deleted_one_does_not_count() -> None:
    below = watched(below=SCROLLED_OUT_BY - 1)
    below.deleted(THREAD, "101")
    assert below.received(THREAD, Written("200", 5)) is None
    assert below.received(THREAD, Written("201", 5)) == RUN
    assert below.is_scrolled_out(THREAD)


def test_one_long_message_buries_a_card_too() -> None:
    assert watched().received(THREAD, Written("200", CHARACTERS)) == RUN


def test_what_stands_above_the_card_or_in_a_thread_that_nobody_watches_counts_for_nothing() -> None:
    below = watched(below=SCROLLED_OUT_BY - 1)
    assert below.received(THREAD, Written("99", CHARACTERS)) is None
    assert below.received("8", Written("200", CHARACTERS)) is None
    assert not below.is_scrolled_out("8")


def test_a_card_that_came_down_has_only_what_came_after_it_below() -> None:
    below = watched(below=SCROLLED_OUT_BY)
    assert below.track(THREAD, RUN, "104")
    assert not below.is_scrolled_out(THREAD)
    assert [below.received(THREAD, Written(str(200 + number), 0)) for number in range(4)] == [None, None, None, RUN]


def test_after_a_gap_nothing_is_known_until_somebody_looked() -> None:
    below = watched(below=SCROLLED_OUT_BY)
    below.forget_all()
    assert not below.track(THREAD, RUN, CARD)
    assert not below.is_scrolled_out(THREAD)
