"""A data folder of an earlier version opens, migrates and goes on.

Its runs end as they should, old buttons work, nothing is sent twice.

The databases in `tests/data/older_data_folder/` were made by the program at commit cbde223 (schema 2): its own bot on
its own playground, store, projector, driver, and steps over the doubles of workspaces, checks and agents. An engine
that does not return held one run at each effect once it was started, before its work or after it; an agent that does
not return held those that were building, among them one with a question, with an approval, with an answer that it had
not taken and with a message that waited. Others had been stopped, had used up their limit, crashed, or could not be
collected; others had ended in each way. A refused run left a draft with its text, and a message had been armed. One
run's messages Discord had refused for good; of two runs a message was posted and that was not recorded; then the bot
was closed, a run ended, one was submitted and two external ones began, so that their rows were pending, two of them
before their time. Then the process got SIGKILL. The titles of the runs say which is which. Its pings and most cached
folds were left out of the copy. `meta.json` is what the same version kept of a run's workspace, `ompycord.yml` has
every key that it knew, and `ompycord_as_read.json` what it read from it.
"""

import json
from collections import Counter
from pathlib import Path
from typing import Any, cast
from urllib.parse import quote

import pytest

from ompycord.app.compose import lifespan
from ompycord.app.data_folder import DataFolder
from ompycord.bot.custom_ids import Rejection
from ompycord.bot.interactions import reply_texts
from ompycord.domain import events as ev
from ompycord.domain.folds.snapshot import Verification
from ompycord.domain.ids import short_id
from ompycord.domain.ports import RunFilter
from ompycord.domain.records import OutboxRow
from ompycord.domain.run import RunState
from ompycord.playground.client import Message
from ompycord.settings import load_settings
from tests.integration.app.conftest import COLLECTED, DOWN_S, INTERRUPTED, LATER_S, STOPPED, FormerAgent, OlderFolder
from tests.integration.bot.conftest import PATIENCE_S, AppHarness, is_answer
from tests.support.older_data_folder import (
    FOLDER,
    KILLED_AT_MS,
    change_kept_draft,
    messages_of_runs,
    restore,
    rows,
    runs_by_title,
    threads,
)
from tests.support.patience import within
from tests.support.playground_person import Interaction, Person

ROCKET = "🚀"
S, V = RunState, Verification
ENDED = {
    "Nothing is changed": (S.COMPLETE, V.VERIFIED),
    "A message became a run": (S.COMPLETE, V.VERIFIED),
    "No check is configured": (S.COMPLETE, V.UNVERIFIED),
    "The agent fails": (S.FAILED, V.UNVERIFIED),
    "The checks fail": (S.FAILED, V.FAILED),
    "The branch is refused": (S.PARTIAL, V.UNVERIFIED),
    "It is cancelled": (S.CANCELLED, V.UNVERIFIED),
    "Before cleanup": (S.COMPLETE, V.VERIFIED),
    "Its result is sent, not recorded": (S.COMPLETE, V.VERIFIED),
    "Its mirror is sent, not recorded": (S.COMPLETE, V.VERIFIED),
    "Its result is not sent yet": (S.COMPLETE, V.VERIFIED),
}
"""Of hosted runs that had ended, and how: they stay so."""
ELSEWHERE = {
    "elsewhere it works": S.BUILDING,
    "elsewhere it ended": S.COMPLETE,
    "elsewhere it asks": S.BUILDING,
    "elsewhere it is silent": S.SUSPENDED,
    "elsewhere it begins": S.BUILDING,
    "elsewhere a number is missing": S.COMPLETE,
}
"""External runs and their states."""
NOTICED = {"The limit is used up", "The agent crashes", "The result is stuck"}
ASKED = {"A question is open", "An approval is open", "A question is answered", "elsewhere it asks"}


async def answer_to(who: Person, ran: Interaction) -> str:
    return (await who.wait_message(lambda m: is_answer(m, ran.id) and not m.is_thinking)).text


