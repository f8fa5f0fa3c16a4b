"""A run of a real agent from its first word to its branch, as two people live it in the playground.

`test_real_journeys.py` uses it.

Mo asks and answers, Ada allows (the repository wants two people). Nothing here knows an agent: a `Kind` says what one
is called, how it is configured, and how the model without a mind makes it write, ask and run something.
"""

import asyncio
import contextlib
import json
import sqlite3
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil

from ompycord.playground.client import Message
from tests.e2e.conftest import shown
from tests.e2e.test_journeys import branch_of, git
from tests.support.patience import within
from tests.support.playground_person import Person
from tests.support.product import Product
from tests.support.replies import run_linked_by

PATIENCE_S = 90.0
APPROVAL = "Allow once"
CHECK = "test 4 -le $(ls | grep -c txt)"


@dataclass(frozen=True, kw_only=True)
class Kind:
    """One agent; the lines are steps of the model's script."""

    name: str
    """As npm's command, and in the configuration."""
    config: Callable[[str, Path], dict[str, Any]]
    """`config(model's address, the user's home)` writes what the agent reads at home.

    And is its entry in ompycord.yml.
    """
    write: Callable[[str, str], str]
    """The line that writes a file."""
    run: Callable[[str], str]
    """The line that runs a command, which needs leave."""
    ask: str
    """The line that asks `QUESTION`."""
    rested: Callable[[Path], None] = lambda home: None
    """What time does to its HOME while it is stopped."""
    asks_approval_to_ask: bool = False
    """It wants leave for our own tools too."""
    speaks_openai: bool = False
    """A dialect of OpenAI's, which our own model without a mind speaks too."""
    flag: str = ""
    """What stands before the session in its command line, where it is told there."""
    answer_usd: float | None = None
    """What an answer of the model costs, where the agent states it."""


QUESTION = "Which port?"
OPTIONS = ("eight thousand", "nine thousand")


class Journey:
    """One run, and what the database says of it."""

    def __init__(self, product: Product, run: str) -> None:
        self.product = product
        self.short = run
        self.mo = product.playground.mo

    def facts(self, kind: str) -> list[dict[str, Any]]:
        """The bodies of its events of this type, in the order they were stored."""
        with contextlib.closing(sqlite3.connect(f"file:{self.product.data / 'ompycord.db'}?mode=ro", uri=True)) as raw:
            found = raw.execute(
                "SELECT e.body FROM events AS e JOIN runs AS r ON r.pk = e.run WHERE lower(r.id) LIKE ? AND e.type = ? "
                "ORDER BY e.position",
                (f"%{self.short}", kind),
            )
            return [json.loads(body) for (body,) in found]

    def branch(self, repository: Path) -> str:
        """The branch that is named after the run."""
        return branch_of(repository, self.short)

    @property
    def home(self) -> Path:
        """Its agent's."""
        return next(self.product.data.glob(f"workspaces/*{self.short.upper()}/home"))

    async def until(self, kind: str, wanted: Callable[[list[dict[str, Any]]], bool]) -> list[dict[str, Any]]:
        """Its facts of this type, once they are as wanted; bounded. Another process's database wakes nobody here."""
        async with within(PATIENCE_S):
            while not wanted(found := self.facts(kind)):  # noqa: ASYNC110
                await asyncio.sleep(0.1)  # between two looks
        return found

    async def at_work_on(self, *commands: str, times: int = 1) -> None:
        """Its agent has heard so many times that it may run one of these.

        Not every agent names what it runs when it begins.
        """

        def is_heard(taken: list[dict[str, Any]]) -> bool:
            wanted = [one for one in self.facts("approval.requested") if any(c in json.dumps(one) for c in commands)]
            asked = {f"a:{one['approval']}" for one in wanted}
            return sum(key in asked for one in taken for key in one["said"]) >= times

        await self.until("inbox.taken", is_heard)

    async def card(self, words: str) -> Message:
        return await self.mo.wait_message(
            lambda m: f"{self.short} · card" in m.text and words in m.text, timeout=PATIENCE_S
        )

    async def says(self, text: str) -> None:
        """`/omp say now`; the command's answer says that it arrived."""
        await self.commands("omp say", message=text, when="now")

    async def commands(self, name: str, **options: str) -> None:
        """Mo's command in the run's thread, which means this run."""
        await self.mo.command(name, await self._thread(), **options)

    async def one_of_each(self) -> None:
        """One card, mirror and result, once what a card left behind is gone; bounded."""
        async with within(PATIENCE_S):
            while True:
                seen = await shown(self.product.playground, self.short)
                if [len(kind) for kind in (seen.cards, seen.mirrors, seen.results)] == [1, 1, 1]:
                    return
                await self.mo.see_next()

    async def _thread(self) -> str:
        return (await self.card("")).channel_id

    def programs(self) -> list[list[str]]:
        """The command lines of all that runs for it now."""
        found: list[list[str]] = []
        for process in psutil.process_iter():
            with contextlib.suppress(psutil.Error):
                if process.environ().get("OMPYCORD_RUN", "").lower().endswith(self.short):
                    found.append(process.cmdline())
        return found


async def begin(product: Product, kind: Kind, prompt: str) -> Journey:
    """Mo hands the task in."""
    mo = product.playground.mo
    await mo.command("omp new", "tasks", prompt=prompt, repository="vault", agent=kind.name)
    told = await mo.wait_message(lambda m: m.is_ephemeral and "Queued: http" in m.text)
    return Journey(product, await run_linked_by(mo, told.text))


@asynccontextmanager
async def allowing(ada: Person) -> AsyncGenerator[list[str]]:
    """Meanwhile Ada allows, once each, all that she is asked for; the texts that she read.

    Nobody else answers her messages.
    """
    read: list[str] = []

    async def allow() -> None:
        done: set[str] = set()
        while True:
            message = await ada.wait_message(lambda m: APPROVAL in m.labels and m.id not in done, timeout=600)
            done.add(message.id)
            read.append(message.text)
            await ada.start_click(message, APPROVAL)

    async with asyncio.TaskGroup() as group:
        task = group.create_task(allow())
        yield read
        task.cancel()


def vault(folder: Path) -> Path:
    """A repository with one file and a script for its check: files that a check's command names are evidence too."""
    made = folder / "vault"
    made.mkdir()
    git(made, "init", "--quiet")
    (made / "README").write_text("vault\n", encoding="utf-8")
    (made / "check.sh").write_text(f"{CHECK}\n", encoding="utf-8")
    git(made, "add", "-A")
    git(made, "commit", "--quiet", "-m", "first")
    return made


def configuration(kind: Kind, repository: Path, model: str, home: Path) -> str:
    """`ompycord.yml`, which is JSON here."""
    agent = {"sandbox": {"minimum": "none"}, **kind.config(model, home)}
    check = {"name": "whole", "command": ["sh", "check.sh"]}
    place = {"path": str(repository), "two_person": True, "checks": [check]}
    return json.dumps({"repositories": {"vault": place}, "agents": {kind.name: agent}})
