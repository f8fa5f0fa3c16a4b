"""How every state reads on a card. A person reads each difference before it is accepted."""

import pytest
from syrupy.assertion import SnapshotAssertion

from ompycord.domain.run import RunState, SuspendReason
from ompycord.render.cards.actions import ACTIONS
from ompycord.render.cards.card import render
from ompycord.render.cards.textform import text_form
from ompycord.render.result import result_message
from ompycord.render.summary import summary_message
from tests.support.payloads import as_seen, assert_inert, assert_within_limits, plain_sign
from tests.support.states import SCENES, Scene


@pytest.mark.parametrize("name", SCENES)
def test_the_card_of_every_state_reads_well(name: str, snapshot: SnapshotAssertion) -> None:
    scene = SCENES[name]
    card = render(scene.snapshot, scene.render_context, actions=ACTIONS, sign=plain_sign, redact=str)
    assert_within_limits(card)
    assert_inert(card)
    assert as_seen(card) == snapshot


@pytest.mark.parametrize(
    "name", [name for name in SCENES if SCENES[name].snapshot.is_final or name == "budget reached"]
)
def test_the_final_answer_reads_well(name: str, snapshot: SnapshotAssertion) -> None:
    scene = SCENES[name]
    result = result_message(*scene, actions=ACTIONS, sign=plain_sign, redact=str, mentions=("3",))
    assert_within_limits(result)
    assert_inert(result)
    assert as_seen(result) == snapshot


@pytest.mark.parametrize(
    "name", ["queued", "building", "needs you: question", "verified", "no changes", "external, silent"]
)
def test_mirror_and_terminal_say_the_same(name: str, snapshot: SnapshotAssertion) -> None:
    scene = SCENES[name]
    mirror = summary_message(*scene, url="https://discord.com/channels/1/77", sign=plain_sign, redact=str)
    assert as_seen(mirror) == snapshot(name="mirror")
    assert text_form(*scene, redact=str) == snapshot(name="terminal")


def test_the_exact_payload_of_a_card(snapshot: SnapshotAssertion) -> None:
    scene: Scene = SCENES["building"]
    card = render(scene.snapshot, scene.render_context, actions=ACTIONS, sign=plain_sign, redact=str)
    assert card.payload() == snapshot


def test_every_state_and_every_reason_has_a_scene() -> None:
    assert {scene.snapshot.state for scene in SCENES.values()} == set(RunState)
    assert {scene.snapshot.reason for scene in SCENES.values()} - {None} == set(SuspendReason)