async def test_every_hosted_run_goes_on_to_its_end_and_each_of_its_messages_is_sent_once(older: OlderFolder) -> None:
    harness, agent, runs = older.harness, older.agent, older.runs
    mo = harness.playground.mo
    before = await messages_of_runs(harness.playground, runs)
    async with harness.running():
        answered = await older.press(mo, "A question is open", "with coupons", kind="question")
        assert "*with coupons*" in await answer_to(mo, answered)
        allowed = await older.press(harness.playground.ada, "An approval is open", "Allow once", kind="question")
        assert (await answer_to(harness.playground.ada, allowed)).startswith("Allowed once.")
        await older.ended(*INTERRUPTED)
        for title, reason in STOPPED.items():
            snapshot = await harness.until(runs[title], lambda seen: seen.state is S.SUSPENDED)
            assert snapshot.reason is reason
        for title in STOPPED:
            if title == "The limit is used up":
                form = await older.press(mo, title, "Raise the limit")
                await mo.submit_labels(form, {"New limit in US dollars": "5"})
            else:
                await older.press(mo, title, "Resume")
        await older.ended(*STOPPED)
        await nothing_to_do(harness)
        await nothing_due(harness)
    for title in {*INTERRUPTED, *STOPPED, *ENDED}:
        snapshot = await harness.snapshots.of(runs[title])
        assert snapshot is not None
        assert (title, snapshot.state, snapshot.verification) == (title, *ENDED.get(title, (S.COMPLETE, V.VERIFIED)))
    for title, wanted in INTERRUPTED.items():
        assert [line for line in older.journal(title) if line in wanted] == wanted
    assert older.journal("A halt begins")[-1:] == ["cleanup:2 1 ok"]
    assert {"build:1 1 stopped", "stop:1 0 ok"} <= set(older.journal("A halt begins"))
    assert await harness.store.open_effects() == []
    check_agent(agent)
    branches = Counter(name.partition("-")[0] for name in harness.workspaces.branches)
    assert branches["ompycord/" + short_id(runs["After publish"])] == 1
    assert set(branches.values()) == {1}
    await check_messages(older, before)


def check_agent(agent: FormerAgent) -> None:
    """What people decided and wrote reached it, once."""
    assert agent.decided == {
        "A question is open": ev.QuestionAnswered(question="q1", answer="with coupons", by="Mo"),
        "A question is answered": ev.QuestionAnswered(question="q1", answer="with coupons", by="Mo"),
        "An approval is open": ev.ApprovalGranted(approval="a1", by="Ada"),
    }
    assert {title: len(prompts) for title, prompts in agent.prompts.items()} == dict.fromkeys(
        {title for title in {*INTERRUPTED, *STOPPED} if title not in {*COLLECTED, "Before harvest"}}, 1
    )
    (prompt,) = agent.prompts["A message waits"]
    assert prompt.count("Also mind the taxes.") == 1


async def check_messages(older: OlderFolder, before: dict[str, Counter[str]]) -> None:
    """One of each; what stood there before still stands there, and what was refused for good stays so."""
    found = await messages_of_runs(older.harness.playground, older.runs)
    opened = await threads(older.harness.playground)
    for title in {*INTERRUPTED, *STOPPED, *ENDED} - {"Its messages are refused"}:
        shown = {"summary": 1, "card 1": 1, "result": 1}
        once = {kind.partition(" ")[0]: number for kind, number in found[title].items()}
        assert {kind: found[title][kind] for kind in shown} == shown, title
        assert once.get("question", 0) == (title in ASKED), title
        assert once.get("notice", 0) == (title in NOTICED), title
        assert len(found[title]) == sum(found[title].values())
        assert before[title] <= found[title]
        assert opened[short_id(older.runs[title])] == 1
    assert await older.harness.kinds_in("general") == ["board"]
    refused = older.runs["Its messages are refused"]
    assert found["Its messages are refused"] == Counter()
    assert {row.status for row in rows(older.database, "outbox", refused)} == {"failed"}


async def nothing_due(harness: AppHarness) -> None:
    """All is sent but what waits for its time; bounded."""
    await harness.projector.settled()
    async with within(PATIENCE_S):
        with harness.bus.subscribe() as changes:
            while [row for row in await harness.store.outbox() if is_due(row)]:
                await changes.take(0.1)


async def nothing_to_do(harness: AppHarness) -> None:
    """No effect is open; bounded."""
    async with within(PATIENCE_S):
        with harness.bus.subscribe() as changes:
            while await harness.store.open_effects():
                await changes.take(0.1)


