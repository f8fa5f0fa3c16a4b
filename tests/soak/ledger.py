"""Senders that force to their own disk what they are about to send and what was acknowledged.

Imported by its neighbours.
"""

import asyncio
import json
import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any, Self

import httpx

from tests.support.sidecar_process import post

TAKEN = {200, 202}


@dataclass(slots=True)
class Sent:
    """One event of the ledger; `position` once it was acknowledged."""

    number: int
    tokens: int
    position: int | None = None


@dataclass(slots=True)
class Sender:
    """One run, one lane, one ledger. Sends an event again, under its id, until it is acknowledged."""

    name: str
    file: IO[str]
    sent: list[Sent] = field(default_factory=list[Sent])
    refused: list[tuple[int, int]] = field(default_factory=list[tuple[int, int]])
    """Numbers that were refused for good, which none may be, and their status."""

    @classmethod
    def begin(cls, name: str, folder: Path) -> "Sender":
        return cls(name, (folder / f"{name}.ledger").open("a", encoding="ascii"))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self.file.close()

    @property
    def acknowledged(self) -> int:
        return sum(one.position is not None for one in self.sent)

    async def send(self, http: httpx.AsyncClient, *, until_settled: bool = False) -> None:
        """Until the other side is gone; or, `until_settled`, until nothing is open."""
        while True:
            last = self.sent[-1] if self.sent else None
            if last is None or last.position is not None:
                if until_settled:
                    return
                last = Sent(len(self.sent) + 1, tokens_of(len(self.sent) + 1))
                self._write(f"intent {last.number} {last.tokens}")
                self.sent.append(last)
            try:
                answer = await post(http, self._event(last), f"{self.name}_{last.number}")
            except httpx.HTTPError:
                return
            if answer.status_code in TAKEN:
                last.position = answer.json()["position"]
                self._write(f"ack {last.number} {last.position}")
            elif answer.status_code not in {429, 503}:
                self.refused.append((last.number, answer.status_code))
                return
            else:
                await asyncio.sleep(0.01)  # as Retry-After would have it, shortened

    def _event(self, sent: Sent) -> dict[str, Any]:
        question = {"question": f"q{sent.number}", "text": "Which one?"}
        type_, data = ("usage.updated", {"input": sent.tokens}) if sent.tokens else ("question.asked", question)
        return {
            "schema": "ompycord/event@1", "type": type_, "run": self.name, "seq": sent.number,
            "at": "2026-05-28T20:26:40Z", "data": data,
        }  # fmt: skip

    def _write(self, line: str) -> None:
        self.file.write(line + "\n")
        self.file.flush()
        os.fsync(self.file.fileno())


def tokens_of(number: int) -> int:
    """What an event counts; none for every fifth, which is a question and so owes a delivery."""
    return number % 97 + 1 if number % 5 else 0


def read_ledger(file: Path) -> tuple[dict[int, int], dict[int, int]]:
    """What a ledger on disk says: tokens by number, positions of what was acknowledged by number."""
    tokens: dict[int, int] = {}
    positions: dict[int, int] = {}
    for line in file.read_text(encoding="ascii").splitlines():
        what, number, value = line.split()
        (tokens if what == "intent" else positions)[int(number)] = int(value)
    return tokens, positions


def print_line(**values: object) -> str:
    """The one JSON line of a round."""
    return json.dumps(values, separators=(", ", ": "))
