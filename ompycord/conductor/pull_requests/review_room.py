"""How many pull requests wait unread for the same reviewers, and whether one more may be opened.

Counterparts: `engines/publication/permission.py`, whose runs wait here, and `keeper.py`, which says when something was
read.
"""

import asyncio
from collections import defaultdict
from typing import Final

from ompycord.domain.base import Millis
from ompycord.domain.ports import Clock
from ompycord.domain.ports.following import PullRequestRecords
from ompycord.domain.repository import RepositorySpec
from ompycord.render.phrases import and_list, count, duration

__all__ = ["ReviewRoom"]

_AGAIN_S: Final = 60.0
"""Seconds after which a run that waits looks again, should it have missed a change."""
_MINUTE_MS: Final = 60_000
_DAY_MS: Final = 86_400_000


class ReviewRoom:
    """One for the process: a place that a run took counts as a pull request until that is on record."""

    def __init__(self, *, records: PullRequestRecords, clock: Clock) -> None:
        self._records = records
        self._clock = clock
        self._taken: defaultdict[str, set[str]] = defaultdict(set)
        """First runs of chains that are about to open theirs, by repository."""
        self._changed = asyncio.Event()

    def changed(self) -> None:
        """Something was read, merged or closed: who waits looks again."""
        self._changed.set()
        self._changed = asyncio.Event()

    async def take(self, spec: RepositorySpec, chain: str) -> str | None:
        """Take a place for what a chain of runs proposes; where none is free, what waits, in words.

        A chain whose pull request is open already needs none. Raises StorageError.
        """
        return await self._inspect(spec, chain, takes=True)

    async def why_full(self, spec: RepositorySpec, chain: str) -> str | None:
        """The same for one that waits for a person's word alone: it takes no place. Raises StorageError."""
        return await self._inspect(spec, chain, takes=False)

    async def _inspect(self, spec: RepositorySpec, chain: str, *, takes: bool) -> str | None:
        most = spec.publish.most_unread
        if most is None:
            return None
        # in this order: what moves on meanwhile, from a place to the log to a record, is seen at one of them
        before = set(self._taken[spec.name])
        opened, _ = await self._records.opened_since_last()
        records = [one for one in await self._records.pull_requests() if one.repository == spec.name]
        numbers = {one.number for one in records}
        fresh = [one for one in opened if one.repository == spec.name and one.number not in numbers]
        if chain in {*(one.chain for one in records if one.is_open), *(one.chain for one in fresh)}:
            return None
        since = {one.chain: one.opened_at for one in records if one.is_open and not one.readers}
        now = self._clock.now_ms()
        since |= {one.chain: now for one in fresh}
        # from here on nothing is awaited: of two runs that come at once one is the second
        places = (before | self._taken[spec.name]) - {chain}
        since |= {one: now for one in places if one not in since}
        if len(since) < most or chain in self._taken[spec.name]:
            if takes:
                self._taken[spec.name].add(chain)
            return None
        return _words(spec, len(since), min((at for at in since.values() if at), default=now), now)

    def release(self, spec: RepositorySpec, chain: str) -> None:
        """The pull request is on record, or is not opened."""
        if chain in self._taken[spec.name]:
            self._taken[spec.name].discard(chain)
            self.changed()

    async def wait(self, spec: RepositorySpec, chain: str) -> None:
        """Wait until a place is free, and take it. Raises StorageError."""
        while True:
            changed = self._changed
            if await self.take(spec, chain) is None:
                return
            try:
                async with asyncio.timeout(_AGAIN_S):
                    await changed.wait()
            except TimeoutError:
                continue


def _words(spec: RepositorySpec, number: int, oldest: Millis, now: Millis) -> str:
    who = and_list([*spec.publish.reviewers]) or "a reader"
    verb = "waits" if number == 1 else "wait"
    age = now - oldest
    words = count(age // _DAY_MS, "day") if age >= _DAY_MS else duration(age)
    oldest_words = f", the oldest for {words}" if age >= _MINUTE_MS else ""
    return f"{count(number, 'pull request')} of {spec.name} {verb} for {who}{oldest_words}"
