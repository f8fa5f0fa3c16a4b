"""What a person is told of an error of ours."""

from ompycord.bot.interactions.replies import words_for
from ompycord.errors import ArchiveUnreadable


def test_a_run_whose_archive_cannot_be_read_is_told_by_month_and_not_as_a_write_that_failed() -> None:
    assert words_for(ArchiveUnreadable("2027-03", "is damaged"), "r") == (
        "The events of this run are in the archive of 2027-03, whose file is damaged. "
        "`ompycord archive restore` brings it back from a backup."
    )
