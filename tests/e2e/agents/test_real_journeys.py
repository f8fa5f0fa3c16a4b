"""Real agents at work for two people: asked, allowed, steered, stopped, resumed, killed with the bot.

And true to the end.
"""

import os
import re
from pathlib import Path
from typing import Any

import pytest

from ompycord.playground.client import Message
from tests.e2e.agents.conftest import installed
from tests.e2e.agents.journey import (
    OPTIONS,
    PATIENCE_S,
    QUESTION,
    Journey,
    Kind,
    allowing,
    begin,
    configuration,
    vault,
)
from tests.e2e.agents.kinds import KINDS
from tests.e2e.test_journeys import git
from tests.support.playground_person import Person
from tests.support.product import running_product

pytestmark = [pytest.mark.agents, pytest.mark.e2e, pytest.mark.timeout(400, func_only=True)]

CO_AUTHOR = "Mo <mo@example.com>"
ANSWER_TOKENS = 45
"""What every answer of the model says that it took."""


def marked(kind: Kind) -> Any:
    return pytest.param(kind, id=kind.name, marks=[] if kind.speaks_openai else [pytest.mark.shared])


@pytest.fixture(params=[marked(kind) for kind in KINDS])
def kind(request: pytest.FixtureRequest) -> Kind:
    made: Kind = request.param
    return made


@pytest.fixture
def stub(kind: Kind, request: pytest.FixtureRequest) -> str:
    """The address of a model without a mind that speaks its provider's dialect."""
    address: str = request.getfixturevalue("model" if kind.speaks_openai else "address")
    return address.removesuffix("/v1")


def busy(seconds: int) -> str:
    """A command that takes its time, and leave: some agents know `sleep` and do not ask for it."""
    return f"python3 -c 'import time; time.sleep({seconds})'"


LONG = (busy(40), busy(41), busy(42))


def tasks(kind: Kind) -> tuple[str, str, str]:
    """What the agent is asked first, what it is steered to, and how it comes to its end."""
    first = (
        kind.write("a.txt", "one\ntwo\n"),
        kind.ask,
        kind.run("cp a.txt b.txt"),
        kind.run(busy(25)),
        "SAY first",
    )
    # What was cut short comes again or counts as done, as the agent's session has it. The first step is there twice:
    # where words come with the result of what they cut short, the model without a mind takes that for its first step's.
    steered = (*[kind.write("steered.txt", "heard\n")] * 2, *(kind.run(one) for one in LONG), "SAY second")
    last = (*[kind.write("last.txt", "end\n")] * 2, "SAY all is done")
    return "\n".join(first), "\n".join(steered), "\n".join(last)


async def test_from_its_first_word_to_its_branch(kind: Kind, tmp_path: Path, stub: str) -> None:
    first, steered, last = tasks(kind)
    repository, home = vault(tmp_path), tmp_path / "home"
    home.mkdir()
    environ = {"HOME": str(home), "PATH": f"{installed(kind.name)}{os.pathsep}{os.environ['PATH']}"}
    config = configuration(kind, repository, stub, home)
    async with (
        running_product(tmp_path, config=config, environ=environ) as product,
        allowing(product.playground.ada) as read,
    ):
        await signs(product.playground.mo)
        journey = await begin(product, kind, first)
        await answered(journey)
        await journey.at_work_on(busy(25))
        await journey.says(steered)
        await journey.at_work_on(*LONG)
        await journey.commands("omp stop")
        await journey.until("run.state", lambda seen: seen[-1]["state"] == "SUSPENDED")
        kind.rested(journey.home)
        await journey.commands("omp resume")
        await goes_on(journey, starts=2)
        await journey.at_work_on(*LONG, times=2)
        await product.kill()
        await product.start()
        session = await goes_on(journey, starts=3)
        await journey.at_work_on(*LONG, times=3)
        if kind.flag:
            assert [line for line in journey.programs() if f"{kind.flag}{session}" in line]
        await journey.says(last)
        result = await ended(journey, kind, repository)
        await follows_up(journey, kind, repository, result, session)
        # What copies within the clone asks nobody; what runs code does.
        assert any(busy(25) in text for text in read)
        assert not any("cp a.txt b.txt" in text for text in read)
        assert any("ask\\_human" in text for text in read) == kind.asks_approval_to_ask


