"""The bot's entry point: runs one session after the other until closed, and knows whether Discord answers.

Counterpart: `app`, which makes one `Bot` and gives it the ports. discord.py is imported in this package alone.
"""

import asyncio
from collections.abc import Callable

from ompycord.bot.access import access_of
from ompycord.bot.custom_ids import Signer
from ompycord.bot.gateway.assembly import BotStores, SessionDependencies
from ompycord.bot.gateway.groups import expected_error, run_to_completion
from ompycord.bot.gateway.session import Session, Unreachable, Wedged
from ompycord.bot.lookups import Lookups
from ompycord.bot.options import BotOptions
from ompycord.bot.rest import SendFailed
from ompycord.conductor import (
    Approvals,
    Budgets,
    Bus,
    Checkpoints,
    Messages,
    OverlapDecisions,
    Plans,
    PullRequests,
    Runs,
    Snapshots,
    TypedAnswers,
)
from ompycord.domain.access import Person, Role
from ompycord.domain.catalog import Catalog
from ompycord.domain.policy import Circumstances, is_allowed
from ompycord.domain.ports import Clock, Ids, RefusalNotes
from ompycord.errors import GatewayFatal, UnavailableError
from ompycord.render.message import message
from ompycord.telemetry import get_logger

__all__ = ["Bot"]

FIRST_PAUSE_S = 1.0

log = get_logger(__name__)


class _Stopped(Exception):  # a signal between two tasks of this file
    """Raised when `close` was called."""


class Bot:
    """The bot. `run` is called once."""

    def __init__(
        self,
        *,
        token: str,
        options: BotOptions,
        catalog: Catalog,
        runs: Runs,
        messages: Messages,
        approvals: Approvals,
        plans: Plans,
        pull_requests: PullRequests,
        overlaps: OverlapDecisions,
        checkpoints: Checkpoints,
        typed_answers: TypedAnswers,
        budgets: Budgets,
        snapshots: Snapshots,
        stores: BotStores,
        bus: Bus,
        clock: Clock,
        ids: Ids,
        mac_key: bytes,
        redact: Callable[[str], str],
        lookups: Lookups,
        refusals: RefusalNotes,
    ) -> None:
        """`mac_key` signs component ids and must stay the same over restarts."""
        self._dependencies = SessionDependencies(
            token=token,
            options=options,
            catalog=catalog,
            runs=runs,
            messages=messages,
            approvals=approvals,
            plans=plans,
            pull_requests=pull_requests,
            overlaps=overlaps,
            checkpoints=checkpoints,
            typed_answers=typed_answers,
            budgets=budgets,
            snapshots=snapshots,
            stores=stores,
            bus=bus,
            clock=clock,
            ids=ids,
            signer=Signer(mac_key),
            redact=redact,
            lookups=lookups,
            refusals=refusals,
        )
        self._session: Session | None = None
        self._stop = asyncio.Event()
        self._ended = asyncio.Event()
        self._ended.set()

    async def run(self) -> None:
        """Run until cancelled or closed.

        Raises GatewayFatal; everything else is tried again, at most a minute apart.
        """
        self._ended.clear()
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(self._until_stopped())
                await self._sessions()
        except BaseExceptionGroup as group:
            error = expected_error(group, GatewayFatal, _Stopped)
            if not isinstance(error, _Stopped):
                raise (error or group) from None
        finally:
            self._session = None
            self._ended.set()

    async def _until_stopped(self) -> None:
        await self._stop.wait()
        raise _Stopped

    async def _sessions(self) -> None:
        pause = FIRST_PAUSE_S
        while True:
            self._session = Session(self._dependencies)
            try:
                await run_to_completion(self._session.run(), passes_on=True)
            except (Unreachable, Wedged) as error:
                was_connected = self._session.last_success_at is not None
                pause = FIRST_PAUSE_S if was_connected else min(pause * 2, self._dependencies.options.reconnect_cap_s)
                log.warning("discord.again", cause=str(error), pause_s=pause)
            await self._dependencies.clock.sleep(pause)

    async def close(self) -> None:
        """End `run` and wait for it.

        Requests in flight may finish within a time limit; pending deliveries stay in the outbox.
        """
        self._stop.set()
        await self._ended.wait()

    async def role_of(self, guild: str, person: str) -> Person | None:
        """Who that is in a server now, with what they may there. None where Discord cannot be asked now.

        Then lines about the person count alone, where these let them start runs: an outage takes nothing from anybody.
        """
        options, lookups = self._dependencies.options, self._dependencies.lookups
        without_role = Person(id=person, name=person, role=Role.NONE)
        if guild not in options.guilds or lookups.members is None:
            return without_role
        access = access_of(guild, options, lookups)
        try:
            found = await lookups.members.member(guild, person)
        except UnavailableError:
            named = access.person(person, person, (), guild=guild)
            return named if is_allowed(named, "new", context=Circumstances(anywhere=True)) else None
        return without_role if found is None else access.person(person, found.name, found.roles, guild=guild)

    async def post_notice(self, channel: str, text: str, *, nonce: str) -> None:
        """Post text of Ompycord's own; the nonce makes a repetition the same message. Raises SendFailed."""
        if self._session is None or not self._session.is_ready:
            raise SendFailed("Discord is not connected")
        notice = message(text, sign=self._dependencies.signer.button)
        await self._session.rest.send(channel, notice, nonce=nonce, silent=True)

    @property
    def is_ready(self) -> bool:
        """Whether it is connected, and a REST call succeeded lately."""
        return self._session is not None and self._session.is_ready

    @property
    def last_success_at(self) -> float | None:
        """The clock's monotonic seconds at the last successful REST call; None before the first of this session."""
        return self._session.last_success_at if self._session else None

    @property
    def latency(self) -> float | None:
        """Seconds between heartbeat and its answer; None while not connected."""
        return self._session.latency if self._session else None
