"""*Raise…* on the card of a run that a shared budget stopped: its form, and what becomes of it.

Counterparts: `raise_limit.py`, the run's own limit, and `budget.py`, all accounts by command.
"""

from decimal import Decimal

from discord import ui

from ompycord.bot.access import Interaction
from ompycord.bot.commands.admin.admins import require_admin
from ompycord.bot.commands.raise_limit import dollars
from ompycord.bot.context import BotContext
from ompycord.bot.custom_ids import ComponentId
from ompycord.bot.feature import Feature
from ompycord.bot.interactions.forms import DESCRIPTION, read_form
from ompycord.bot.interactions.replies import defer, give_back, send_privately, show_form
from ompycord.conductor.budgeting import BudgetBook
from ompycord.domain.access import Person
from ompycord.domain.budgets.accounts import SharedAccount, SpendingAccount
from ompycord.domain.run import RunRecord
from ompycord.errors import OmpycordError, RefusedInWords
from ompycord.render.cards.actions import RAISE_SHARED
from ompycord.render.money.budgets import account_lines, used_up_account

__all__ = ["raise_shared_feature"]

_FORM = "raiseamt"
_DIGITS = 15


def raise_shared_feature(context: BotContext) -> Feature:
    """The button and the form."""
    raising = _RaiseShared(context)
    return Feature(actions={RAISE_SHARED: raising.pressed}, forms={_FORM: raising.submitted})


class _RaiseShared:
    def __init__(self, context: BotContext) -> None:
        self._context = context

    async def pressed(self, interaction: Interaction, person: Person, record: RunRecord) -> None:
        """Ask how much the account that stopped this run may spend until its period ends."""
        require_admin(interaction, self._context)
        account, _ = await self._used_up(record)
        form = ui.Modal(title="Raise the limit", custom_id=self._context.signer.sign(_FORM, record.id), timeout=None)
        so_far = self._words(account, record)
        if account.usd is not None:
            wanted = f"{max(account.usd, account.spent_usd) * 2:.2f}"
            field = ui.TextInput[ui.Modal](custom_id="usd", default=wanted, max_length=_DIGITS)
            form.add_item(ui.Label(text="New limit in US dollars", description=so_far, component=field))
        if account.tokens is not None:
            wanted = str(max(account.tokens, account.spent_tokens) * 2)
            field = ui.TextInput[ui.Modal](custom_id="tokens", default=wanted, max_length=_DIGITS)
            form.add_item(ui.Label(text="New limit in tokens", description=so_far, component=field))
        form.stop()
        await show_form(interaction, form)

    async def submitted(self, interaction: Interaction, person: Person, component: ComponentId) -> None:
        """Raise it. The run goes on with *Resume*: several may wait for the same account."""
        await defer(interaction)
        form = read_form(interaction)
        typed = (form.text("usd"), form.text("tokens"))
        try:
            admin = require_admin(interaction, self._context)
            record = await self._context.visible(interaction, component.ref)
            account, shared = await self._used_up(record)
            usd = None if account.usd is None else Decimal(str(dollars(typed[0])))
            most = None if account.tokens is None else _tokens(typed[1])
            raised = await self._book().raise_limit(shared.key, shared.period, usd=usd, most_tokens=most, by=admin)
        except OmpycordError as error:
            await give_back(interaction, error, " ".join(filter(None, typed)))
            return
        lines = account_lines([raised], whose=self._whose(shared))
        await send_privately(interaction, "\n".join([*lines, "Runs that it stopped continue with *Resume*."]))

    async def _used_up(self, record: RunRecord) -> tuple[SpendingAccount, SharedAccount]:
        """The account that keeps this run from going on. Raises Refused where none does any more."""
        account = await self._book().used_up(record)
        if account is None or account.shared is None:
            raise RefusedInWords("No shared budget stops this run any more, so nothing was changed. Press *Resume*.")
        return account, account.shared

    def _words(self, account: SpendingAccount, record: RunRecord) -> str:
        return self._context.sanitizer.label(used_up_account(account, person="the requester"), DESCRIPTION)

    def _whose(self, shared: SharedAccount) -> str:
        match shared.key.scope.value:
            case "person":
                return f"<@{shared.key.name}>"
            case "repository":
                return self._context.sanitizer.line(shared.key.name, 60)
            case _:
                return "This server"

    def _book(self) -> BudgetBook:
        """Raises Refused where there is none."""
        if self._context.budgets.shared is None:
            raise RefusedInWords("This Ompycord hosts no runs, so there are no budgets.")
        return self._context.budgets.shared


def _tokens(typed: str) -> int:
    """A number of tokens as people type it: `2000000`, `2,000,000`. Raises Refused."""
    text = typed.strip().replace(",", "").replace(" ", "")
    if not (text.isascii() and text.isdigit() and int(text) > 0):
        raise RefusedInWords("That is no number of tokens. Nothing was changed.")
    return int(text)
