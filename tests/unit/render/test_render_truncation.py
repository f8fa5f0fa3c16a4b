"""The order of loss: each step reached, none before its turn, every limit held, what matters always there."""

from collections import Counter
from functools import partial

import pytest
from hypothesis import HealthCheck, Phase, given, settings

from ompycord.domain.folds.snapshot import StatusSnapshot
from ompycord.domain.ids import short_id
from ompycord.render.cards.actions import ACTIONS
from ompycord.render.cards.blocks import links_of
from ompycord.render.cards.card import render, render_card
from ompycord.render.cards.cardview import CardView, Excerpt, FieldView, Part
from ompycord.render.cards.truncation import STEPS, fit
from ompycord.render.cards.view import view
from ompycord.render.marker import parse_marker
from ompycord.render.sanitizer import Sanitizer
from ompycord.text import utf16_len
from ompycord.text.limits import EMBED_FIELD_VALUE, EMBEDS_TOTAL
from tests.soak.ledger import print_line
from tests.support.examples import examples
from tests.support.payloads import assert_inert, assert_within_limits, plain_sign
from tests.support.snapshots import MIXED, Sample, sample, snapshots
from tests.support.states import SCENES

ORDER = tuple(step.__name__ for step in STEPS)
LEAST_SHARE = 0.02
QUICK = partial(
    settings,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
    # Without shrinking: a seed has nothing to shrink to.
    phases=[Phase.explicit, Phase.generate],
    database=None,
)


def of(card: CardView, part: Part) -> list[FieldView]:
    return [field for field in card.fields if field.part is part]


def is_exhausted(step: str, before: CardView, after: CardView) -> bool:
    """An oracle that knows what each step may take, not how it takes it."""
    billing = of(after, Part.BILLING)
    match step:
        case "drop_hint":
            return not after.hint
        case "shorten_prompt":
            return utf16_len(after.prompt.text) <= 1
        case "collapse_billing":
            whole = of(before, Part.BILLING)
            gains = bool(whole) and utf16_len(whole[0].brief or "") < utf16_len(whole[0].value)
            return not billing or not gains or billing[0].value == billing[0].brief
        case "drop_least_recent_tool":
            return not of(after, Part.TOOLS)
        case "drop_billing":
            return not billing
        case "fold_finished_phases":
            done = of(after, Part.DONE_PHASE)
            counted = utf16_len(f"✅ {sum(field.phases for field in done)} finished  ")
            return len(done) <= 1 or sum(field.size for field in done) <= counted
        case _:
            return False


def assert_order_of_loss(before: CardView, after: CardView, steps: tuple[str, ...]) -> None:
    assert list(steps) == [name for name in ORDER if name in steps]
    if not steps:
        return
    for earlier in ORDER[: ORDER.index(steps[-1])]:
        assert is_exhausted(earlier, before, after), (earlier, steps)
    if steps[-1] == "shorten_prompt":
        assert [f.part for f in after.fields] == [f.part for f in before.fields if f.value]
        assert EMBEDS_TOTAL - 64 < after.size <= EMBEDS_TOTAL, "it lost more than was needed"
    if steps[-1] == "drop_least_recent_tool" and (left := of(after, Part.TOOLS)):
        assert of(before, Part.TOOLS)[0].lines[-len(left[0].lines) :] == left[0].lines


def assert_never_lost(snapshot: StatusSnapshot, before: CardView, after: CardView) -> None:
    assert (after.heading, after.sentence, after.facts) == (before.heading, before.sentence, before.facts)
    assert short_id(snapshot.run) in after.footer
    assert parse_marker(after.footer) is not None
    shown = "\n".join(field.value for field in of(after, Part.LINKS))
    links = links_of(snapshot, Sanitizer(str))
    assert all(f"<{url}>" in shown for url in links)
    assert len(links) <= 5
    assert after.buttons == before.buttons


def judge(drawn: Sample) -> tuple[str, ...]:
    """Everything that must hold of any card; the steps that were needed."""
    snapshot, render_context = drawn.snapshot, drawn.render_context
    before = view(snapshot, render_context, actions=ACTIONS, redact=str)
    after, steps = fit(before)
    assert after.size <= EMBEDS_TOTAL
    assert all(utf16_len(field.value) <= EMBED_FIELD_VALUE for field in after.fields)
    assert_order_of_loss(before, after, steps)
    assert_never_lost(snapshot, before, after)
    assert fit(after) == (after, ()), "what fits is left alone"
    card = render_card(before, sign=plain_sign)
    assert card.lost == steps
    assert_within_limits(card)
    assert_inert(card)
    return steps


