"""Who has which role in one place and what each role may do, as rows for the command line and as text for Discord."""

from collections.abc import Iterable, Sequence
from typing import Final, NamedTuple

from ompycord.domain.access import ACTIONS, Access, Role
from ompycord.domain.roles.grants import RoleGrant
from ompycord.render.phrases import stamp
from ompycord.render.sanitizer import Sanitizer
from ompycord.text import cut
from ompycord.text.limits import MESSAGE_CONTENT

__all__ = ["RoleRow", "action_rows", "given_words", "role_rows", "who_text"]

_NAME: Final = 60
_MOST: Final = 25
_WHAT: Final[dict[str, str]] = {
    "use": "use the bot",
    "new": "start runs",
    "status": "see runs",
    "details": "see all of a run",
    "say": "send messages to agents",
    "retry": "run a task again",
    "stop": "stop a run",
    "resume": "resume a run",
    "cancel": "cancel a run",
    "raise": "raise a run's limit",
    "answer": "answer questions of agents",
    "approve": "decide for agents, as far as the class allows",
    "remember": "save what was decided",
    "forget": "drop what is remembered",
    "publish": "publish results",
    "admin": "change roles, pause, stop all, read the record",
}


class RoleRow(NamedTuple):
    """One line: a person or a role of Discord, and what they are there."""

    role: str
    kind: str
    """`user` or `role`."""
    id: str
    grant: RoleGrant | None
    """Who gave it at run time; None: the settings."""

    @property
    def mention(self) -> str:
        """As Discord shows it, without notifying anybody."""
        return f"<@{self.id}>" if self.kind == "user" else f"<@&{self.id}>"


def role_rows(access: Access, grants: Sequence[RoleGrant]) -> list[RoleRow]:
    """Everybody who is named with a role in a place, the highest role first. `access`: that of the place alone."""
    found: list[RoleRow] = []
    for role in sorted(Role, reverse=True):
        for kind in ("user", "role"):
            names = getattr(access, f"{kind}s")
            ids = getattr(names, role.word, ())
            found.extend(RoleRow(role.word, kind, one, _grant(grants, kind, one, role.word)) for one in ids)
    return found


def _grant(grants: Iterable[RoleGrant], kind: str, subject: str, role: str) -> RoleGrant | None:
    """The one by which it is so."""
    found = [one for one in grants if (one.kind, one.subject, one.role) == (kind, subject, role)]
    return found[-1] if found else None


def action_rows() -> list[tuple[str, str]]:
    """What can be done, and who may: the least role, and what the requester of the run needs."""
    rows: list[tuple[str, str]] = []
    for name, rule in ACTIONS.items():
        own = "" if rule.own is None else f"; its requester as {rule.own.word}"
        rows.append((_WHAT[name], f"{rule.least.word}{own}"))
    return rows


def given_words(grant: RoleGrant, sanitizer: Sanitizer) -> str:
    """`given by Ada, 3 March 2027`."""
    return f"given by {sanitizer.line(grant.by_name, _NAME)}, {stamp(grant.at, 'f')}"


def who_text(place: str, rows: Sequence[RoleRow], most: str | None, sanitizer: Sanitizer) -> str:
    """Who has which role there, for Discord; at most as long as a message."""
    lines = [f"**Roles in {place}**"]
    for row in rows[:_MOST]:
        source = "" if row.grant is None else f" · {given_words(row.grant, sanitizer)}"
        lines.append(f"*{row.role}* {row.mention}{source}")
    if len(rows) > _MOST:
        lines.append(f"… and {len(rows) - _MOST} more: `ompycord policy show` lists all.")
    if not rows:
        lines.append("Nobody has a role here. An admin gives one: `/omp-admin role`.")
    if most is not None:
        lines.append(f"Everybody else has at most *{most}* here.")
    return cut("\n".join(lines), MESSAGE_CONTENT)
