"""Mirror, result, questions, board: how they read, what they hold within, and whom they may ping."""

from collections.abc import Callable
from dataclasses import replace

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from syrupy.assertion import SnapshotAssertion

from ompycord.domain import events as ev
from ompycord.domain.folds.fold import fold
from ompycord.domain.folds.snapshot import Approval, Gap, Question
from ompycord.domain.ids import OMPYCORD, RunId
from ompycord.domain.records import OutboxKind
from ompycord.domain.run import RunKind, RunOutcome, RunState
from ompycord.domain.task import Task
from ompycord.render.board import BoardRow, board_message
from ompycord.render.cards.actions import ACTIONS, DETAILS
from ompycord.render.cards.asking import PAUSE_AFTER_MS
from ompycord.render.cards.card import render
from ompycord.render.cards.cardview import Button, Colour
from ompycord.render.cards.details import details_message
from ompycord.render.cards.textform import SECTIONS, ShowPart, text_form
from ompycord.render.marker import approval_hash, parse_marker, question_tag
from ompycord.render.message import RenderedMessage, message
from ompycord.render.question import approval_message, ops_message, question_message
from ompycord.render.result import result_message
from ompycord.render.summary import summary_message
from ompycord.text import REDACTED, Redactor
from tests.support.examples import examples
from tests.support.payloads import as_seen, assert_inert, assert_within_limits, buttons, plain_sign, texts
from tests.support.snapshots import Sample, sample, snapshots
from tests.support.states import MINUTE, NOON, SCENES, Scene, asked, external, hosted, render_context, wants

REF = "01JD3V9K2M8Q4W5X6YAB7F3K2Z"
THREAD = "https://discord.com/channels/1/77"
SECRET = "hunter2-is-a-long-secret"
LIGHT = (0.05, 0.05, 0.05, 0.3)
MIXED = (*[0.05] * 10, 0.3, 0.9)


TASK = Task(id="01JD0000000000000000000002", prompt="Fix it", title="Fix it", repositories=("shop",), agent="omp")


def a_question(scene: Scene | Sample, question: Question) -> RenderedMessage:
    return question_message(
        scene.snapshot, question, scene.render_context, button_ref=REF, sign=plain_sign, redact=str, mentions=("3",)
    )


def an_approval(scene: Scene | Sample, approval: Approval) -> RenderedMessage:
    return approval_message(
        scene.snapshot,
        approval,
        scene.render_context,
        button_ref=REF,
        sign=plain_sign,
        redact=str,
        role_mentions=("9",),
    )


def every_message(drawn: Sample, redact: Callable[[str], str] = str) -> list[RenderedMessage]:
    """All that can be sent of one snapshot."""
    snapshot, near = drawn.snapshot, drawn.render_context
    asks = [
        question_message(snapshot, question, near, button_ref=REF, sign=plain_sign, redact=redact)
        for question in snapshot.questions
    ]
    leaves = [
        approval_message(snapshot, approval, near, button_ref=REF, sign=plain_sign, redact=redact)
        for approval in snapshot.approvals
    ]
    return [
        render(snapshot, near, actions=ACTIONS, sign=plain_sign, redact=redact),
        result_message(snapshot, near, actions=ACTIONS, sign=plain_sign, redact=redact, mentions=("3",)),
        *asks,
        *leaves,
        *(
            shown
            for part in SECTIONS
            if (shown := details_message(snapshot, near, sign=plain_sign, redact=redact, part=part))
        ),
    ]


@pytest.mark.examples
@settings(max_examples=examples(800), deadline=None, database=None, suppress_health_check=[HealthCheck.too_slow],
          phases=[Phase.explicit, Phase.generate])  # fmt: skip
@given(drawn=snapshots(MIXED))
def test_every_message_is_inert_and_within_the_limits(drawn: Sample) -> None:
    for sent in every_message(drawn):
        assert_within_limits(sent)
        assert_inert(sent)
        assert sent.payload()["allowed_mentions"]["parse"] == []


@pytest.mark.examples
@settings(max_examples=examples(600), deadline=None, database=None, suppress_health_check=[HealthCheck.too_slow],
          phases=[Phase.explicit, Phase.generate])  # fmt: skip
