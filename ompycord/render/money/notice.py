"""The notice in a run's thread that much of a shared limit is used. It mentions no one."""

from typing import Final, NamedTuple

from ompycord.domain.budgets.accounts import AccountScope, SpendingAccount
from ompycord.domain.budgets.periods import Period
from ompycord.domain.folds.snapshot import StatusSnapshot
from ompycord.domain.records import OutboxKind
from ompycord.domain.refs import Ref, RefKind
from ompycord.render.cards.cardview import Colour
from ompycord.render.cards.view import footer_of
from ompycord.render.marker import question_tag
from ompycord.render.message import RenderedMessage, Sign, message
from ompycord.render.money.budgets import EACH, RAISES, amounts_of
from ompycord.render.phrases import stamp
from ompycord.render.render_context import RenderContext
from ompycord.render.sanitizer import Redact, Sanitizer

__all__ = ["budget_message", "budget_ref"]

_PARTS: Final = 6


class _Warned(NamedTuple):
    """What a ref says: the message shows how it was when it was sent, whatever has been used since."""

    scope: AccountScope
    period: Period
    percent: int
    used: str
    limit: str
    end: int


def budget_ref(account: SpendingAccount) -> Ref | None:
    """What names the notice about an account, as it is used now; None of a run's own."""
    shared = account.shared
    if shared is None:
        return None
    used, limit = amounts_of(account)
    parts = (shared.key.scope, shared.period, str(account.used_percent()), used, limit, str(shared.span.end))
    return Ref(RefKind.BUDGET, "|".join(parts))


def budget_message(
    snapshot: StatusSnapshot, render_context: RenderContext, ref: str, *, sign: Sign, redact: Redact
) -> RenderedMessage | None:
    """How much is used of which limit, when it begins again, who may raise it; None for a ref of no such form."""
    warned = _read(Ref.parse(ref).name)
    if warned is None:
        return None
    sanitizer = Sanitizer(redact)
    whose = {
        AccountScope.PERSON: f"{sanitizer.line(snapshot.origin.requester_name or 'The requester', 60)} has used",
        AccountScope.REPOSITORY: f"Runs in {sanitizer.line(snapshot.repository or 'this repository', 60)} have used",
        AccountScope.SERVER: "The runs of this server have used",
    }[warned.scope]
    text = (
        f"{whose} {warned.used} of {warned.limit} {EACH[warned.period]} ({warned.percent} %). "
        f"It begins again {stamp(warned.end)}. {RAISES}"
    )
    footer = footer_of(snapshot, render_context, sanitizer, OutboxKind.NOTICE, question_tag(ref))
    embed: dict[str, object] = {"description": text, "color": Colour.YELLOW, "footer": {"text": footer}}
    return message(embeds=[embed], sign=sign)


def _read(name: str) -> _Warned | None:
    parts = name.split("|")
    if len(parts) != _PARTS:
        return None
    scope, period, percent, used, limit, end = parts
    try:
        return _Warned(AccountScope(scope), Period(period), int(percent), used, limit, int(end))
    except ValueError:
        return None
