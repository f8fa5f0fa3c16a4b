"""An address that an agent gives as its result is its word: what we probed is shown, the promise apart."""

from ompycord.domain.events import PullRequestOpened
from ompycord.domain.folds.snapshot import StatusSnapshot
from ompycord.domain.run import RunKind, RunState
from ompycord.render.cards.view import view
from ompycord.render.render_context import RenderContext
from tests.support.states import BRANCH, hosted

PROMISED = "https://forge.example/acme/shop/pull/99"
WORDS = f"The agent names <{PROMISED}>. That was not checked."


def shown(snapshot: StatusSnapshot) -> tuple[list[str], list[str]]:
    """Lines of the links, and the buttons that are links."""
    card = view(snapshot, RenderContext(), redact=str)
    lines = [line for field in card.fields if field.name == "Links" for line in field.lines]
    return lines, [button.url for button in card.buttons if button.url]


def test_the_promise_of_a_hosted_run_is_no_link_to_press() -> None:
    assert shown(hosted(RunState.COMPLETE, branch=BRANCH, url=PROMISED)) == ([WORDS], [])


def test_beside_the_pull_request_that_we_opened_it_stands_apart() -> None:
    ours = "https://forge.example/acme/shop/pull/7"
    opened = PullRequestOpened(number=7, url=ours)
    ended = hosted(RunState.COMPLETE, branch=BRANCH, url=PROMISED, pull_request=opened)
    assert shown(ended) == ([f"<{ours}>", WORDS], [ours])
    kept = ended.model_copy(update={"url": ours})
    assert shown(kept) == ([f"<{ours}>"], [ours]), "a promise that is kept needs no words"


def test_where_a_run_works_elsewhere_its_address_is_its_result() -> None:
    elsewhere = hosted(RunState.COMPLETE, url=PROMISED, kind=RunKind.EXTERNAL)
    assert shown(elsewhere) == ([f"<{PROMISED}>"], [PROMISED])
