"""How every state reads on a card. A person reads each difference before it is accepted."""

import pytest
from syrupy.assertion import SnapshotAssertion

from ompycord.domain.events import ChangedEvidence, LeftOut
from ompycord.domain.run import EndedBy, RunState, SuspendReason
from ompycord.render.cards.actions import ACTIONS
from ompycord.render.cards.card import render
from ompycord.render.cards.textform import text_form
from ompycord.render.cards.verdicts import partial_sentence
from ompycord.render.paused import paused_message, pings_paused
from ompycord.render.result import result_message
from ompycord.render.sanitizer import Sanitizer
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


@pytest.mark.parametrize(
    ("name", "ended_by", "what"),
    [
        ("suspended for the provider", EndedBy.PROVIDER, "The provider refuses; the run is paused."),
        ("interrupted", EndedBy.CLOCK, "Omp ran out of time; the run is paused."),
        ("interrupted", EndedBy.TURN, "Omp was interrupted; the run is paused."),
        ("interrupted", EndedBy.EXIT, "Omp crashed; the run is paused."),
        ("budget reached", None, "The run reached its budget."),
    ],
)
def test_a_message_about_a_paused_run_says_what_paused_it(name: str, ended_by: EndedBy | None, what: str) -> None:
    snapshot = SCENES[name].snapshot.model_copy(update={"ended_by": ended_by})
    assert pings_paused(snapshot, snapshot.iteration)
    paused = paused_message(snapshot, SCENES[name].render_context, "s:1", url=None, sign=plain_sign, redact=str)
    assert paused.payload()["content"] == what


@pytest.mark.parametrize(
    ("update", "words"),
    [
        ({}, "pytest passed."),
        (
            {"evidence": (ChangedEvidence(path="tests/test_total.py", what="test_removed"),)},
            "pytest passed, but existing tests were changed: tests/test\\_total.py.",
        ),
        (
            {"left_out": (LeftOut(what="a commit on main"),)},
            "pytest passed here, but not all of its work is in the result.",
        ),
    ],
    ids=["proved", "a test was touched", "left out"],
)
def test_what_checks_found_of_a_part_counts_only_where_it_is_proof(update: dict[str, object], words: str) -> None:
    scene = SCENES["a part, says the agent"]
    snapshot = scene.snapshot.model_copy(update=update)
    said = partial_sentence(snapshot, scene.render_context, Sanitizer(str))
    assert said == f"omp reports that a part is done. {words}"


def test_every_state_and_every_reason_has_a_scene() -> None:
    assert {scene.snapshot.state for scene in SCENES.values()} == set(RunState)
    assert {scene.snapshot.reason for scene in SCENES.values()} - {None} == set(SuspendReason)


READ = {"reads_messages": True, "takes_messages": True}
ANSWERS, REACHES = "-# Write here to answer.", "-# Write here to talk to the agent."


@pytest.mark.parametrize(
    ("scene", "more", "hint"),
    [
        ("needs you: question", READ, ANSWERS),
        ("needs you: question", {**READ, "takes_messages": False}, ANSWERS),
        ("needs you: question", {}, None),
        ("needs you: question", {"takes_messages": True}, None),
        ("needs you: question", {**READ, "shows_title": True}, None),
        ("needs you: approval", READ, ANSWERS),
        ("building", READ, REACHES),
        ("building", {**READ, "takes_messages": False}, None),
        ("queued", READ, REACHES),
        ("stopped by a person", READ, REACHES),
        ("verified", READ, None),
        ("external, working", {"reads_messages": True}, None),
    ],
)
def test_a_card_says_once_what_writing_below_it_does(scene: str, more: dict[str, bool], hint: str | None) -> None:
    snapshot, around = SCENES[scene]
    (embed,) = render(snapshot, around.model_copy(update=more), sign=plain_sign, redact=str).embeds
    found = [line for line in embed["description"].splitlines() if line.startswith("-# ")]
    assert found == ([] if hint is None else [hint])