def is_due(row: OutboxRow) -> bool:
    """Whether it may be sent at the time of the kill."""
    return row.body.get("not_before", 0) < KILLED_AT_MS + LATER_S * 1000


async def test_what_waited_for_its_time_is_sent_then_and_once_and_not_before(older: OlderFolder) -> None:
    harness, waiting = older.harness, ("elsewhere it begins", "elsewhere a number is missing")
    async with harness.running():
        await older.press(harness.playground.mo, "A question is open", "with coupons", kind="question")
        await older.press(harness.playground.ada, "An approval is open", "Allow once", kind="question")
        await older.ended(*INTERRUPTED)
        await nothing_due(harness)
        early = await messages_of_runs(harness.playground, older.runs)
        assert [early[title] for title in waiting] == [Counter(), Counter({"summary": 1, "card 1": 1})]
        await harness.advance(LATER_S - DOWN_S + 11)
        await harness.nothing_owed()
        late = await messages_of_runs(harness.playground, older.runs)
    once = Counter({"summary": 1, "card 1": 1})
    assert [late[title] for title in waiting] == [once, once + Counter({"result": 1})]


@pytest.mark.parametrize(
    ("name", "value", "refusal"),
    [
        ("prompt", "x" * 32_001, "With its files the text has 32,001 characters; 32,000 is the limit. Nothing ran."),
        ("branch", "--force", "Invalid (*branch*: git takes no such name of a branch: it begins with -"),
    ],
)
async def test_a_kept_text_that_no_task_takes_is_refused_by_what_is_wrong_and_stays(
    older: OlderFolder, name: str, value: str, refusal: str
) -> None:
    harness = older.harness
    mo = harness.playground.mo
    (message,) = [message for message in older.messages if message.is_ephemeral]
    kept = change_kept_draft(older.database, name, value)
    async with harness.running():
        known = {record.id for record in await harness.all_runs()}
        clicked = await mo.click(message, "Resume")
        answer = await mo.wait_message(lambda m: is_answer(m, clicked.id) and "is saved" in m.content)
        assert answer.content.startswith(refusal)
        assert answer.content.endswith(" Your text is saved: press *Try again*.")
        assert answer.labels == ["Try again"]
        assert {record.id for record in await harness.all_runs()} == known
        draft = await harness.store.draft(kept)
        assert draft is not None
        assert (draft.body[name], draft.run) == (value, None)


async def test_a_kept_text_and_an_armed_message_become_one_run_each(older: OlderFolder) -> None:
    harness = older.harness
    mo = harness.playground.mo
    (kept,) = [message for message in older.messages if message.is_ephemeral]
    (armed,) = [message for message in older.messages if message.content == "Round the total to cents."]
    (launched,) = [message for message in older.messages if message.content == "A message became a run"]
    async with harness.running():
        known = {record.id for record in await harness.all_runs()}
        first = await mo.click(kept, "Resume")
        resumed = await harness.next_run(known)
        await mo.wait_message(lambda m: is_answer(m, first.id) and "Queued" in m.text)
        again = await mo.click(kept, "Resume")
        await mo.wait_message(lambda m: is_answer(m, again.id) and "Queued" in m.text)
        bot = kept.author_id
        await rearm(older, launched)
        await mo.react(launched, ROCKET, remove=True)
        await mo.react(launched, ROCKET)  # a run already
        await mo.wait_event("REACTION_REMOVE", lambda data: (data["message_id"], data["user_id"]) == (launched.id, bot))
        await mo.react(armed, ROCKET)
        begun = await harness.next_run(known | {resumed.id})
        await mo.wait_event("REACTION_REMOVE", lambda data: data["message_id"] == armed.id)
        await mo.react(armed, ROCKET, remove=True)
        await mo.react(armed, ROCKET)
        for record in (resumed, begun):
            await harness.until(record.id, lambda snapshot: snapshot.is_final)
        assert {record.id for record in await harness.all_runs()} == known | {resumed.id, begun.id}
    assert older.agent.prompts["A kept text becomes a run"] == [
        "A kept text becomes a run. It took ten minutes to write."
    ]
    assert older.agent.prompts["Round the total to cents"] == ["Round the total to cents."]


