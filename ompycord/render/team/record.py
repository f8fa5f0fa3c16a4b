"""Rows of the audit for admins in Discord, and who may do what in a place; `who.py` has who has which role."""

import json
from collections.abc import Mapping, Sequence
from typing import Any, Final, cast

from ompycord.domain.auditing.chain import AuditRow
from ompycord.domain.auditing.refused import REFUSED
from ompycord.domain.base import Millis
from ompycord.domain.ids import short_id
from ompycord.render.phrases import stamp
from ompycord.render.sanitizer import Sanitizer
from ompycord.render.team.who import action_rows
from ompycord.text import cut
from ompycord.text.limits import MESSAGE_CONTENT

__all__ = ["ROWS_ON_A_PAGE", "policy_text", "record_text"]

ROWS_ON_A_PAGE: Final = 10
"""So many are below Discord's limit of a message, however long their texts are."""
_LINE: Final = 170
_NAME: Final = 40
_ULID: Final = 26
_DIGITS: Final = range(15, 21)


def record_text(
    rows: Sequence[AuditRow], about: str, sanitizer: Sanitizer, *, moved_until: Millis | None = None
) -> str:
    """A page of the record: number, when, who, what; the newest first. `about`: of what it is, in words.

    `moved_until`: on the last page, the time of the newest row that is in a file.
    """
    head = f"**Record** {about}, the newest first" if rows else f"The record has no row {about}."
    older = ""
    if moved_until is not None:
        how = "whoever runs Ompycord reads them with `ompycord audit export`"
        older = f"\nRows up to {stamp(moved_until, 'f')} are in files: {how}."
    return cut("\n".join([head, *(_line(row, sanitizer) for row in rows)]), MESSAGE_CONTENT - len(older)) + older


def _line(row: AuditRow, sanitizer: Sanitizer) -> str:
    detail = _detail(row)
    who = _who(row.text("actor"), detail, sanitizer)
    return f"`{row.n}` {stamp(row.at, 'f')} {who}: {sanitizer.line(_what(row, detail), _LINE - _NAME)}"


def _who(actor: str, detail: Mapping[str, str], sanitizer: Sanitizer) -> str:
    """A person as Discord shows them, who is notified of nothing; else the name of the program."""
    if actor.isdigit() and len(actor) in _DIGITS:
        return f"<@{actor}>"
    return sanitizer.line(actor or detail.get("by_name", "") or "Ompycord", _NAME)


def _what(row: AuditRow, detail: Mapping[str, str]) -> str:
    action, subject = row.text("action"), row.text("subject")
    if action == REFUSED:
        times = detail.get("count", "1")
        again = "" if times == "1" else f", {times} times more in that hour" if times.isdigit() else ""
        needs = f", needs {detail['needs']}" if detail.get("needs") else ""
        words = f"was refused {detail.get('what', 'something')} ({detail.get('code', '')}{needs}){again}"
    else:
        words = " ".join(part for part in (action, detail.get("action", "") or detail.get("role", "")) if part)
    about = short_id(subject) if len(subject) == _ULID else subject
    return f"{words} · {about}" if about else words


def _detail(row: AuditRow) -> dict[str, str]:
    try:
        found: Any = json.loads(row.detail)
    except ValueError:
        return {}
    named = cast("dict[str, Any]", found) if isinstance(found, dict) else {}
    return {name: str(value) for name, value in named.items()}


def policy_text(place: str, classes: Sequence[tuple[str, str]], own: Sequence[str], *, is_solo: bool) -> str:
    """Who may do what in a place: each action with the role that it needs, each risk class with who decides."""
    lines = [f"**Who may do what in {place}**", *(f"{what}: *{needs}*" for what, needs in action_rows())]
    lines += ["", "**Who decides on what agents ask**", *(f"{name}: *{who}*" for name, who in classes)]
    lines += ["One-person rule (`profile: solo`): one person decides on each class."] if is_solo else []
    lines += own
    return "\n".join([*lines, "", "`/omp-admin who` lists who has which role."])
