"""Where `publish.approve` is *always*, a person allows each publication before anything leaves this machine.

The request is one of ours among those of agents: same message, same reminders, and the run gives its slot back. What is
allowed is this very commit for this very place; a crash or a restart asks no second time.
"""

import hashlib
from typing import Final

from ompycord.domain.effects import StepOrder
from ompycord.domain.events import ApprovalDenied, ApprovalRequested
from ompycord.domain.folds.shown_requests import PUBLICATION, Approval
from ompycord.domain.repository import RepositorySpec
from ompycord.engines.context import StepContext
from ompycord.engines.publication.proposal import PublishedResult

__all__ = ["why_not_permitted"]

_TITLE: Final = 200


async def why_not_permitted(
    order: StepOrder, repository: RepositorySpec, result: PublishedResult, context: StepContext
) -> str | None:
    """Who denied it, as a sentence; None where it may be published. Waits until a person has decided."""
    forge, proposals = repository.forge, context.proposals
    if repository.publish.approve != "always" or forge is None or proposals is None:
        return None
    if not await proposals.is_proposed(order.run, repository):
        return None
    subject = f"publish\n{forge.git_address}\n{result.branch}\n{result.commit}"
    call = hashlib.sha256(subject.encode()).hexdigest()
    name = f"{PUBLICATION}{order.effect.iteration}"
    known = await _known(order, call, context)
    if any(one.status == "granted" for one in known):
        return None
    waiting = next((one.ref for one in known if one.status == "open" or one.ref == name), None)
    if waiting is None:
        title = f"Publish {result.branch} to {forge.repository}"[:_TITLE]
        command = f"git push {forge.git_address} {result.commit[:12]}:refs/heads/{result.branch}, then a pull request"
        request = ApprovalRequested(
            approval=name,
            title=title,
            command=command,
            risk_class="publish",
            because="others see it",
            only_once=True,
            call=call,
        )
        await context.record(order.run, request)
        waiting = name
    decided = await context.inboxes.decision(order.run, waiting)
    if not isinstance(decided, ApprovalDenied):
        return None
    return f"{decided.by} did not allow it{f': {decided.reason}' if decided.reason else ''}."


async def _known(order: StepOrder, call: str, context: StepContext) -> list[Approval]:
    """What was asked of this publication so far. No agent can ask in its name: `call` is ours alone to fill in."""
    snapshot = await context.snapshot(order.run)
    return [one for one in snapshot.approvals if one.call == call] if snapshot is not None else []