def assert_shares(reached: Counter[str]) -> None:
    """Each step was reached often enough to mean something."""
    shares = {name: reached[name] / reached["examples"] for name in ORDER}
    assert all(share >= LEAST_SHARE for share in shares.values()), shares


@pytest.mark.examples
def test_the_order_of_loss_holds_and_each_step_is_reached() -> None:
    reached: Counter[str] = Counter()

    @QUICK(max_examples=examples(3000))
    @given(drawn=snapshots())
    def every_card(drawn: Sample) -> None:
        reached.update(["examples", *judge(drawn)])

    every_card()
    assert_shares(reached)


@pytest.mark.soak
def test_the_order_of_loss_holds_for_a_hundred_thousand(capsys: pytest.CaptureFixture[str]) -> None:
    """Says how many reached each step."""
    reached: Counter[str] = Counter()
    for seed in range(100_000):
        reached.update(["examples", *judge(sample(seed, MIXED[seed % len(MIXED)]))])
    with capsys.disabled():
        print(print_line(soak="order of loss", **reached))  # noqa: T201  # the round's result
    assert_shares(reached)


@pytest.mark.examples
@QUICK(max_examples=examples(100))
@given(drawn=snapshots())
def test_the_same_snapshot_gives_the_same_card(drawn: Sample) -> None:
    copy = sample(drawn.seed, drawn.fullness)
    assert copy.snapshot is not drawn.snapshot
    first, again = (
        render(s.snapshot, s.render_context, actions=ACTIONS, sign=plain_sign, redact=str) for s in (drawn, copy)
    )
    assert first == again


def test_a_card_that_fits_loses_nothing() -> None:
    for scene in SCENES.values():
        card = view(scene.snapshot, scene.render_context, actions=ACTIONS, redact=str)
        assert fit(card) == (card, ())


def test_a_smaller_budget_never_shows_more() -> None:
    card = view(SCENES["building"].snapshot, SCENES["building"].render_context, actions=ACTIONS, redact=str)
    sizes = [fit(card, budget).view.size for budget in range(card.size, 400, -1)]
    assert sizes == sorted(sizes, reverse=True)
    assert fit(card, 400).steps == ORDER[1:5] + ORDER[6:]


def test_the_steps_come_in_the_order_of_the_design() -> None:
    """docs/contracts/cards.md, *Order of loss*, spelled out so that a reordered table is seen."""
    assert ORDER == (
        "drop_hint",
        "shorten_prompt",
        "collapse_billing",
        "drop_least_recent_tool",
        "drop_billing",
        "fold_finished_phases",
        "cut_free_text",
    )


def test_free_text_goes_in_order_what_proves_the_state_last() -> None:
    card = view(SCENES["building"].snapshot, SCENES["building"].render_context, actions=ACTIONS, redact=str)
    earlier = {Part.BILLING, Part.TOOLS, Part.DONE_PHASE}
    parts = [part for part in Part if part not in {Part.LINKS, *earlier}]
    fields = tuple(FieldView(part=part, name=part, lines=("x" * 400,)) for part in parts)
    card = card.model_copy(update={"fields": fields, "prompt": Excerpt()})
    gone: list[Part] = []
    for budget in range(card.size, card.size_without_fields, -100):
        left = {field.part for field in fit(card, budget).view.fields if len(field.value) == 400}
        gone += [part for part in parts if part not in left and part not in gone]
    assert gone == [
        *(Part.NOTES, Part.GAPS, Part.FACTS, Part.CHAIN, Part.MESSAGE, Part.FILES),
        *(Part.NEXT_PHASE, Part.CHECKS, Part.FAILING, Part.EVIDENCE, Part.ACTIVE_PHASE, Part.PRECHECK),
        Part.LEFT_OUT,
    ]


def test_a_fields_own_limit_counts_as_discord_does() -> None:
    """Characters beyond the first plane are two units each."""
    card = view(SCENES["building"].snapshot, SCENES["building"].render_context, actions=ACTIONS, redact=str)
    field = FieldView(part=Part.CHECKS, name="Checks", lines=("🟩" * 90,) * 10)
    fitted = fit(card.model_copy(update={"fields": (field,)})).view.fields[0]
    assert len(field.value) < EMBED_FIELD_VALUE < utf16_len(field.value)
    assert (len(fitted.lines), fitted.hidden) == (5, 5)
    assert utf16_len(fitted.value) <= EMBED_FIELD_VALUE
