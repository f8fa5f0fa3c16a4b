"""The story of a run: its rounds as its log has them, its words as the card has them, no markup of an agent's."""

import pytest

from ompycord.domain import events as ev
from ompycord.domain.folds.fold import fold
from ompycord.domain.folds.rounds import starts_of, steps_of
from ompycord.domain.ids import AGENT_SOURCE, OMPYCORD, RunId, Source
from ompycord.domain.run import RunState
from ompycord.domain.task import Task
from ompycord.render.render_context import RenderContext
from ompycord.render.stories.markdown import markdown
from ompycord.render.stories.story import exit_code_of, story_of

RUN = RunId("01JD0000000000000000000001")
S = RunState


def log(*bodies: ev.EventBody) -> list[ev.RunEvent]:
    """A second between each, all ours but what an agent tells."""
    theirs = (ev.Message,)
    events: list[ev.RunEvent] = []
    for number, body in enumerate(bodies, 1):
        source = AGENT_SOURCE if isinstance(body, theirs) else OMPYCORD
        events.append(told(number, body, source))
    return events


def told(number: int, body: ev.EventBody, source: Source) -> ev.RunEvent:
    return ev.RunEvent(run=RUN, source=source, seq=number, at=number * 1000, body=body, position=number)


def moved(state: RunState, iteration: int = 1, round_: int = 1, **more: object) -> ev.RunStateChanged:
    known = {"state": state, "previous": S.QUEUED, "cause": "x", "iteration": iteration, "round": round_}
    return ev.RunStateChanged.model_validate({**known, "max_rounds": 3, **more})


TASK = Task(id=RUN, prompt="Fix `it`", title="Fix <it> | *now*", repositories=("shop",), agent="tidy")
FILES = ev.FilesChanged(files=(ev.ChangedFile(path="a.py"),), total=3, commit="a" * 40)
EVENTS = log(
    ev.RunSubmitted(task=TASK),
    moved(S.QUEUED),
    moved(S.BUILDING),
    ev.UsageUpdated(input=10, output=5, cost_usd=0.25),
    ev.ResultGuarded(files=3),
    FILES,
    moved(S.VERIFYING),
    ev.CheckFinished(check="unit", status="failed", failed=2),
    moved(S.REPAIRING, 2, 2, message="unit: 2 fail."),
    ev.UsageUpdated(input=1, output=1, cost_usd=0.5),
    ev.ResultGuarded(findings=(ev.GuardFinding(rule="syntax", path="a.py"),), total=1, files=3),
    moved(S.FAILED, 2, 2, message="a.py does not parse.", failure="VERIFY"),
)


def test_each_start_of_the_agent_is_a_row_with_what_it_took() -> None:
    first, second = starts_of(EVENTS)
    assert (first.round, first.at, first.ended_at, first.tokens, first.cost_usd) == (1, 3000, 9000, 15, 0.25)
    assert (first.files, first.checks, first.refused) == (3, ("unit failed",), None)
    assert (second.round, second.ended_at, second.tokens, second.cost_usd) == (2, 12_000, 2, 0.5)
    assert (second.files, second.checks, second.refused) == (None, (), "syntax")
    assert [step.state for step in steps_of(EVENTS)] == [S.QUEUED, S.BUILDING, S.VERIFYING, S.REPAIRING, S.FAILED]


def test_what_ompycord_metered_counts_and_a_claim_beside_it_does_not() -> None:
    events = [
        *log(moved(S.BUILDING)),
        told(2, ev.UsageUpdated(input=999, cost_usd=9.0), AGENT_SOURCE),
        told(3, ev.UsageUpdated(input=10, cost_usd=0.5), OMPYCORD),
    ]
    (start,) = starts_of(events)
    assert (start.tokens, start.cost_usd) == (10, 0.5)
    (claimed,) = starts_of(events[:2])
    assert (claimed.tokens, claimed.cost_usd) == (999, 9.0)


def test_the_markdown_of_a_story_holds_no_markup_of_its_words() -> None:
    story = story_of(fold(RUN, EVENTS).snapshot(), EVENTS, RenderContext(), redact=lambda text: text)
    text = markdown(story)
    assert text.splitlines()[0].endswith(": Fix \\<it\\> \\| \\*now\\*")
    assert "| 2 | 1970-01-01 00:00:09 | 3 s | 2 | $0.50 |  | not taken: syntax |" in text
    assert "- 1970-01-01 00:00:12 failed: a.py does not parse." in text
    assert story.exit_code == 5


@pytest.mark.parametrize(
    ("state", "code"),
    [(S.COMPLETE, 3), (S.PARTIAL, 4), (S.FAILED, 5), (S.SUSPENDED, 6), (S.CANCELLED, 7), (S.BUILDING, None)],
)
def test_the_exit_code_is_that_of_the_contract(state: RunState, code: int | None) -> None:
    events = log(ev.RunSubmitted(task=TASK), moved(S.BUILDING), moved(state))
    assert exit_code_of(fold(RUN, events).snapshot()) == code


def test_the_templates_by_which_models_were_told_stand_in_it_once_with_their_hashes() -> None:
    asked = ev.PromptUsed(template="plan.critique", hash="ab" * 8, model="m-1", temperature=0.0)
    told_agent = ev.PromptUsed(template="agent.repair", hash="cd" * 8)
    events = [*EVENTS, *(told(20 + at, one, OMPYCORD) for at, one in enumerate((asked, told_agent, told_agent)))]
    story = story_of(fold(RUN, events).snapshot(), events, RenderContext(), redact=str)
    assert [one.template for one in story.prompts] == ["plan.critique", "agent.repair"]
    lines = next(section.lines for section in story.sections if section.name == "Prompts")
    assert lines == (f"plan.critique {'ab' * 8} · m-1 · temperature 0", f"agent.repair {'cd' * 8}")