@given(drawn=snapshots(LIGHT))
def test_mirror_board_and_terminal_take_any_snapshot(drawn: Sample) -> None:
    mirror = summary_message(drawn.snapshot, drawn.render_context, url=None, sign=plain_sign, redact=str)
    board = board_message(
        [BoardRow.model_construct(snapshot=drawn.snapshot, render_context=drawn.render_context, url=None)] * 4,
        sign=plain_sign,
        redact=str,
    )
    for sent in (mirror, board):
        assert_within_limits(sent)
        assert_inert(sent)
    terminal = text_form(drawn.snapshot, drawn.render_context, redact=str)
    assert not set(terminal) & {"\x1b", "\x07", "\r", "\u202e"}


@pytest.mark.examples
@settings(max_examples=examples(200), deadline=None, database=None, suppress_health_check=[HealthCheck.too_slow],
          phases=[Phase.explicit, Phase.generate])  # fmt: skip
@given(drawn=snapshots(MIXED))
def test_a_run_without_changes_says_so_everywhere_with_its_agents_words_and_never_as_done(drawn: Sample) -> None:
    end = {
        "kind": RunKind.HOSTED,
        "state": RunState.COMPLETE,
        "outcome": RunOutcome.NO_CHANGES,
        "files": (),
        "files_total": 0,
    }
    words = {"summary": None, "last_words": "no"}  # which stands in our own sentence too
    snapshot = drawn.snapshot.model_copy(update={**end, **words})
    card = render(snapshot, drawn.render_context, actions=ACTIONS, sign=plain_sign, redact=str)
    result = result_message(
        snapshot, drawn.render_context, actions=ACTIONS, sign=plain_sign, redact=str, mentions=("3",)
    )
    mirror = summary_message(snapshot, drawn.render_context, url=None, sign=plain_sign, redact=str)
    heads = (card.embeds[0]["title"], result.content.removeprefix("<@3> "), f"⚪ {mirror.embeds[0]['description']}")
    assert mirror.embeds[0]["title"].startswith("⚪ ")
    terminal = text_form(snapshot, drawn.render_context, redact=str)
    for head in (*(text.replace("**", "") for text in heads), terminal.split("  ", 1)[1]):
        assert head.startswith("⚪ Finished · no changes")
    for sent in (card, result, mirror):
        assert sent.embeds[0]["color"] == Colour.GREY
        assert not {"Diff", "Checks", "Take over"} & {button["label"] for button in buttons(sent)}
    for sent in (card, result):
        assert "no" in [field["value"] for field in sent.embeds[0]["fields"] if field["name"].endswith(" says")]
    assert " says\n  no" in terminal


def test_a_secret_is_gone_before_anything_is_cut() -> None:
    """Wherever the cut falls, no beginning of the secret is left."""
    redact = Redactor([SECRET]).redact
    for pad in range(0, 1100, 13):
        text = "x" * pad + SECRET
        snapshot = hosted(
            RunState.BUILDING, title=text[:256], prompt=text, last_words=text, notes=(text[:500],),
            questions=(asked(text=text),), approvals=(wants(command=text),),
        )  # fmt: skip
        for sent in every_message(Sample(snapshot, render_context(), 0, 0), redact):
            assert "hunter" not in "\n".join(texts(sent))


def test_a_secret_hidden_by_invisible_characters_is_found() -> None:
    redact = Redactor([SECRET]).redact
    hidden = "\u200b".join(SECRET)
    card = render(
        hosted(RunState.BUILDING, last_words=hidden), render_context(), actions=ACTIONS, sign=plain_sign, redact=redact
    )
    assert REDACTED.strip("[]") in "\n".join(texts(card))
    assert SECRET not in "\n".join(texts(card)).replace("\u200b", "")


# -- questions and approvals ------------------------------------------------------------------------------------------


