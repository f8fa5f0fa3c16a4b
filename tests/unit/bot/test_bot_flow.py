"""The machine of what a person sees: every path ends, and nothing starts a run twice or before the text is safe."""

from itertools import product

from hypothesis import given
from hypothesis import strategies as st

from ompycord.bot.flow import TABLE, Flow, FlowStep, Signal, advance


def walk(*signals: Signal, flow: Flow = Flow.IDLE) -> tuple[Flow, list[FlowStep]]:
    steps: list[FlowStep] = []
    for signal in signals:
        flow, step = advance(flow, signal)
        steps.append(step)
    return flow, steps


def test_a_text_is_kept_then_acknowledged_then_started() -> None:
    assert walk(Signal.TEXT_CAME, Signal.KEPT, Signal.TAKEN, Signal.STARTED) == (
        Flow.LIVE,
        [FlowStep.KEEP, FlowStep.ACKNOWLEDGE, FlowStep.START, FlowStep.SHOW],
    )


def test_a_late_draft_is_deferred_written_on_and_then_started() -> None:
    assert walk(Signal.TEXT_CAME, Signal.LATE, Signal.TAKEN, Signal.KEPT, Signal.STARTED) == (
        Flow.LIVE,
        [FlowStep.KEEP, FlowStep.DEFER, FlowStep.KEEP_ON, FlowStep.START, FlowStep.SHOW],
    )


def test_a_missed_answer_offers_resume_only_once_the_draft_is_on_disk() -> None:
    assert walk(Signal.TEXT_CAME, Signal.KEPT, Signal.MISSED)[1][-1] is FlowStep.OFFER_RESUME
    late = walk(Signal.TEXT_CAME, Signal.LATE, Signal.MISSED)
    assert late == (Flow.ERROR_RECOVERY, [FlowStep.KEEP, FlowStep.DEFER, FlowStep.KEEP_ON])
    assert walk(Signal.KEPT, flow=late[0])[1] == [FlowStep.OFFER_RESUME]


def test_resume_goes_the_same_way_as_a_new_text() -> None:
    assert walk(Signal.RESUME_CLICKED, Signal.TAKEN, Signal.STARTED, flow=Flow.ERROR_RECOVERY) == (
        Flow.LIVE,
        [FlowStep.ACKNOWLEDGE, FlowStep.START, FlowStep.SHOW],
    )


def test_text_that_nobody_keeps_is_given_back_or_its_loss_admitted() -> None:
    assert walk(Signal.TEXT_CAME, Signal.LOST) == (Flow.CLOSED, [FlowStep.KEEP, FlowStep.GIVE_BACK])
    assert walk(Signal.TEXT_CAME, Signal.LATE, Signal.MISSED, Signal.LOST)[1][-1] is FlowStep.REPORT_LOSS


ANSWERS = {
    FlowStep.KEEP: [Signal.KEPT, Signal.LATE, Signal.LOST],
    FlowStep.KEEP_ON: [Signal.KEPT, Signal.LOST],
    FlowStep.ACKNOWLEDGE: [Signal.TAKEN, Signal.MISSED],
    FlowStep.DEFER: [Signal.TAKEN, Signal.MISSED],
    FlowStep.START: [Signal.STARTED, Signal.DECLINED],
}
"""What can come of each step; the others are the last."""


@given(st.data())
def test_every_walk_ends_and_starts_at_most_once_after_the_text_is_kept_and_the_person_knows(
    data: st.DataObject,
) -> None:
    flow, signal, signals, steps = Flow.IDLE, Signal.TEXT_CAME, list[Signal](), list[FlowStep]()
    while True:
        flow, step = advance(flow, signal)
        signals.append(signal)
        steps.append(step)
        if step not in ANSWERS:
            break
        if step is FlowStep.START:
            assert {Signal.KEPT, Signal.TAKEN} <= set(signals)
        signal = data.draw(st.sampled_from(ANSWERS[step]))
        assert len(steps) < 10
    assert steps.count(FlowStep.START) <= 1
    assert step in {FlowStep.SHOW, FlowStep.REFUSE, FlowStep.GIVE_BACK, FlowStep.OFFER_RESUME, FlowStep.REPORT_LOSS}


@given(st.lists(st.sampled_from(Signal), max_size=30))
def test_a_closed_flow_stays_closed(signals: list[Signal]) -> None:
    assert walk(*signals, flow=Flow.CLOSED) == (Flow.CLOSED, [FlowStep.NOTHING] * len(signals))


def test_every_state_is_left_again_and_every_row_is_used() -> None:
    for flow in Flow:
        if flow is not Flow.CLOSED:
            assert any(advance(flow, signal).to is not flow for signal in Signal), flow
    assert {move.step for move in TABLE.values()} | {FlowStep.NOTHING} == set(FlowStep)
    assert all(isinstance(advance(flow, signal).step, FlowStep) for flow, signal in product(Flow, Signal))