async def rearm(older: OlderFolder, message: Message) -> None:
    """The bot's own rocket stands there again.

    As where the kill came after the start and before the message was disarmed.
    """
    path = f"/channels/{message.channel_id}/messages/{message.id}/reactions/{quote(ROCKET)}/@me"
    assert (await older.harness.playground.rest("PUT", path)).status == 204


UNKNOWN = (reply_texts.BUTTON_UNKNOWN, reply_texts.FORM_UNKNOWN, "from another version of me", "from an older card")
PRESSED_ELSEWHERE = {"with coupons", "without coupons", "Allow once", "Resume", "Raise the limit"}
"""In the tests above and below."""


async def test_a_button_of_each_kind_that_was_posted_before_does_what_it_says(older: OlderFolder) -> None:
    harness, runs = older.harness, older.runs
    mo, ada = harness.playground.mo, harness.playground.ada
    labels = {item["label"] for one in older.messages for item in one.components if "custom_id" in item}
    async with harness.running():
        known = {record.id for record in await harness.all_runs()}
        for title, label, kind in (
            ("The agent works", "Details", "card 1"),
            ("The branch is refused", "Details", "result"),
            ("The branch is refused", "Diff", "result"),
            ("The checks fail", "Checks", "result"),
            ("It is stopped", "Take over", "card 1"),
        ):
            answer = await answer_to(mo, await older.press(mo, title, label, kind=kind))
            assert not any(words in answer for words in UNKNOWN), (title, label, answer)
        form = await older.press(mo, "The agent fails", "Retry", kind="result")
        await mo.submit_labels(form, {})
        retried = await harness.next_run(known)
        form = await older.press(mo, "A message became a run", "Run again", kind="result")
        await mo.submit_labels(form, {})
        again = await harness.next_run(known | {retried.id})
        for record, title in ((retried, "The agent fails"), (again, "A message became a run")):
            ended = await harness.until(record.id, lambda snapshot: snapshot.is_final)
            assert ended.title == title
        form = await older.press(mo, "A question is open", "Answer…", kind="question")
        await mo.submit_modal(form, answer="Ask the accountant.")
        await older.ended("A question is open")
        assert older.agent.decided["A question is open"] == ev.QuestionAnswered(
            question="q1", answer="Ask the accountant.", by="Mo"
        )
        form = await older.press(mo, "An approval is open", "Say…")
        await mo.submit_modal(form, message="Mind the version.")
        await older.press(mo, "An approval is open", "Stop")
        await harness.until(runs["An approval is open"], lambda seen: seen.state is S.SUSPENDED)
        form = await older.press(mo, "An approval is open", "Deny…", kind="question")
        await mo.submit_modal(form, reason="Not on a Friday.")
        denied = await harness.until(runs["An approval is open"], lambda seen: not seen.open_approvals)
        assert (denied.approvals[0].status, denied.approvals[0].by) == ("denied", "Mo")
        await older.press(ada, "elsewhere it asks", "Allow for this run", kind="question")
        granted = await harness.until(runs["elsewhere it asks"], lambda seen: not seen.open_approvals)
        assert (granted.approvals[0].status, granted.approvals[0].by) == ("granted", "Ada")
        form = await older.press(mo, "The agent crashes", "Cancel run")
        await confirm_cancel(mo, form)
        cancelled = await harness.until(runs["The agent crashes"], lambda seen: seen.is_final)
        assert cancelled.state is S.CANCELLED
    assert labels == older.pressed | PRESSED_ELSEWHERE


async def confirm_cancel(who: Person, asked: Interaction) -> None:
    """Say yes to the question whether to cancel."""
    question = await who.wait_message(lambda m: is_answer(m, asked.id) and bool(m.labels))
    await who.click(question, question.labels[0])


