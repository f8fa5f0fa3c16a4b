"""A plan's buttons and forms: *Approve*, *Change…*, *Reject…*; decided once, by the first person.

Counterparts: `render/reports/plan.py`, which draws them, and `conductor/planning/`. A button contains the beginning of
the plan's hash, so it decides nothing about another plan.
"""

from functools import partial
from typing import Literal

import discord
from discord import ui

from ompycord.bot.access import Interaction
from ompycord.bot.context import BotContext
from ompycord.bot.custom_ids import ComponentId
from ompycord.bot.feature import Feature
from ompycord.bot.interactions.decided_once import reply_to_decision, require_open
from ompycord.bot.interactions.forms import read_form
from ompycord.bot.interactions.replies import defer, give_back, show_form
from ompycord.conductor import LoadedRun
from ompycord.conductor.planning import MOST_WORDS, Plans
from ompycord.domain.access import Person
from ompycord.errors import OmpycordError
from ompycord.render.reports.plan import PLAN_APPROVE, PLAN_CHANGE, PLAN_REJECT

__all__ = ["plans_feature"]

_Kind = Literal["change", "reject"]
_REASON = 400


def plans_feature(context: BotContext) -> Feature:
    """The three buttons, and the forms of two of them."""
    plans = _PlanButtons(context)
    return Feature(
        components={
            PLAN_APPROVE: plans.approve,
            PLAN_CHANGE: partial(plans.open_form, "change"),
            PLAN_REJECT: partial(plans.open_form, "reject"),
        },
        forms={"planchf": partial(plans.submitted, "change"), "plannof": partial(plans.submitted, "reject")},
    )


class _PlanButtons:
    """Handlers whose nonce is the beginning of the plan's hash."""

    def __init__(self, context: BotContext) -> None:
        self._context = context

    async def approve(self, interaction: Interaction, person: Person, component: ComponentId) -> None:
        await defer(interaction)
        loaded = await self._load(interaction, component)
        committed = await self._context.plans.approve(loaded, person, plan=component.nonce)
        await reply_to_decision(self._context, interaction, committed, "Approved. The agent starts with this plan.")

    async def open_form(self, kind: _Kind, interaction: Interaction, person: Person, component: ComponentId) -> None:
        loaded = await self._load(interaction, component)
        found = Plans.open_plan(loaded, component.nonce)
        await require_open(self._context, person, loaded, "approve", "plan", found.ref)
        name = "planchf" if kind == "change" else "plannof"
        custom_id = self._context.signer.sign(name, component.ref, component.nonce)
        await show_form(interaction, _form(kind, custom_id))

    async def submitted(self, kind: _Kind, interaction: Interaction, person: Person, component: ComponentId) -> None:
        words = read_form(interaction).text("words").strip()
        await defer(interaction)
        try:
            loaded = await self._load(interaction, component)
            if kind == "change":
                committed = await self._context.plans.change(loaded, words, person, plan=component.nonce)
            else:
                committed = await self._context.plans.reject(loaded, person, reason=words, plan=component.nonce)
        except OmpycordError as error:
            await give_back(interaction, error, words)
            return
        done = "Sent back. The next plan is posted here." if kind == "change" else "Rejected. The run is cancelled."
        await reply_to_decision(self._context, interaction, committed, done)

    async def _load(self, interaction: Interaction, component: ComponentId) -> LoadedRun:
        return await self._context.snapshots.load(await self._context.visible(interaction, component.ref))


def _form(kind: _Kind, custom_id: str) -> ui.Modal:
    is_change = kind == "change"
    modal = ui.Modal(title="Change the plan" if is_change else "Reject the plan", custom_id=custom_id, timeout=None)
    field = ui.TextInput[ui.Modal](
        custom_id="words",
        style=discord.TextStyle.paragraph,
        max_length=MOST_WORDS if is_change else _REASON,
        required=is_change,
    )
    about = "The planner gets this and makes another plan." if is_change else "The run is cancelled."
    text = "What should be different?" if is_change else "Reason (optional)"
    modal.add_item(ui.Label(text=text, description=about, component=field))
    modal.stop()
    return modal
