"""Whether a result may be published now: by a person's word, and by how much waits unread for the reviewers.

Where `publish.approve` is *always*, a person allows each publication before anything leaves this machine. Where
`publish.most_unread` are open, a run waits until somebody has read one, or a person allows it all the same. Both are a
request of ours among those of agents: same message, same reminders, and the run gives its slot back. What is allowed is
this very commit for this very branch there; a crash or a restart asks no second time.
"""

import asyncio
import hashlib
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Final

from ompycord.conductor.pull_requests.review_room import ReviewRoom
from ompycord.domain.effects import StepOrder
from ompycord.domain.events import ApprovalDenied, ApprovalGranted, ApprovalRequested, ApprovalWithdrawn
from ompycord.domain.folds.shown_requests import PUBLICATION, Approval
from ompycord.domain.ids import RunId
from ompycord.domain.repository import RepositorySpec
from ompycord.engines.context import StepContext
from ompycord.engines.publication.proposal import PublishedResult

__all__ = ["place_given_back", "why_not_permitted"]

_TITLE: Final = 200
_LINE: Final = 500
_READ: Final = "There is room now: somebody read one, or it was merged or closed."


async def why_not_permitted(
    order: StepOrder, repository: RepositorySpec, result: PublishedResult, context: StepContext
) -> str | None:
    """Who denied it, as a sentence; None where it may be published. Waits until a person has decided, or read.

    A place that was taken is given back by `place_given_back`.
    """
    forge, proposals = repository.forge, context.proposals
    needs_word = repository.publish.approve == "always"
    if forge is None or proposals is None or not (needs_word or repository.publish.most_unread):
        return None
    if not await proposals.is_proposed(order.run, repository):
        return None
    head = result.head or result.branch
    subject = f"publish\n{forge.git_address}\n{head}\n{result.commit}"
    call = hashlib.sha256(subject.encode()).hexdigest()
    known = await _known(order, call, context)
    if any(one.status == "granted" for one in known):
        return None
    room, chain, full = await _room(order, repository, context)
    if full is None and not needs_word:
        still = [ApprovalWithdrawn(approval=one.ref, reason=_READ) for one in known if one.status == "open"]
        await context.record(order.run, *still)
        return None
    other = head.removeprefix(result.branch).replace("-", ".")  # asked once more where it goes elsewhere by now
    name = f"{PUBLICATION}{order.effect.iteration}{other}"
    waiting = next((one.ref for one in known if one.status == "open" or (needs_word and _is_word(one, name))), None)
    denied = next((one for one in known if one.status == "denied" and _is_of(one.ref, name)), None)
    if waiting is None and denied is not None:
        return _denial(denied.by or "", denied.reason)
    if waiting is None:
        waiting = name if not known else f"{name}-{len(known)}"
        title = f"Publish {head} to {forge.repository}"
        title = (title if full is None else f"{title}: {full}")[:_TITLE]
        command = f"git push {forge.git_address} {result.commit[:12]}:refs/heads/{head}, then a pull request"
        request = ApprovalRequested(
            approval=waiting,
            title=title,
            command=command,
            risk_class="publish",
            because=_because(full, needs_word=needs_word),
            only_once=True,
            call=call,
        )
        await context.record(order.run, request)
    if needs_word or room is None or chain is None:
        decided = await context.inboxes.decision(order.run, waiting)
    else:
        decided = await _decided_or_free(order, repository, room, chain, waiting, context)
    return _denial(decided.by, decided.reason) if isinstance(decided, ApprovalDenied) else None


@asynccontextmanager
async def place_given_back(order: StepOrder, repository: RepositorySpec, context: StepContext) -> AsyncGenerator[None]:
    """At its end the pull request is on record, or is not opened: another run may have the place that was taken within.

    Whose place it is, is read before one is taken, so nothing can fail where it is given back. Raises StorageError.
    """
    room, chain = context.review_room, None
    if room is not None and context.proposals is not None and repository.publish.most_unread is not None:
        chain = await context.proposals.chain_of(order.run)
    try:
        yield
    finally:
        if room is not None and chain is not None:
            room.release(repository, chain)


async def _room(
    order: StepOrder, repository: RepositorySpec, context: StepContext
) -> tuple[ReviewRoom | None, RunId | None, str | None]:
    """Where it may wait, as which chain, and what waits unread; a run that has ended is published as a person said."""
    room, proposals = context.review_room, context.proposals
    snapshot = await context.snapshot(order.run)
    if room is None or proposals is None or (snapshot is not None and snapshot.is_final):
        return None, None, None
    chain = await proposals.chain_of(order.run)
    if chain is None:
        return room, None, None
    inspect = room.why_full if repository.publish.approve == "always" else room.take
    return room, chain, await inspect(repository, chain)


async def _decided_or_free(
    order: StepOrder, repository: RepositorySpec, room: ReviewRoom, chain: RunId, waiting: str, context: StepContext
) -> ApprovalGranted | ApprovalDenied | None:
    """What a person decides; None once there is room, which takes the request back."""

    async def withdraw() -> None:
        await room.wait(repository, chain)
        await context.record(order.run, ApprovalWithdrawn(approval=waiting, reason=_READ))

    try:
        async with asyncio.TaskGroup() as group:
            watch = group.create_task(withdraw())
            decided = await context.inboxes.decision(order.run, waiting, or_withdrawn=True)
            watch.cancel()
    except ExceptionGroup as failed:
        raise failed.exceptions[0] from None  # a store that fails has the step done again
    return decided


def _is_word(request: Approval, name: str) -> bool:
    """Whether a person's word is on record or may be found void; none comes to what there was room for."""
    return request.ref == name and request.reason != _READ


def _is_of(ref: str, name: str) -> bool:
    return ref == name or ref.startswith(f"{name}-")


def _because(full: str | None, *, needs_word: bool) -> str:
    if full is None:
        return "others see it"
    then = "read one first, or allow it now" if needs_word else "read one and this goes on, or allow it now"
    return f"{full}: {then}"[:_LINE]


def _denial(by: str, reason: str | None) -> str:
    return f"{by} did not allow it{f': {reason}' if reason else ''}."


async def _known(order: StepOrder, call: str, context: StepContext) -> list[Approval]:
    """What was asked of this publication so far. No agent can ask in its name: `call` is ours alone to fill in."""
    snapshot = await context.snapshot(order.run)
    return [one for one in snapshot.approvals if one.call == call] if snapshot is not None else []