async def test_runs_of_agents_elsewhere_go_on_where_their_senders_go_on(older: OlderFolder) -> None:
    harness, ada = older.harness, older.harness.playground.ada
    before = await messages_of_runs(harness.playground, older.runs)
    async with harness.running():
        for title, state in ELSEWHERE.items():
            await harness.until(older.runs[title], lambda seen, state=state: seen.state is state)
        await older.elsewhere("elsewhere it works", ev.RunFinished(summary="Built."), first=3)
        await older.elsewhere("elsewhere it is silent", ev.ToolStarted(tool="bash", title="make", call="c1"), first=2)
        await older.press(ada, "elsewhere it asks", "Allow once", kind="question")
        await harness.until(older.runs["elsewhere it works"], lambda seen: seen.state is S.COMPLETE)
        await harness.until(older.runs["elsewhere it is silent"], lambda seen: seen.state is S.BUILDING)
        asked = await harness.until(older.runs["elsewhere it asks"], lambda seen: not seen.open_approvals)
        assert (asked.approvals[0].status, asked.approvals[0].by) == ("granted", "Ada")
        await nothing_due(harness)
    after = await messages_of_runs(harness.playground, older.runs)
    assert after["elsewhere it works"] == before["elsewhere it works"] + Counter({"result": 1})
    for title in ("elsewhere it ended", "elsewhere it asks", "elsewhere it is silent"):
        assert after[title] == before[title]


BUTTON = "v1:stop:01JWNNV6SV671EAJ3MCFFDY9ZP:I84CXuxB:IDI6SA1PG2jawOCx"
"""Signed by the earlier version with the key beneath."""
COMPONENT_KEY = "a-component-key-of-tests-with-43-characters"


async def test_the_whole_program_finds_keys_and_results_where_they_lay(tmp_path: Path) -> None:
    database = restore(tmp_path, later_ms=0)
    run = runs_by_title(database)["Before publish"]
    data = DataFolder(tmp_path)
    (tmp_path / "secrets").mkdir()
    (tmp_path / "secrets" / "component_key").write_text(COMPONENT_KEY + "\n", encoding="utf-8")
    workspace = tmp_path / "workspaces" / run
    workspace.mkdir(parents=True)
    (workspace / "meta.json").write_bytes((FOLDER / "meta.json").read_bytes())
    (workspace / "diff.patch").write_bytes(b"+x = 1\n")
    given = {"data_dir": tmp_path, "discord": {"guilds": ["0" * 18 + "1"]}}
    settings = load_settings(environ={}, folder=FOLDER / "nowhere", overrides=given)
    address = "http://127.0.0.1:9"
    async with lifespan(
        settings,
        data,
        bot_token="t",
        webhook_secret="s" * 24,
        sidecar_address=lambda: address,
        end=lambda: None,
    ) as parts:
        known = parts.bot._dependencies  # pyright: ignore[reportPrivateUsage]  # what no part of the product hands out
        read = known.signer.read(BUTTON)
        assert not isinstance(read, Rejection)
        assert read.action == "stop"
        assert await known.lookups.diff(run) == b"+x = 1\n"
        assert {record.id for record in await known.stores.commands.records.runs(RunFilter(limit=100))} == set(
            runs_by_title(database).values()
        )


def test_settings_with_every_key_that_there_was_are_read_as_before() -> None:
    settings = load_settings(environ={"OMPYCORD_CONFIG": str(FOLDER / "ompycord.yml")}, folder=FOLDER)
    read = settings.model_dump(mode="json")
    token, secret = settings.discord.token, settings.webhook.secret
    assert token is not None
    assert secret is not None
    read["discord"]["token"], read["webhook"]["secret"] = token.get_secret_value(), secret.get_secret_value()
    wanted = json.loads((FOLDER / "ompycord_as_read.json").read_text(encoding="utf-8"))
    wanted["profile"] = wanted.pop("preset")  # its name now
    for agent in set(wanted["agents"]) - {"tidy"}:
        wanted["agents"][agent]["sandbox"]["network"] = "gateway"  # what it means now that nothing is said
    assert covers(read, wanted) == []


def covers(read: Any, wanted: Any, key: str = "") -> list[str]:
    """The keys whose values are other ones now; new keys do not count, in the entries of lists neither."""
    entries, now = as_list(wanted), as_list(read)
    if entries and len(entries) == len(now):
        return [found for at, value in enumerate(entries) for found in covers(now[at], value, f"{key}[{at}]")]
    if not isinstance(wanted, dict):
        return [] if read == wanted else [f"{key}: {wanted!r} was read as {read!r}"]
    keys = cast("dict[str, Any]", wanted)
    return [found for name, value in keys.items() for found in covers(read.get(name), value, f"{key}.{name}")]


def as_list(value: object) -> list[Any]:
    return cast("list[Any]", value) if isinstance(value, list) else []