def test_questions_and_approvals_read_well(snapshot: SnapshotAssertion) -> None:
    scene = SCENES["needs you: question"]
    at = NOON + 10 * MINUTE
    seen = {
        "open question": a_question(scene, asked()),
        "question without options": a_question(scene, asked(options=())),
        "only the options count": a_question(scene, asked(free_text=False)),
        "answered": a_question(scene, asked(status="answered", answer="Stop at zero", by="Grace", closed_at=at)),
        "withdrawn": a_question(scene, asked(status="withdrawn")),
        "open approval": an_approval(scene, wants()),
        "allowed once": an_approval(scene, wants(status="granted", scope="once", by="Grace", closed_at=at)),
        "allowed for the run": an_approval(scene, wants(status="granted", scope="run", by="Grace", closed_at=at)),
        "denied": an_approval(scene, wants(status="denied", by="Grace", closed_at=at)),
        "denied with a reason": an_approval(
            scene, wants(status="denied", by="Grace", reason="Not on a <@1> *Friday*", closed_at=at)
        ),
        "withdrawn approval": an_approval(scene, wants(status="withdrawn")),
        "withdrawn with a reason": an_approval(scene, wants(status="withdrawn", reason="It is asked at the terminal")),
        "question withdrawn with a reason": a_question(scene, asked(status="withdrawn", reason="Its turn is over.")),
        "an edit": an_approval(scene, wants(edits=("a b.py", "src/`c`.py"), tool="Edit")),
        "too long to be shown whole": an_approval(scene, wants(whole=False)),
        "a title alone": an_approval(scene, wants(only_once=True, command=None)),
        "of a stopped run": an_approval(SCENES["stopped by a person"], wants()),
    }
    for name, sent in seen.items():
        assert as_seen(sent) == snapshot(name=name)


def test_only_what_will_pause_says_when() -> None:
    early, late = asked(asked_at=NOON), wants(asked_at=NOON + 9 * MINUTE)
    pauses = f"Pauses <t:{(NOON + PAUSE_AFTER_MS) // 1000}:R> if no one answers."
    for make, will_pause in ((hosted, True), (external, False)):
        shown = Scene(make(RunState.BUILDING, questions=(early,), approvals=(late,)), render_context())
        card = render(shown.snapshot, shown.render_context, actions=ACTIONS, sign=plain_sign, redact=str)
        for sent in (card, a_question(shown, early), an_approval(shown, late)):
            said = "\n".join(texts(sent))
            assert "Asked <t:" in said
            assert (pauses in said) == will_pause
            assert ("Pauses" in said) == will_pause


def test_a_decided_question_keeps_no_buttons_and_pings_nobody() -> None:
    scene = SCENES["needs you: question"]
    closed = a_question(scene, asked(status="answered", answer="yes", by="Grace", closed_at=NOON))
    assert closed.components == ()
    assert closed.mentions == ()
    assert "<@" not in closed.content
    over = a_question(Scene(hosted(RunState.CANCELLED), render_context()), asked())
    assert over.components == ()


def test_twenty_options_and_an_answer_of_ones_own_fit() -> None:
    sent = a_question(SCENES["needs you: question"], asked(options=tuple(f"option {n}" for n in range(20))))
    assert [button["custom_id"].split(":")[1] for button in buttons(sent)] == [
        *(f"opt{n}" for n in range(20)),
        "answer",
    ]
    assert_within_limits(sent)


def test_a_long_question_comes_whole_as_a_file() -> None:
    text = "why " * 950
    sent = a_question(SCENES["needs you: question"], asked(text=text))
    assert sent.attachment == text
    assert a_question(SCENES["needs you: question"], asked()).attachment is None


def test_a_long_command_comes_whole_as_a_file_and_its_fence_is_closed() -> None:
    command = "echo ``` && " * 400
    sent = an_approval(SCENES["needs you: approval"], wants(command=command))
    assert sent.attachment == command
    assert sent.embeds[0]["description"].count("```") == 2


def test_an_ellipsis_of_the_agents_own_hides_nothing() -> None:
    scene = SCENES["needs you: approval"]
    long, short = "x" * 4000 + "; rm -rf /…", "ls …"
    assert an_approval(scene, wants(command=long)).attachment == long
    assert an_approval(scene, wants(command=short)).attachment is None
    titled = an_approval(scene, wants(title="y" * 450, command=short))
    assert titled.attachment == "y" * 450 + "\n\n" + short
    assert a_question(SCENES["needs you: question"], asked(text="why " * 900 + "…")).attachment is not None


