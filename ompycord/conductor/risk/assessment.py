"""The risk class of what a hosted run's agent asks: with its repository's rules and the files of its clone.

Counterparts: `domain/risk`, which judges, and `inbox/`, which asks before people are asked.
"""

import asyncio
import hashlib
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Final, NamedTuple

from ompycord.conductor.risk.standing import StandingPermissions
from ompycord.domain import events as ev
from ompycord.domain.catalog import Catalog
from ompycord.domain.events.people import MOST_EDITS
from ompycord.domain.ids import RunId
from ompycord.domain.ports import RunRecords
from ompycord.domain.risk.classes import RiskClass
from ompycord.domain.risk.classify import judge_command
from ompycord.domain.risk.judging import UNREAD, ReadFile
from ompycord.domain.run import RunRecord

__all__ = ["Assessed", "Clone", "RiskAssessment"]

_WHY: Final = 200
_NAME: Final = 80


class Clone(NamedTuple):
    """The clone of a run, as its agent sees it."""

    root: str
    read: ReadFile
    """Blocks."""


class Assessed(NamedTuple):
    """What an agent asks, with its class here."""

    body: ev.ApprovalRequested
    is_allowed: bool = False
    """Whether no one needs to decide on it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RiskAssessment:
    """Judges each request once, before it is stored."""

    catalog: Catalog
    store: RunRecords
    clone_of: Callable[[RunId], Awaitable[Clone | None]]
    is_confined: bool
    """Whether agents are kept inside their clones; if not, people decide on writing too."""
    standing: StandingPermissions | None = None
    """Permissions for a day; without it there are none."""

    async def assess(self, run: RunId, body: ev.ApprovalRequested) -> Assessed:
        """The request with its class. What Ompycord did not read is not made better here. Raises StorageError."""
        if body.risk_class is None:
            return Assessed(body)
        record = await self.store.run(run)
        if record is None:
            return Assessed(body)
        if body.shell is not None:
            body = await self._with_clone(run, record.repository, body, body.shell)
        risk = RiskClass.named(body.risk_class or "danger")
        rule = self.catalog.rule_of(record, risk)
        most = RiskClass.WRITE if self.is_confined else RiskClass.READ
        is_open = rule.by == "no one" and body.whole and not body.only_once
        if is_open and (risk <= most or risk >= RiskClass.RUN):
            return Assessed(body, is_allowed=True)
        return await self._standing(record, body)

    async def _standing(self, record: RunRecord, body: ev.ApprovalRequested) -> Assessed:
        """Allowed where people allowed exactly this here for a day."""
        given = None if self.standing is None else await self.standing.covering(record, body)
        if given is None:
            return Assessed(body)
        why = f"{given.names[:_NAME]} allowed it here for a day"
        because = f"{why}; {body.because}" if body.because else why
        return Assessed(body.model_copy(update={"because": because[:_WHY]}), is_allowed=True)

    async def _with_clone(
        self, run: RunId, repository: str | None, body: ev.ApprovalRequested, command: str
    ) -> ev.ApprovalRequested:
        """The class by this repository's rules and the files that the command names, and the hash of these."""
        rules = self.catalog.risk_of(repository)
        clone = await self.clone_of(run)
        root, kept = (clone.root, _Kept(clone.read)) if clone is not None else ("", _Kept(dict[str, str]().get))
        judged = await asyncio.to_thread(judge_command, command, root=root, rules=rules, read=kept)
        before = RiskClass.named(body.risk_class or "danger")
        finding = judged.finding
        bare = await asyncio.to_thread(_bare, command, root)
        if finding.risk < before and before > bare:  # what stands beside the command makes it worse, as its folder
            finding = finding._replace(risk=before, why=body.because or finding.why)
        sources = judged.sources[:MOST_EDITS]
        meaning = await asyncio.to_thread(_hash_of, judged.sources, kept) if sources else None
        is_unbound = any(kept(path) == UNREAD for path in judged.sources)
        update = {
            "only_once": body.only_once or is_unbound,  # what it means could change without being noticed
            "risk_class": finding.risk.word,
            "because": finding.why[:_WHY],
            "sources": sources,
            "meaning": meaning,
        }
        return body.model_copy(update=update)


def _bare(command: str, root: str) -> RiskClass:
    """The class of a command without rules and files; whoever read the call may not have known the clone."""
    return max(judge_command(command, root=one).finding.risk for one in ("", root))


class _Kept:
    """Reads each file once, so that what is judged is what is hashed."""

    def __init__(self, read: ReadFile) -> None:
        self._read = read
        self._texts: dict[str, str | None] = {}

    def __call__(self, path: str) -> str | None:
        if path not in self._texts:
            self._texts[path] = self._read(path)
        return self._texts[path]


def _hash_of(sources: tuple[str, ...], read: ReadFile) -> str:
    """SHA-256 of the files, those that are not there too."""
    digest = hashlib.sha256()
    for path in sources:
        text = read(path)
        data = b"" if text is None else text.encode("utf-8", "surrogatepass")
        digest.update(f"{path}\0{text is not None}\0{len(data)}\0".encode())
        digest.update(data)
    return digest.hexdigest()
