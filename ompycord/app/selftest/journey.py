"""The journey of the self-test, step by step; each needs those before it, so the first failure ends it."""

import json
import re
import secrets
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path

import httpx

from ompycord.app.selftest.harness import SelftestHarness
from ompycord.app.selftest.person import NotSeen, button
from ompycord.app.wiring.work import git_of
from ompycord.domain.base import Frozen
from ompycord.http import parse_secret, sign
from ompycord.playground.client import JsonObject, Message

__all__ = ["TITLES", "Tick", "run_selftest"]

ACCEPTED, REPEATED, UNAUTHORIZED = 202, 200, 401
_RESULT = re.compile(r"(\w{6}) · result")
_CARD = re.compile(r"(\w{6}) · card 1")


class Tick(Frozen):
    """One line of the self-test."""

    title: str
    status: str
    """passed, failed, or skipped where the platform has no agents."""
    seconds: float
    text: str = ""
    """What was found; for a failure what was missing."""


class Journey:
    """What one step leaves for the next."""

    def __init__(self, harness: SelftestHarness, *, environ: Mapping[str, str]) -> None:
        self._harness = harness
        self._git = git_of(environ)
        self._run = ""

    async def starts(self) -> str:
        await self._harness.start()
        return self._harness.sidecar

    async def is_ready(self) -> str:
        live = await self._harness.client.get(f"{self._harness.sidecar}/livez")
        ready = await self._harness.client.get(f"{self._harness.sidecar}/readyz")
        _require(live.is_success, f"/livez answered {live.status_code}")
        _require(ready.is_success, f"/readyz answered {ready.status_code}: {ready.text[:200]}")
        return ", ".join(ready.json()["checks"])

    async def refuses_outsiders(self) -> str:
        answer = await self._harness.client.post(f"{self._harness.sidecar}/api/webhook/event", content=b"{}")
        _require(answer.status_code == UNAUTHORIZED, f"it answered {answer.status_code}")
        _, outsider = await self._harness.people()
        reply = await outsider.command("new", "tasks", prompt="Let me in")
        reply = await outsider.answered("the refusal", reply)
        _require(reply.ephemeral_for == outsider.id, "others saw the refusal")
        return "401, and in Discord a refusal that only they see"

    async def takes_a_task(self) -> str:
        admin, _ = await self._harness.people()
        form = await admin.command_with_form("new", "tasks", prompt="Please ask before you fix the discount")
        reply = await admin.answered("the answer to the form", form)
        _require(reply.ephemeral_for == admin.id, "others saw the answer to the form")
        card = await admin.sees("the card", lambda message: _CARD.search(message.text) is not None)
        found = _CARD.search(card.text)
        self._run = found[1] if found else ""
        return f"run {self._run}"

    async def asks_and_receives(self) -> str:
        admin, _ = await self._harness.people()
        question = await admin.sees("the question", lambda message: f"{self._run} · question" in message.text)
        await admin.click(question, "Y")
        return "answered with its button"

    async def is_verified(self) -> str:
        admin, _ = await self._harness.people()
        result = await admin.sees("the result", lambda message: f"{self._run} · result" in message.text)
        _require("Done · checks passed" in result.text, f"it says: {result.text[:200]}")
        _require(f"<@{admin.id}>" in result.content, "the end does not mention who asked")
        return "the repository's own tests ran here"

    async def leaves_a_branch(self) -> str:
        sample = self._harness.data / "sample"
        named = ("for-each-ref", "--format=%(refname:short)", f"refs/heads/ompycord/*{self._run}")
        branch = await self._git.line(*named, cwd=sample)
        _require(bool(branch), "the repository has no branch of the run")
        changed = await self._git.run("show", f"{branch}:cart/total.py", cwd=sample)
        before = await self._git.run("show", "main:cart/total.py", cwd=sample)
        _require(changed != before, "the branch changes nothing")
        return branch

    async def takes_signed_events(self) -> str:
        run = f"selftest-{secrets.token_hex(4)}"
        started: JsonObject = {
            "type": "run.started",
            "seq": 1,
            "data": {"title": "Self-test elsewhere", "agent": "script"},
        }
        first, again = await self._post(run, started), await self._post(run, started)
        _require((first, again) == (ACCEPTED, REPEATED), f"it answered {first}, then {again}")
        done: JsonObject = {"type": "run.finished", "seq": 2, "data": {"summary": "All is well."}}
        _require(await self._post(run, done) == ACCEPTED, "the end was not taken")
        admin, _ = await self._harness.people()
        await admin.sees("the end of the run elsewhere", lambda message: _is_result_of(message, "Self-test elsewhere"))
        return "202, the same again 200, one card"

    async def survives_a_kill(self) -> str:
        admin, _ = await self._harness.people()
        await admin.command("new", "tasks", prompt="Take it slow with the discount", agent="slow")
        card = await admin.sees("a working card", lambda message: _is_card(message) and "Working" in message.text)
        found = _CARD.search(card.text)
        self._run = found[1] if found else ""
        await self._harness.kill()
        await self._harness.start()
        await admin.sees(
            "the card after the restart",
            lambda message: message.id == card.id and "Working" in message.text,
        )
        cards = [message for message in await admin.messages() if f"{self._run} · card 1" in message.text]
        _require(len(cards) == 1, f"there are {len(cards)} cards of one run")
        return f"run {self._run} goes on with one card"

    async def cancels(self) -> str:
        admin, _ = await self._harness.people()
        reply = await admin.command("cancel", "tasks", run=self._run)
        question = await admin.sees(  # the first answer may be empty still: it is filled when the run was looked up
            "the question before a cancel",
            lambda message: message.interaction == reply and button(message, "Yes, cancel it") is not None,
        )
        await admin.click(question, "Yes, cancel it")
        await admin.sees(
            "the card of the cancelled run",
            lambda message: f"{self._run} · card 1" in message.text and "Cancelled" in message.text,
        )
        return f"run {self._run}"

    async def ends(self) -> str:
        if sys.platform == "win32":
            await self._harness.close()
            return "closed"
        code = await self._harness.end()
        _require(code == 0, f"exit code {code}")
        _require(not self._harness.has_write_ahead_log(), "the database was not closed")
        return "exit 0, database closed"

    async def _post(self, run: str, event: JsonObject) -> int:
        body = json.dumps({"schema": "ompycord/event@1", "run": run, **event}).encode()
        webhook_id, stamp = f"{run}-{event['seq']}", str(int(time.time()))
        secret = parse_secret(self._harness.secret)
        headers = {
            "content-type": "application/json",
            "webhook-id": webhook_id,
            "webhook-timestamp": stamp,
            "webhook-signature": sign(secret, webhook_id=webhook_id, timestamp=stamp, body=body),
        }
        url = f"{self._harness.sidecar}/api/webhook/event"
        return (await self._harness.client.post(url, content=body, headers=headers)).status_code


