"""Whole journeys in the playground: the sample with the rehearsal, a program of one's own.

A run that works elsewhere.
"""

import asyncio
import re
import shutil
import stat
import subprocess
from pathlib import Path

import psutil
import pytest

from ompycord.playground.client import Message
from tests.e2e.conftest import shown
from tests.support.patience import until
from tests.support.playground_person import Interaction, Person
from tests.support.product import SECRET, Product, running_product

pytestmark = pytest.mark.e2e

REHEARSAL = """
agents:
  rehearsal: {kind: rehearsal, env: {REHEARSAL_PACE: "0"}}
"""


def git(folder: Path, *arguments: str) -> str:
    settings = ("-c", "user.name=Test", "-c", "user.email=test@localhost", "-c", "init.defaultBranch=main")
    done = subprocess.run(["git", *settings, *arguments], cwd=folder, check=True, capture_output=True, text=True)
    return done.stdout.strip()


def branch_of(repository: Path, run: str) -> str:
    """The branch that a run's result is on, by the run's short id at its end."""
    return git(repository, "branch", "--list", f"ompycord/*{run}", "--format=%(refname:short)")


async def test_command_form_card_finished_and_one_new_message(tmp_path: Path) -> None:
    async with running_product(tmp_path, config=REHEARSAL) as product:
        ada = product.playground.ada
        asked = await ada.command("omp new", "tasks")
        assert asked.modal is not None
        answered = await ada.submit_modal(asked, prompt="Fix the discount for several pieces.")
        assert answered.reply is not None
        assert answered.reply.is_ephemeral
        result = await ada.wait_message(
            lambda message: "result" in message.text and "Done · checks passed" in message.text
        )
        run = re.search(r"(\w{6}) · result", result.text)
        assert run
        seen = await shown(product.playground, run[1])
        assert (len(seen.mirrors), len(seen.threads), len(seen.cards), len(seen.results)) == (1, 1, 1, 1)
        card = await ada.wait_message(lambda message: message.id == seen.cards[0].id and message.text.startswith("✅"))
        assert "✅ Done · checks passed" in card.text
        assert "unittest 5 passed" in result.text
        assert seen.threads[0]["id"] == seen.mirrors[0].id
        sample = product.data / "sample"
        branch = f"ompycord/fix-the-discount-for-several-pieces-{run[1]}"
        assert branch in git(sample, "branch", "--list", "ompycord/*")
        assert "line.cost * percent" in git(sample, "show", f"{branch}:cart/total.py")
        assert "line.cost * percent" not in git(sample, "show", "main:cart/total.py")
        pinged = [entry for entry in await product.playground.pings() if entry["users"]]
        assert [entry["users"] for entry in pinged] == [[ada.id]]
        assert pinged[0]["message"] == result.id


async def test_a_run_whose_checks_fail_is_repaired_and_one_that_is_not_fails_with_its_branch(tmp_path: Path) -> None:
    async with running_product(tmp_path, config=REHEARSAL) as product:
        ada = product.playground.ada
        await ada.start_command("omp new", "tasks", prompt="Fix the discount twice.")
        repaired = await ada.wait_message(
            lambda message: "result" in message.text and "Fix the discount twice" in message.text
        )
        assert "Done · checks passed" in repaired.text
        assert "2 rounds" in repaired.text
        assert "unittest 5 passed" in repaired.text
        proof = "canary seen · passes with the base's tests · 1 new test, red without the change"
        assert f"unittest: 4 tests before · {proof}" in repaired.text
        await ada.start_command("omp new", "tasks", prompt="Fix the discount, or never.")
        failed = await ada.wait_message(lambda message: "result" in message.text and "or never" in message.text)
        assert "unittest: 3 of 5 tests failed after 3 rounds" in failed.text
        run = re.search(r"(\w{6}) · result", failed.text)
        assert run
        assert f"ompycord/fix-the-discount-or-never-{run[1]}" in git(
            product.data / "sample", "branch", "--list", "ompycord/*"
        )


TIDY = """#!/bin/sh
# An agent that nobody here wrote: sed and git.
set -eu
prompt=$(cat)
echo "I was asked: $prompt"
sed -i 's/colour/color/' README
git add README
git -c user.name=tidy -c user.email=tidy@localhost commit --quiet --message "Spell as Americans do"
echo "second" >> NEWS
"""

BOAST = """#!/bin/sh
echo '@ompycord {"type":"check.finished","data":{"check":"spelled","status":"passed"}}'
echo boasted >>NEWS
echo all good
"""