async def signs(mo: Person) -> None:
    """Mo wants to stand on commits."""
    form = await mo.command("omp settings", "tasks")
    await mo.submit_modal(form, pings=["thread"], agent=["-"], commits=CO_AUTHOR)
    await mo.wait_message(lambda m: "Saved." in m.text)


async def answered(journey: Journey) -> None:
    """Mo answers by a button."""
    question = await journey.mo.wait_message(lambda m: QUESTION in m.text and OPTIONS[1] in m.labels, PATIENCE_S)
    await journey.mo.click(question, OPTIONS[1])
    await journey.mo.wait_message(lambda m: m.id == question.id and not m.labels and OPTIONS[1] in m.text)


async def goes_on(journey: Journey, *, starts: int) -> str:
    """The one session of all its starts so far: every one has gone on in the first one's."""
    opened = await journey.until("session.opened", lambda found: len(found) >= starts)
    session: str = opened[0]["session"]
    assert [one["session"] for one in opened] == [session] * starts
    return session


async def follows_up(journey: Journey, kind: Kind, repository: Path, result: Message, session: str) -> None:
    """One more thing, on the same branch, by an agent that goes on in the session of the run before."""
    form = await journey.mo.click(result, "Follow up…")
    await journey.mo.submit_labels(
        form, {"What should be done next?": f"{kind.write('more.txt', 'more')}\nSAY once more"}
    )
    again = await journey.mo.wait_message(
        lambda m: " · result" in m.text and f"{journey.short} · result" not in m.text, PATIENCE_S
    )
    found = re.search(r"(\w{6}) · result", again.text)
    assert found is not None
    follow_up = Journey(journey.product, found[1])
    assert [one["session"] for one in follow_up.facts("session.opened")] == [session], again.text
    assert git(repository, "show", f"{journey.branch(repository)}:more.txt") == "more"
    assert f"on {journey.branch(repository)}" in again.text


async def ended(journey: Journey, kind: Kind, repository: Path) -> Message:
    """The result, the card and the branch say the same, and it is true."""
    result = await journey.mo.wait_message(lambda m: f"{journey.short} · result" in m.text, PATIENCE_S)
    card = await journey.card("Done · checks passed")
    branch = journey.branch(repository)
    changed = git(repository, "diff", "--numstat", f"main...{branch}").splitlines()
    assert changed == ["2\t0\ta.txt", "2\t0\tb.txt", "1\t0\tlast.txt", "1\t0\tsteered.txt"]
    assert git(repository, "log", "-1", "--format=%B", branch).endswith(f"Co-authored-by: {CO_AUTHOR}")
    assert "Done · checks passed" in card.text
    assert "Done · checks passed" in result.text
    assert "4 files +6 −0" in result.text
    assert cost(journey, kind) in result.text
    assert {one["by"] for one in journey.facts("approval.granted")} == {"Ada"}
    assert {one["by"] for one in journey.facts("question.answered")} == {"Mo"}
    await journey.one_of_each()
    return result


def cost(journey: Journey, kind: Kind) -> str:
    """What all answers of the model cost together, as people read it."""
    usage = journey.facts("usage.updated")
    stated = sum(one.get("cost_usd") or 0 for one in usage)
    if kind.answer_usd is not None:
        answers = sum(one.get("output") or 0 for one in usage) / ANSWER_TOKENS
        assert stated == pytest.approx(answers * kind.answer_usd)
    return f"${stated:.2f}" if stated else "cost unknown"