def _is_card(message: Message) -> bool:
    return _CARD.search(message.text) is not None


def _is_result_of(message: Message, title: str) -> bool:
    return title in message.text and _RESULT.search(message.text) is not None


def _require(holds: bool, otherwise: str) -> None:
    if not holds:
        raise NotSeen(otherwise)


Step = Callable[[Journey], Awaitable[str]]
STEPS: tuple[tuple[str, bool, Step], ...] = (
    ("Ompycord starts, and a local Discord with it", False, Journey.starts),
    ("The sidecar lives and is ready", False, Journey.is_ready),
    ("Strangers are refused, at both doors", False, Journey.refuses_outsiders),
    ("/omp new opens a form; submitted, a card appears", True, Journey.takes_a_task),
    ("The agent asks a person, who answers with a button", True, Journey.asks_and_receives),
    ("The checks pass, and one message mentions who asked", True, Journey.is_verified),
    ("The change lies on a branch of its own", True, Journey.leaves_a_branch),
    ("Signed events of a run elsewhere get a card, once", False, Journey.takes_signed_events),
    ("Killed in the middle of a run, it goes on after a start", True, Journey.survives_a_kill),
    ("A cancelled run ends for good", True, Journey.cancels),
    ("Told to end, it ends in order", False, Journey.ends),
)
"""The title, whether it needs agents on this machine, and the step."""
TITLES = tuple(title for title, _, _ in STEPS)


async def run_selftest(*, environ: Mapping[str, str], report: Callable[[Tick], None]) -> bool:
    """Walk the journey in a temporary folder and report each step when it ends; whether none failed."""
    with tempfile.TemporaryDirectory(prefix="ompycord-selftest-", ignore_cleanup_errors=True) as folder:
        async with httpx.AsyncClient(trust_env=False, timeout=30) as client:
            harness = SelftestHarness(Path(folder), environ=environ, client=client)
            journey = Journey(harness, environ=environ)
            try:
                for title, needs_agents, step in STEPS:
                    tick = await _walk(title, step, journey, is_possible=sys.platform != "win32" or not needs_agents)
                    report(tick)
                    if tick.status == "failed":
                        return False
            finally:
                await harness.close()
    return True


async def _walk(title: str, step: Step, journey: Journey, *, is_possible: bool) -> Tick:
    if not is_possible:
        return Tick(title=title, status="skipped", seconds=0, text="no agents on this platform")
    began = time.monotonic()
    try:
        text, status = await step(journey), "passed"
    except Exception as error:  # noqa: BLE001  # whatever a step raises is that step's result
        text, status = str(error) or type(error).__name__, "failed"
    return Tick(title=title, status=status, seconds=round(time.monotonic() - began, 3), text=text)