def test_two_requests_that_look_alike_are_not_the_same_message() -> None:
    """What differs only behind the cut is in the file, and in the buttons."""
    scene = SCENES["needs you: approval"]
    one, other = (an_approval(scene, wants(command="x" * 5000 + end)) for end in ("ls", "rm"))
    assert one.embeds == other.embeds
    assert one.payload_hash != other.payload_hash
    assert approval_hash(wants(command="ls")) != approval_hash(wants(command="rm"))


# -- the result -------------------------------------------------------------------------------------------------------


def test_the_result_pings_exactly_whom_it_is_told_to() -> None:
    scene = SCENES["verified"]
    sent = result_message(*scene, actions=ACTIONS, sign=plain_sign, redact=str, mentions=("3", "not an id", "3"))
    assert sent.mentions == ("3",)
    assert sent.payload()["allowed_mentions"] == {"parse": [], "users": ["3"], "roles": [], "replied_user": False}
    silent = result_message(*scene, actions=ACTIONS, sign=plain_sign, redact=str)
    assert silent.mentions == ()
    assert "<@" not in silent.content


def test_the_result_keeps_notes_and_gaps_since_the_card_above_it_keeps_nothing() -> None:
    scene = SCENES["verified"]
    left = {"notes": ("The result is on `other`.", "Mo started it."), "gaps": (Gap(source=OMPYCORD, first=3, last=5),)}
    noted = scene.snapshot.model_copy(update=left)
    sent = result_message(noted, scene.render_context, actions=ACTIONS, sign=plain_sign, redact=str)
    shown = {field["name"]: field["value"].splitlines()[-1] for field in sent.embeds[0]["fields"]}
    assert (shown["Notes"], shown["Missing events"]) == ("Mo started it.", "ompycord: 3–5")


def test_a_first_look_at_the_pull_request_that_finds_it_as_it_was_opened_changes_no_message() -> None:
    run = RunId(TASK.id)
    ends = ev.RunStateChanged(state=RunState.COMPLETE, previous=RunState.PUBLISHING, cause="effect.finished")
    opened = ev.PullRequestOpened(number=3, url="https://forge.example/3", draft=True)
    bodies = (ev.RunSubmitted(task=TASK), opened, ends, ev.PullRequestSeen(**opened.model_dump(
        include={"number", "url", "draft"}), state="open"))  # fmt: skip
    log = [ev.RunEvent(run=run, source=OMPYCORD, seq=at, at=at, body=body) for at, body in enumerate(bodies, start=1)]
    before, after = (
        result_message(fold(run, part).snapshot(), render_context(), actions=ACTIONS, sign=plain_sign, redact=str)
        for part in (log[:-1], log)
    )
    assert "#3 open, draft" in str(after.payload())
    assert before == after
    merged = replace(log[-1], body=ev.PullRequestSeen(number=3, url=opened.url, state="merged", by="ada"))
    later = fold(run, [*log[:-1], merged]).snapshot()
    assert "#3 merged by ada" in str(
        result_message(later, render_context(), actions=ACTIONS, sign=plain_sign, redact=str).payload()
    )


# -- the board and the mirror -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("is_over", [False, True])
def test_ops_read_who_waits_for_what_and_nobody_is_mentioned(snapshot: SnapshotAssertion, is_over: bool) -> None:
    scene = SCENES["needs you: question"]
    question = scene.snapshot.open_questions[0]
    if is_over:
        closed = {"status": "answered", "answer": "after", "by": "Ada", "closed_at": scene.snapshot.last_event_at}
        question = question.model_copy(update=closed)
    shown = ops_message(
        scene.snapshot,
        question,
        scene.render_context,
        "ops:q:q1",
        url="https://discord.com/channels/1/2/3",
        sign=plain_sign,
        redact=str,
    )
    assert shown.mentions == shown.role_mentions == ()
    assert as_seen(shown) == snapshot


