"""*Raise the limit*: the card's button, its form, and what becomes of it; counterpart of `conductor.Budgets`."""

from discord import ui

from ompycord.bot.access import Interaction
from ompycord.bot.context import BotContext
from ompycord.bot.custom_ids import ComponentId
from ompycord.bot.feature import Feature
from ompycord.bot.interactions.forms import DESCRIPTION, read_form
from ompycord.bot.interactions.replies import defer, send_privately, show_form
from ompycord.domain.access import Person
from ompycord.domain.ids import RunId, short_id
from ompycord.domain.run import RunRecord
from ompycord.domain.task import LEAST_BUDGET_USD, MOST_BUDGET_USD
from ompycord.errors import RefusedInWords
from ompycord.render.cards.actions import RAISE
from ompycord.render.phrases import money

__all__ = ["dollars", "raise_limit_feature"]

_DIGITS = 12


def raise_limit_feature(context: BotContext) -> Feature:
    """The button and the form."""
    limit = _RaiseLimit(context)
    return Feature(actions={RAISE: limit.pressed}, forms={"raiseto": limit.submitted})


class _RaiseLimit:
    def __init__(self, context: BotContext) -> None:
        self._context = context

    async def pressed(self, interaction: Interaction, person: Person, record: RunRecord) -> None:
        self._context.require(person, RAISE.right, record)
        snapshot = await self._context.snapshots.of(RunId(record.id))
        spent = (snapshot.usage.cost_usd if snapshot else None) or 0.0
        limit = (snapshot.budget_usd if snapshot else None) or 0.0
        form = ui.Modal(
            title="Raise the limit", custom_id=self._context.signer.sign("raiseto", record.id), timeout=None
        )
        field = ui.TextInput[ui.Modal](custom_id="usd", default=f"{max(limit, spent) * 2:.2f}", max_length=_DIGITS)
        so_far = f"{money(spent)} is spent of {money(limit)}. The new limit counts from the beginning."
        form.add_item(ui.Label(text="New limit in US dollars", description=so_far[:DESCRIPTION], component=field))
        form.stop()
        await show_form(interaction, form)

    async def submitted(self, interaction: Interaction, person: Person, component: ComponentId) -> None:
        await defer(interaction)
        record = await self._context.visible(interaction, component.ref)
        usd = dollars(read_form(interaction).text("usd"))
        loaded = await self._context.snapshots.load(record)
        committed = await self._context.budgets.raise_budget(loaded, usd, person)
        if committed.earlier is not None:
            by = self._context.sanitizer.line(committed.earlier.by_name, 60)
            raise RefusedInWords(f"{by} raised it a moment ago, to {committed.earlier.action}. Look at the card first.")
        await send_privately(interaction, f"Run `{short_id(record.id)}` may cost {money(usd)} now, all in all.")


def dollars(typed: str) -> float:
    """An amount as people type it: `3`, `$3.50`, `3,50`. Raises Refused."""
    text = typed.strip().removeprefix("$").removesuffix("$").strip()
    if text.count(",") == 1 and "." not in text:
        text = text.replace(",", ".")
    whole, _, cents = text.partition(".")
    is_amount = (whole + cents).isascii() and (whole + cents).isdigit()
    value = float(text) if is_amount and text != "." else 0.0
    if not 0.0 < value <= MOST_BUDGET_USD:
        limits = f"${LEAST_BUDGET_USD} and ${MOST_BUDGET_USD:,}"
        raise RefusedInWords(f"That is no amount between {limits}. Nothing was changed.")
    return value
