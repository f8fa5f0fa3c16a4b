"""What stands on a request of ours to publish: no word about what an agent sent, since none did."""

from ompycord.domain.folds.shown_requests import PUBLICATION, Approval
from ompycord.render.question import permission_words
from ompycord.render.sanitizer import Sanitizer


def test_it_is_for_this_result_and_blames_no_agent() -> None:
    ours = Approval(ref=f"{PUBLICATION}1", title="Publish it", call="a" * 64, only_once=True, asked_at=1)
    assert ours.is_publication
    assert permission_words(ours, Sanitizer(str)) == "It is for this result alone: another one is asked about anew."
    of_an_agent = ours.model_copy(update={"call": None})
    assert permission_words(of_an_agent, Sanitizer(str)).startswith("Its agent did not send all arguments")
