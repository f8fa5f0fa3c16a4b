"""Which messages in the thread of a run that has ended are meant for it, and how their offers are found again."""

import pytest

from ompycord.bot.interactions.follow_ups import is_for_follow_up, offer_id
from ompycord.conductor.typed_answers import WrittenMessage
from ompycord.domain.ids import is_ulid, ulid_time_ms


def written(text: str = "Now the docs.", *, is_person: bool = True, is_to_others: bool = False) -> WrittenMessage:
    return WrittenMessage(text=text, author="1", is_person=is_person, is_to_others=is_to_others)


def test_a_plain_text_of_a_person_is_meant_for_the_run() -> None:
    assert is_for_follow_up(written())
    assert is_for_follow_up(written(" Now the docs. "))


@pytest.mark.parametrize(
    "message",
    [
        written(""),
        written("  \n"),
        written("/omp help"),
        written("/OMP help"),
        written(is_to_others=True),
        written(is_person=False),
        WrittenMessage(text="", author="1", has_files=True),
    ],
)
def test_talk_and_commands_are_not(message: WrittenMessage) -> None:
    assert not is_for_follow_up(message)


def test_an_offer_is_found_by_its_message_and_is_as_old() -> None:
    first, second = "1576661242813087745", "1576661242813087746"
    assert offer_id(first) == offer_id(first) != offer_id(second)
    assert is_ulid(offer_id(first))
    assert ulid_time_ms(offer_id(first)) == (int(first) >> 22) + 1_420_070_400_000