def test_the_board_reads_well(snapshot: SnapshotAssertion) -> None:
    names = ["building", "queued", "needs you: question", "verified", "external, silent", "building, rehearsal"]
    rows = [
        BoardRow(snapshot=SCENES[name].snapshot, render_context=SCENES[name].render_context, url=THREAD)
        for name in names
    ]
    assert as_seen(board_message(rows, sign=plain_sign, redact=str)) == snapshot(name="busy")
    assert as_seen(board_message([], sign=plain_sign, redact=str)) == snapshot(name="idle")


def test_a_long_board_is_cut_by_whole_rows_and_counts_the_rest() -> None:
    rows = [BoardRow(snapshot=hosted(RunState.BUILDING, title=f"task {n} " * 8)) for n in range(100)]
    lines = board_message(rows, sign=plain_sign, redact=str).embeds[0]["description"].splitlines()
    shown = lines[:-1]
    assert shown.pop(0) == "**Working**"
    assert all(line.startswith("🔵 task") and line.endswith(":R>") for line in shown)
    assert lines[-1] == f"… and {100 - len(shown)} more: `/omp runs`"


def test_progress_within_a_state_leaves_the_mirror_alone() -> None:
    first, later = (
        summary_message(scene.snapshot, scene.render_context, url=THREAD, sign=plain_sign, redact=str)
        for scene in (SCENES["building"], SCENES["building, no plan yet"])
    )
    assert first.payload_hash == later.payload_hash
    done = summary_message(*SCENES["verified"], url=THREAD, sign=plain_sign, redact=str)
    assert done.payload_hash != first.payload_hash


# -- hashes, markers, buttons -----------------------------------------------------------------------------------------


def card_hash(scene: Scene, *, nonce: str = "") -> str:
    return render(*scene, actions=ACTIONS, sign=lambda action, ref: f"{action}:{ref}:{nonce}", redact=str).payload_hash


def test_weather_and_signatures_cause_no_edit() -> None:
    scene = SCENES["building"]
    stormy = scene.render_context.model_copy(
        update={"gateway": "reconnecting", "slowed_until": NOON, "breaker": "openai " * 40}
    )
    assert card_hash(Scene(scene.snapshot, stormy)) == card_hash(scene)
    assert card_hash(scene, nonce="a") == card_hash(scene, nonce="b")
    moved = scene.snapshot.model_copy(update={"last_event_at": NOON + 11 * MINUTE})
    assert card_hash(Scene(moved, scene.render_context)) != card_hash(scene)


def test_weather_changes_nothing_on_a_card_that_is_cut() -> None:
    """The room for the weather is kept free always, else its coming would cut something else."""
    drawn = next(s for s in (sample(seed, 1.0) for seed in range(50)) if render(
        s.snapshot, s.render_context, actions=ACTIONS, sign=plain_sign, redact=str).lost)  # fmt: skip
    calm = drawn.render_context.model_copy(update={"gateway": "connected", "slowed_until": None, "breaker": None})
    storm = drawn.render_context.model_copy(
        update={"gateway": "reconnecting", "slowed_until": NOON, "breaker": "x" * 300}
    )
    cards = [render(drawn.snapshot, a, actions=ACTIONS, sign=plain_sign, redact=str) for a in (calm, storm)]
    assert cards[0].payload_hash == cards[1].payload_hash
    assert "Discord slowed this card" in cards[1].embeds[0]["footer"]["text"]
    assert_within_limits(cards[1])


def test_every_footer_tells_a_probe_what_the_message_is() -> None:
    scene = SCENES["needs you: question"]
    sent = {
        (OutboxKind.CARD, "3"): render(
            scene.snapshot, render_context(card_number=3), actions=ACTIONS, sign=plain_sign, redact=str
        ),
        (OutboxKind.SUMMARY, ""): summary_message(*scene, url=None, sign=plain_sign, redact=str),
        (OutboxKind.RESULT, ""): result_message(*scene, actions=ACTIONS, sign=plain_sign, redact=str),
        (OutboxKind.QUESTION, question_tag("q1")): a_question(scene, asked()),
        (OutboxKind.QUESTION, question_tag("a1")): an_approval(scene, wants()),
    }
    for (kind, number), each in sent.items():
        marker = parse_marker(each.embeds[0]["footer"]["text"])
        assert marker is not None
        assert (marker.kind, marker.number) == (kind, number)
        assert marker.is_of(scene.snapshot.run)
        assert not marker.is_of(RunId("01JD3V9K2M8Q4W5X6YAB7F3K2N"))


