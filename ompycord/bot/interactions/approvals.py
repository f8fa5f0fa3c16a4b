"""Approvals, granted or denied by button and form; decided once, by the first person. Counterpart of `render.question`.

A button contains the hash of what its message shows, so it does not permit what an agent later asks for under the same
name.
"""

from functools import partial
from typing import Literal

import discord
from discord import ui

from ompycord.bot.access import Interaction
from ompycord.bot.context import BotContext
from ompycord.bot.custom_ids import ComponentId
from ompycord.bot.feature import Feature
from ompycord.bot.interactions.decided_once import reply_to_decision, require_open, what_next
from ompycord.bot.interactions.forms import DESCRIPTION, read_form
from ompycord.bot.interactions.replies import defer, give_back, show_form
from ompycord.conductor import LoadedRun
from ompycord.domain.access import Person
from ompycord.domain.folds.snapshot import Approval
from ompycord.errors import OmpycordError, RefusedInWords
from ompycord.render.marker import approval_hash
from ompycord.render.phrases import and_list
from ompycord.render.sanitizer import Sanitizer

__all__ = ["approvals_feature"]

Scope = Literal["once", "run", "day"]
_REASON_LIMIT = 400
_FILES = 600


def approvals_feature(context: BotContext) -> Feature:
    """*Allow once*, *Allow for this run*, *Allow here for a day*, *Deny…* and its form."""
    approvals = _Approvals(context)
    return Feature(
        components={
            "allow": partial(approvals.allow, "once"),
            "allowrun": partial(approvals.allow, "run"),
            "allowday": partial(approvals.allow, "day"),
            "deny": approvals.open_form,
        },
        forms={"denyform": approvals.submitted},
    )


class _Approvals:
    """Handlers whose nonce is the approval's hash."""

    def __init__(self, context: BotContext) -> None:
        self._context = context

    async def allow(self, scope: Scope, interaction: Interaction, person: Person, component: ComponentId) -> None:
        await defer(interaction)
        loaded, approval = await self._load_approval(interaction, component)
        approved = await self._context.approvals.approve(loaded, approval.ref, person, scope=scope)
        next_ = what_next(loaded)
        words = _allowed(approval, scope, self._context.sanitizer, is_paused=bool(next_)) + next_
        if approved.waits_for is not None:
            words = f"Your approval counts. It needs {approved.waits_for}."
        await reply_to_decision(self._context, interaction, approved, words)

    async def open_form(self, interaction: Interaction, person: Person, component: ComponentId) -> None:
        loaded, approval = await self._load_approval(interaction, component)
        await require_open(self._context, person, loaded, "approve", "approval", approval.ref)
        custom_id = self._context.signer.sign("denyform", component.ref, component.nonce)
        form = _why_not_form(approval, custom_id=custom_id, sanitizer=self._context.sanitizer)
        await show_form(interaction, form)

    async def submitted(self, interaction: Interaction, person: Person, component: ComponentId) -> None:
        reason = " ".join(read_form(interaction).text("reason").split())
        await defer(interaction)
        try:
            loaded, approval = await self._load_approval(interaction, component)
            committed = await self._context.approvals.deny(loaded, approval.ref, person, reason=reason)
        except OmpycordError as error:
            await give_back(interaction, error, reason)
            return
        next_ = what_next(loaded)
        words = f"Denied.{next_}" if next_ else "Denied. The agent reads the reason and continues without it."
        await reply_to_decision(self._context, interaction, committed, words)

    async def _load_approval(self, interaction: Interaction, component: ComponentId) -> tuple[LoadedRun, Approval]:
        loaded = await self._context.snapshots.load(await self._context.visible(interaction, component.ref))
        known = loaded.snapshot.approvals if loaded.snapshot else ()
        found = [approval for approval in known if approval_hash(approval) == component.nonce]
        if len(found) == 1:  # a hash is short: two requests that share it could be mistaken for each other
            return loaded, found[0]
        raise RefusedInWords("That request is closed. Nothing was decided; look at the one that is open now.")


def _allowed(approval: Approval, scope: Scope, sanitizer: Sanitizer, *, is_paused: bool) -> str:
    """What was allowed."""
    if scope == "once":
        return "Allowed once." if is_paused else "Allowed once. The agent is continuing."
    if scope == "day":
        return (
            "Allowed here for a day: no run in this repository and channel will have to ask for exactly this again. "
            "`/omp-admin permissions` lists it and ends it."
        )
    if approval.edits:
        files = and_list([f"`{sanitizer.code(path, _FILES)}`" for path in approval.edits], most=len(approval.edits))
        return f"Allowed for this run: the agent will not have to ask again before it edits {files} with the same tool."
    return "Allowed for this run: the agent will not have to ask for exactly this again."


def _why_not_form(approval: Approval, *, custom_id: str, sanitizer: Sanitizer) -> ui.Modal:
    """The form for a denial with its reason."""
    modal = ui.Modal(title="Deny", custom_id=custom_id, timeout=None)
    field = ui.TextInput[ui.Modal](
        custom_id="reason", style=discord.TextStyle.paragraph, max_length=_REASON_LIMIT, required=False
    )
    text = sanitizer.label(approval.title, DESCRIPTION)
    modal.add_item(ui.Label(text="Reason (shown to the agent)", description=text or None, component=field))
    modal.stop()
    return modal