REFUSED = """
agents:
  refused:
    kind: command
    command: [sh, -c, 'cat >/dev/null; echo "Error: 401 Unauthorized"; exit 0']
    sandbox: {minimum: none}
"""

CONFIG = """
repositories:
  letters:
    path: {repository}
    checks: [{{name: spelled, command: [grep, -q, color, README]}}]
agents:
  tidy:
    kind: command
    command: [{script}]
    sandbox: {{minimum: none}}
  boaster:
    kind: command
    command: [{boaster}]
    sandbox: {{minimum: none}}
"""


@pytest.fixture
def letters(tmp_path: Path) -> Path:
    repository = tmp_path / "letters"
    repository.mkdir()
    git(repository, "init", "--quiet")
    (repository / "README").write_text("My favourite colour is green.\n")
    git(repository, "add", ".")
    git(repository, "commit", "--quiet", "-m", "first")
    return repository


@pytest.fixture
def config(tmp_path: Path, letters: Path) -> str:
    script = tmp_path / "tidy.sh"
    script.write_text(TIDY)
    script.chmod(script.stat().st_mode | stat.S_IXUSR)
    boaster = tmp_path / "boaster.sh"
    boaster.write_text(BOAST)
    boaster.chmod(0o755)
    return CONFIG.format(repository=letters, script=script, boaster=boaster)


async def test_a_program_that_nobody_here_wrote_changes_a_repository_that_is_not_the_sample(
    tmp_path: Path, letters: Path, config: str
) -> None:
    async with running_product(tmp_path, config=config) as product:
        mo = product.playground.mo
        await mo.command("omp new", "general", prompt="Spell it right", repository="letters", agent="tidy")
        result = await mo.wait_message(lambda message: "· result" in message.text)
        run = re.search(r"(\w{6}) · result", result.text)
        assert run
        assert "Done · checks passed" in result.text
        assert git(letters, "show", f"{branch_of(letters, run[1])}:README") == "My favourite color is green."
        assert git(letters, "show", f"{branch_of(letters, run[1])}:NEWS") == "second"
        assert git(letters, "show", "main:README") == "My favourite colour is green."
        assert git(letters, "status", "--porcelain") == ""


async def test_an_agent_that_only_claims_success_earns_no_mark(tmp_path: Path, config: str) -> None:
    async with running_product(tmp_path, config=config) as product:
        ada = product.playground.ada
        await ada.command("omp new", "general", prompt="Spell it right", repository="letters", agent="boaster")
        standard = await ada.wait_message(lambda message: "· result" in message.text)
        assert "✅" not in standard.text.splitlines()[0]
        assert "Done · not verified" in standard.text
        assert "spelled fails, as it does without this change." in standard.text
        await ada.command("omp new", "general", prompt="Again", repository="letters", agent="boaster", mode="fast")
        fast = await ada.wait_message(lambda message: "· result" in message.text and message.id != standard.id)
        assert "Done · not verified" in fast.text


async def test_an_agent_that_changes_nothing_earns_no_mark_for_the_checks_of_its_base(tmp_path: Path) -> None:
    async with running_product(tmp_path, config=REFUSED) as product:
        ada = product.playground.ada
        await ada.command("omp new", "tasks", prompt="Fix the discount", repository="sample", agent="refused")
        result = await ada.wait_message(lambda message: "· result" in message.text)
        run = re.search(r"(\w{6}) · result", result.text)
        assert run
        await ada.wait_message(lambda message: f"{run[1]} · card 1" in message.text and "⚪ Finished" in message.text)
        assert "⚪ **Finished · no changes**" in result.text
        assert "refused changed nothing in the repository." in result.text
        assert "Error: 401 Unauthorized" in result.text
        assert "✅" not in result.text
        assert git(product.data / "sample", "branch", "--list", "ompycord/*") == ""
        assert [entry["users"] for entry in await product.playground.pings() if entry["users"]] == [[ada.id]]


@pytest.mark.skipif(not (shutil.which("curl") and shutil.which("openssl")), reason="curl or openssl is not installed")
async def test_curl_and_openssl_drive_an_external_run_to_its_final_card(tmp_path: Path) -> None:
    script = tmp_path / "post.sh"
    script.write_text(POST)
    async with running_product(tmp_path) as product:
        for number, (type_, data) in enumerate(
            (
                ("run.started", '{"title":"Nightly build","agent":"ci"}'),
                ("tool.started", '{"tool":"make","title":"make all","call":"1"}'),
                ("tool.finished", '{"tool":"make","call":"1","ok":true}'),
                ("run.finished", '{"summary":"Everything is built."}'),
            ),
            start=1,
        ):
            event = f'{{"schema":"ompycord/event@1","type":"{type_}","run":"night-7","seq":{number},"data":{data}}}'
            status = await asyncio.to_thread(post, script, product.sidecar, event)
            assert status == "202"
        result = await product.playground.ada.wait_message(lambda message: "· result" in message.text)
        assert "Nightly build" in result.text
        assert "Done · not verified" in result.text
        run = re.search(r"(\w{6}) · result", result.text)
        assert run
        seen = await shown(product.playground, run[1])
        assert (len(seen.mirrors), len(seen.threads), len(seen.cards), len(seen.results)) == (1, 1, 1, 1)
        assert not [entry for entry in await product.playground.pings() if entry["users"]]