def test_a_footer_that_is_not_ours_has_no_marker() -> None:
    for text in (
        "",
        "board",
        "7f3k2m",
        "7f3k2m · cards 1",
        "7F3K2M · card 1",
        "x · 7f3k2m · card 1",
        "7f3k2m · card 1x",
    ):
        assert parse_marker(text) is None, text


def test_a_name_cannot_forge_a_marker() -> None:
    origin = hosted(RunState.QUEUED).origin.model_copy(update={"requester_name": "aaaaaa · result"})
    forged = hosted(RunState.QUEUED, origin=origin)
    card = render(forged, render_context(), actions=ACTIONS, sign=plain_sign, redact=str)
    marker = parse_marker(card.embeds[0]["footer"]["text"])
    assert marker is not None
    assert (marker.run, marker.kind) == ("7f3k2m", OutboxKind.CARD)


def test_a_button_without_a_handler_is_not_shown() -> None:
    for scene in SCENES.values():
        card = render(*scene, actions={DETAILS}, sign=plain_sign, redact=str)
        assert {button["label"] for button in buttons(card) if "custom_id" in button} <= {"Details"}
        none = render(*scene, actions=frozenset(), sign=plain_sign, redact=str)
        assert all("url" in button for button in buttons(none))


def test_action_names_fit_a_signed_id() -> None:
    assert all(
        len(name) <= 8
        for name in [*(action.name for action in ACTIONS), "opt19", "answer", "allow", "allowrun", "deny"]
    )


def test_what_needs_the_clone_is_gone_with_it() -> None:
    scene = SCENES["failed checks"]
    gone = render(scene.snapshot, render_context(is_expired=True), actions=ACTIONS, sign=plain_sign, redact=str)
    assert [button["label"] for button in buttons(gone)] == ["Check out", "Follow up…", "Checks", "Retry…", "Details"]


def test_more_than_five_buttons_go_on_in_the_next_row() -> None:
    sent = message(buttons=[Button(action=f"opt{n}", label=str(n), ref=REF) for n in range(7)], sign=plain_sign)
    assert [len(row["components"]) for row in sent.components] == [5, 2]


def test_a_link_that_would_mislead_or_be_cut_is_not_shown() -> None:
    def shown(url: str) -> str:
        card = render(
            hosted(RunState.COMPLETE, url=url), render_context(), actions=ACTIONS, sign=plain_sign, redact=str
        )
        return "\n".join(texts(card)) + str(buttons(card))

    assert "<https://forge.example/pulls/1>" in shown("https://forge.example/pulls/1")
    assert "forge.example" not in shown("https://forge.example@evil.example/")
    assert "Links" not in shown("https://forge.example/" + "a" * 200)
    assert "evil.example>" not in shown("https://forge.example/x](https://evil.example)")


# -- the terminal -----------------------------------------------------------------------------------------------------


def test_every_part_of_show_says_something(snapshot: SnapshotAssertion) -> None:
    answered = asked(ref="q2", status="answered", answer="Stop at zero", by="Grace", closed_at=NOON)
    scene = Scene(
        SCENES["checking"].snapshot.model_copy(update={"questions": (answered,), "approvals": (wants(),)}),
        render_context(),
    )
    parts: tuple[ShowPart, ...] = ("plan", "checks", "cost", "people")
    for part in parts:
        assert text_form(*scene, redact=str, part=part) == snapshot(name=part)
        assert text_form(hosted(RunState.QUEUED, budget_usd=None), render_context(), redact=str, part=part) == snapshot(
            name=f"{part} of an empty run"
        )


def test_terminal_text_shows_words_as_they_were_written() -> None:
    text = text_form(hosted(RunState.BUILDING, last_words="use `a_b` *now* <t:5:R>"), render_context(), redact=str)
    assert "use `a_b` *now*" in text
    assert "\\" not in text
