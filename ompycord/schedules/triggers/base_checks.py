"""Looks at the checks of branches on their forges; what is red there fires triggers, each red run of a check once.

What was told is stored after the triggers took it: after a crash in between it is told again, and their brake knows it.
"""

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final, Protocol

from ompycord.domain.configuration.forge_options import ForgeSpec
from ompycord.domain.ports import Clock
from ompycord.domain.ports.following import OpenFollowing
from ompycord.domain.ports.triggers import SeenFailures
from ompycord.domain.pull_requests.ci import VERDICTS, newest
from ompycord.domain.pull_requests.seen import SeenCheck
from ompycord.domain.repository import RepositorySpec
from ompycord.domain.triggers.options import TriggerSpec
from ompycord.errors import ForgeFailed, ForgeNotNow, OmpycordError
from ompycord.telemetry import get_logger

__all__ = ["BaseChecks", "CheckTriggers"]

PAUSE_S: Final = 300.0
_LONGEST: Final = 12
"""Looks, of which one is made, while a forge rests: an hour."""
_MOST: Final = 50
"""Red checks of one branch that are told."""

log = get_logger(__name__)


class CheckTriggers(Protocol):
    """What is asked of the triggers."""

    async def base_red(self, spec: TriggerSpec, payload: Mapping[str, Any]) -> None:
        """Take a check that is red; stored when it returns. Raises StorageError."""
        ...

    async def base_unseen(self, spec: TriggerSpec, branch: str, why: str) -> None:
        """Say once that such a trigger cannot work. Raises StorageError."""
        ...


class BaseChecks:
    """Looks at the start and every five minutes, where a trigger wants it."""

    def __init__(
        self,
        *,
        specs: Sequence[TriggerSpec],
        repository: Callable[[str], RepositorySpec],
        forges: OpenFollowing,
        triggers: CheckTriggers,
        seen: SeenFailures,
        clock: Clock,
    ) -> None:
        self._wanted: dict[tuple[str, str], list[TriggerSpec]] = {}
        for spec in specs:
            if spec.source == "base_checks":
                found = repository(spec.repository)
                self._wanted.setdefault((found.name, spec.branch or found.base), []).append(spec)
        self._repository = repository
        self._forges = forges
        self._triggers = triggers
        self._seen = seen
        self._clock = clock
        self._skipped: dict[tuple[str, str], tuple[int, int]] = {}
        """Of a repository's branch: looks to leave out now, and how many were the last time."""

    async def run(self) -> None:
        """Until cancelled; what fails is tried again."""
        while self._wanted:
            await self.inspect()
            await self._clock.sleep(PAUSE_S)

    async def inspect(self) -> None:
        """Look at each branch once."""
        for (name, branch), specs in self._wanted.items():
            left, last = self._skipped.get((name, branch), (0, 0))
            if left:
                self._skipped[name, branch] = (left - 1, last)
                continue
            try:
                await self._inspect_branch(self._repository(name), branch, specs)
                self._skipped.pop((name, branch), None)
            except ForgeNotNow as error:
                more = min(max(1, last * 2), _LONGEST)
                self._skipped[name, branch] = (more, more)
                log.warning("base_checks.wait", repository=name, branch=branch, cause=str(error))
            except OmpycordError as error:
                log.warning("base_checks.failed", repository=name, branch=branch, cause=str(error))

    async def _inspect_branch(self, repository: RepositorySpec, branch: str, specs: Sequence[TriggerSpec]) -> None:
        forge = repository.forge
        assert forge is not None  # the settings refuse it
        try:
            async with self._forges(forge) as reads:
                seen = await reads.checks(branch, base="")
        except ForgeNotNow:
            raise
        except ForgeFailed as error:
            await self._unseen(specs, branch, str(error))
            return
        if not seen.is_seen:
            await self._unseen(specs, branch, _may_not(forge, branch))
            return
        red = [one for one in newest(seen.checks) if one.is_done and VERDICTS.get(one.verdict) == "red"][:_MOST]
        for check in red:
            for spec in specs:
                await self._fire(spec, repository, branch, check, red)

    async def _fire(
        self, spec: TriggerSpec, repository: RepositorySpec, branch: str, check: SeenCheck, red: Sequence[SeenCheck]
    ) -> None:
        name, at = _key(spec, branch, check), max(check.started_at, 1)
        if await self._seen.seen_upto(name) >= at:
            return
        payload = {
            "repository": repository.name,
            "branch": branch,
            "check": check.name,
            "verdict": check.verdict,
            "url": check.url or "",
            "red": ", ".join(sorted({one.name for one in red})),
        }
        await self._triggers.base_red(spec, payload)
        await self._seen.mark_seen(name, at)

    async def _unseen(self, specs: Sequence[TriggerSpec], branch: str, why: str) -> None:
        for spec in specs:
            await self._triggers.base_unseen(spec, branch, why)


def _key(spec: TriggerSpec, branch: str, check: SeenCheck) -> str:
    parts = spec.repository, branch, check.app, check.workflow, check.name
    return f"base_checks:{spec.name}:{hashlib.sha256(json.dumps(parts).encode()).hexdigest()[:24]}"


def _may_not(forge: ForgeSpec, branch: str) -> str:
    return (
        f"{forge.repository} has no branch {branch}, or its credential may not read checks there: give it *Checks* and "
        "*Commit statuses*, both read."
    )