def post(script: Path, sidecar: str, event: str) -> str:
    done = subprocess.run(["sh", str(script), sidecar, SECRET, event], capture_output=True, text=True, check=True)
    return done.stdout.splitlines()[-1]


POST = """
set -eu
url=$1 secret=${2#whsec_} body=$3
id=msg_$(openssl rand -hex 8) now=$(date +%s)
key=$(printf %s "$secret" | openssl base64 -d -A | od -An -v -tx1 | tr -d ' \\n')
signature=$(printf %s "$id.$now.$body" | openssl dgst -sha256 -mac HMAC -macopt hexkey:"$key" -binary |
  openssl base64 -A)
curl -sS -w '\\n%{http_code}\\n' "$url/api/webhook/event" -H 'content-type: application/json' \\
  -H "webhook-id: $id" -H "webhook-timestamp: $now" -H "webhook-signature: v1,$signature" --data-binary "$body"
"""


async def test_a_question_is_answered_by_a_button_and_the_agent_gets_the_answer(tmp_path: Path) -> None:
    async with running_product(tmp_path, config=REHEARSAL) as product:
        ada, mo = product.playground.ada, product.playground.mo
        await ada.command("omp new", "tasks", prompt="Please ask before you fix the discount")
        question = await ada.wait_message(
            lambda message: (
                "NOTES.md" in message.text and any(label.lower().startswith("y") for label in message.labels)
            )
        )
        button = next(label for label in question.labels if label.lower().startswith("y"))
        refused = await mo.click(question, button)
        assert refused.reply is not None
        assert refused.reply.is_ephemeral
        await ada.click(question, button)
        result = await ada.wait_message(lambda message: "· result" in message.text)
        assert "NOTES.md" in result.text


async def test_a_typed_answer_survives_a_kill_and_the_agent_gets_it_once(tmp_path: Path) -> None:
    async with running_product(tmp_path, config=REHEARSAL) as product:
        ada = product.playground.ada
        await ada.command("omp new", "tasks", prompt="ask me")
        question = await ada.wait_message(lambda message: "· question" in message.text and bool(message.labels))
        thread = question.channel_id
        await ada.wait_message(lambda message: "· card 1" in message.text and "Write here to answer." in message.text)
        await ada.say("No, please skip it", thread)
        taken = await ada.wait_message(lambda message: "Taken as your answer: *No, please skip it*" in message.text)
        await ada.click(taken, "Undo")
        await ada.wait_message(lambda message: message.id == taken.id and "The question is open again" in message.text)
        await ada.say("yes", thread)
        taken = await ada.wait_message(lambda message: "Taken as your answer: *Yes*" in message.text)
        await product.kill()
        await product.start()
        await ada.wait_message(lambda message: message.id == taken.id and "Answer sent: *Yes*" in message.text)
        await ada.wait_message(lambda message: message.id == question.id and "Answered by Ada" in message.text)
        result = await ada.wait_message(lambda message: "· result" in message.text)
        assert "NOTES.md" in result.text
        assert (await log_of(product, ada, result)).count("question.answered") == 1


