"""Pull requests on every kind of forge: the same cases for each, over the same world behind them."""

from typing import Any

import pytest

from ompycord.forge.gitea.proposing import Gitea
from ompycord.forge.github import GitHub
from tests.integration.forge.conftest import HastyClock
from tests.integration.forge.test_github import MARKER, PROPOSED, WANTED, posts, refusal
from tests.support.forge_double import Fault, ForgeDouble


@pytest.fixture(params=["github", "gitea"])
def kind(request: pytest.FixtureRequest) -> str:
    return request.param


async def test_a_pull_request_is_opened_with_what_was_asked_for(port: GitHub | Gitea, forge: ForgeDouble) -> None:
    opened = await port.open(PROPOSED)
    assert (opened.number, opened.is_draft, opened.is_adopted) == (1, True, False)
    assert opened.url == f"{forge.address}/acme/shop/{'pull' if forge.kind == 'github' else 'pulls'}/1"
    assert forge.pulls[0]["title"] == ("Fix the total" if forge.kind == "github" else "WIP: Fix the total")
    assert forge.pulls[0]["draft"]
    assert forge.pulls[0]["base"]["ref"] == "main"


async def test_one_that_is_open_already_is_adopted(port: GitHub | Gitea, forge: ForgeDouble) -> None:
    await port.open(PROPOSED)
    again = await port.open(PROPOSED)
    assert (again.number, again.is_adopted) == (1, True)
    assert posts(forge) == 1


@pytest.mark.parametrize(
    "fault",
    [
        Fault("POST", "/pulls", 502, after=True),
        Fault("POST", "/pulls", 500, after=True),
        Fault("POST", "/pulls", after=True, cuts=True),
    ],
    ids=["502", "500", "cut"],
)
async def test_a_request_whose_answer_was_lost_opens_no_second_one(
    port: GitHub | Gitea, forge: ForgeDouble, fault: Fault
) -> None:
    forge.faults = [fault]
    opened = await port.open(PROPOSED)
    assert (opened.number, opened.is_adopted) == (1, True)
    assert (len(forge.pulls), posts(forge)) == (1, 1)


async def test_a_request_that_took_no_effect_is_sent_again(
    port: GitHub | Gitea, forge: ForgeDouble, clock: HastyClock
) -> None:
    forge.faults = [Fault("POST", "/pulls", 503)]
    assert not (await port.open(PROPOSED)).is_adopted
    assert (len(forge.pulls), posts(forge), clock.slept) == (1, 2, [2.0])


async def test_a_forge_that_stays_down_is_not_asked_for_ever(port: GitHub | Gitea, forge: ForgeDouble) -> None:
    forge.faults = [Fault("POST", "/pulls", 502) for _ in range(9)]
    assert (await refusal(port)).fault == "unavailable"
    assert posts(forge) == 3


@pytest.mark.parametrize(
    "other",
    [
        {"by": "somebody", "number": 5},
        {"by": "ompycord-bot", "number": 99, "fork": True},
        {"by": "ompycord-bot", "number": 99, "state": "closed"},
    ],
    ids=["another's", "of a fork", "closed"],
)
async def test_only_an_open_one_of_ours_in_this_repository_is_adopted(
    port: GitHub | Gitea, forge: ForgeDouble, other: dict[str, Any]
) -> None:
    forge.add(WANTED, **other)
    assert await port.find(head="ompycord/fix", base="main", marker=MARKER) is None


async def test_one_of_ours_without_the_runs_mark_is_left_alone(port: GitHub | Gitea, forge: ForgeDouble) -> None:
    forge.add({**WANTED, "body": "by hand"}, by="ompycord-bot", number=99)
    refused = await refusal(port)
    assert refused.fault == "exists"
    assert "has a pull request of ompycord/fix already that is not ours" in str(refused)


@pytest.mark.parametrize("after", ["0", "Tue, 01 Jan 2019 00:00:00 GMT"])
async def test_a_limit_that_names_no_time_is_not_asked_for_ever(
    port: GitHub | Gitea, forge: ForgeDouble, clock: HastyClock, after: str
) -> None:
    forge.faults = [Fault("POST", "/pulls", 429, {"message": "Too many"}, {"Retry-After": after}) for _ in range(200)]
    assert (await refusal(port)).fault == "limited"
    assert sum(clock.slept) <= 120


async def test_a_long_limit_is_an_error_that_says_until_when(port: GitHub | Gitea, forge: ForgeDouble) -> None:
    forge.faults = [Fault("POST", "/pulls", 429, {"message": "Too many"}, {"Retry-After": "1800"})]
    refused = await refusal(port)
    assert (refused.fault, "for 30 minutes. Retry after that." in str(refused)) == ("limited", True)


async def test_a_renamed_repository_keeps_method_and_body(port: GitHub | Gitea, forge: ForgeDouble) -> None:
    place = f"{forge.settings['api']}/repos/acme/shop/pulls"
    forge.faults = [Fault("POST", "/pulls", 307, {"message": "Temporary Redirect"}, {"Location": place})]
    assert (await port.open(PROPOSED)).number == 1
    assert posts(forge) == 2