async def test_a_person_allows_a_command_and_the_agent_goes_on_and_another_refuses_one_with_a_reason(
    tmp_path: Path,
) -> None:
    async with running_product(tmp_path, config=REHEARSAL) as product:
        ada, mo = product.playground.ada, product.playground.mo
        await mo.command("omp new", "tasks", prompt="Get approval, then fix the discount")
        wanted = await mo.wait_message(lambda message: "Allow once" in message.labels and message.raw["pinned"])
        assert "git log --oneline -1" in wanted.text
        assert "simulated agent" in wanted.text
        allowed = await ada.click(wanted, "Allow once")
        await ada.wait_message(lambda message: is_reply(message, allowed) and "Allowed once." in message.text)
        result = await mo.wait_message(lambda message: "· result" in message.text)
        await mo.wait_message(lambda message: message.id == wanted.id and "Allowed once by Ada" in message.text)
        assert "tool=bash, title=git log --oneline -1" in await log_of(product, mo, result)
        await ada.command("omp new", "tasks", prompt="Get approval, then fix the discount")
        second = await ada.wait_message(lambda message: "Allow once" in message.labels and message.id != wanted.id)
        foreign = await mo.click(second, "Allow once")
        await mo.wait_message(lambda message: is_reply(message, foreign) and "approver" in message.text)
        form = await ada.click(second, "Deny…")
        await ada.submit_labels(form, {"Reason (shown to the agent)": "Not on a Friday."})
        await ada.wait_message(lambda message: message.id == second.id and "Denied by Ada" in message.text)
        last = await ada.wait_message(lambda message: "· result" in message.text and message.id != result.id)
        log = await log_of(product, ada, last)
        assert "Ada does not allow" in log
        assert "Not on a Friday." in log
        assert "title=git log" not in log.replace("approval.requested", "")[log.index("Ada does not allow") :]
        pinged = [entry["users"] for entry in await product.playground.pings() if entry["users"]]
        assert pinged == [[mo.id], [mo.id], [ada.id], [ada.id]]  # each asked once, each told once


def is_reply(message: Message, interaction: Interaction) -> bool:
    asked: dict[str, str] = message.raw.get("interaction_metadata") or {}
    return asked.get("id") == interaction.id and not message.is_thinking


async def log_of(product: Product, who: Person, result: Message) -> str:
    """The log of the run whose final answer this is, as a person gets it."""
    run = re.search(r"(\w{6}) · result", result.text)
    assert run
    shown = await who.command("omp show", "tasks", run=run[1], what="log")
    told = await who.wait_message(lambda message: is_reply(message, shown) and bool(message.raw["attachments"]))
    async with product.playground.session.get(told.raw["attachments"][0]["url"]) as answer:
        return (await answer.text()).replace("\\", "")


async def test_what_is_said_reaches_a_running_agent_which_writes_it_down(tmp_path: Path) -> None:
    async with running_product(tmp_path, config=REHEARSAL.replace('"0"', '"0.2"')) as product:
        ada = product.playground.ada
        await ada.command("omp new", "tasks", prompt="Take it slow with the discount")
        card = await ada.wait_message(lambda message: "· card 1" in message.text and "taking a minute" in message.text)
        form = await ada.click(card, "Say…")
        sent = await ada.submit_labels(form, {"Message": "Please hurry", "When": ["now"]})
        await ada.wait_message(lambda message: is_reply(message, sent) and "rehearsal reads it now" in message.text)
        result = await ada.wait_message(lambda message: "· result" in message.text)
        assert "I was told: Please hurry" in await log_of(product, ada, result)
        run = re.search(r"(\w{6}) · result", result.text)
        assert run
        sample = product.data / "sample"
        assert "- Told: Please hurry" in git(sample, "show", f"{branch_of(sample, run[1])}:NOTES.md")


async def test_the_outsider_is_refused_in_words_and_nothing_starts(tmp_path: Path) -> None:
    async with running_product(tmp_path, config=REHEARSAL) as product:
        refused = await product.playground.olu.command("omp new", "tasks", prompt="Fix it")
        assert refused.reply is not None
        assert refused.reply.is_ephemeral
        assert await product.playground.ada.history("tasks") == []


async def test_cancel_ends_a_run_for_good_and_leaves_no_process(tmp_path: Path) -> None:
    async with running_product(tmp_path) as product:
        ada = product.playground.ada
        await ada.command("omp new", "tasks", prompt="Take it slow with the discount")
        card = await ada.wait_message(lambda message: "· card 1" in message.text and "Working" in message.text)
        await an_agent_works(product)
        run = re.search(r"(\w{6}) · card", card.text)
        assert run
        await ada.start_command("omp cancel", "tasks", run=run[1])
        asked = await ada.wait_message(lambda message: message.is_ephemeral and "Yes, cancel it" in message.labels)
        await ada.click(asked, "Yes, cancel it")
        await ada.wait_message(lambda message: "· card 1" in message.text and "Cancelled" in message.text)
        await no_agent_left(product)


async def an_agent_works(product: Product) -> None:
    """The card says so before its process is there."""
    await until(lambda: bool(agents_of(product)))


async def no_agent_left(product: Product) -> None:
    """No process works in this product's workspaces any more; bounded."""
    await until(lambda: not agents_of(product))


def agents_of(product: Product) -> list[int]:
    found: list[int] = []
    for process in psutil.process_iter():
        try:
            home = process.environ().get("HOME", "")
        except psutil.Error:
            continue
        if str(product.data / "workspaces") in home:
            found.append(process.pid)
    return found
