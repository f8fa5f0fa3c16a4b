"""Whether results can be proposed on a forge with the credential that is there, and what to do; asked and judged."""

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import Final, Literal, NamedTuple

from ompycord.domain.base import Millis
from ompycord.domain.configuration.forge_options import ForgeSpec
from ompycord.domain.ports import ForgeAccess, ForgePort
from ompycord.errors import ForgeFailed
from ompycord.render.phrases import and_list, count

__all__ = ["AccessVerdict", "OpenForge", "inspect_access", "judged"]

OpenForge = Callable[[ForgeSpec], AbstractAsyncContextManager[ForgePort]]
_DAY_MS: Final = 24 * 3600 * 1000
_ANY: Final = "any-task-7f3k2m"
"""The end of a name as our branches have it."""
SOON_MS: Final = 7 * _DAY_MS
"""So long before its end a token is warned about."""


class AccessVerdict(NamedTuple):
    """What was found."""

    status: Literal["ok", "warn", "fail"]
    text: str
    fix: str = ""


async def inspect_access(
    open_forge: OpenForge, spec: ForgeSpec, *, now: Millis, branch_prefix: str = "", credential: Path | None = None
) -> AccessVerdict:
    """Ask the forge for the repository and the rules of our branches there, and judge what it answers.

    `credential`: the file of its token or key, which is named where that is what is wrong.
    """
    try:
        async with open_forge(spec) as forge:
            access = await forge.examine(branch=f"{branch_prefix}{_ANY}" if branch_prefix else "")
    except ForgeFailed as error:
        text, _, fix = str(error).partition(". ")
        is_down = error.fault in {"unreachable", "unavailable", "limited", "paused"}
        file = f": {credential}" if credential is not None and error.fault in {"token", "key"} else ""
        return AccessVerdict("warn" if is_down else "fail", f"{text.removesuffix('.')}{file}.", fix)
    return judged(spec, access, now=now)


def judged(spec: ForgeSpec, access: ForgeAccess, *, now: Millis) -> AccessVerdict:
    """The first thing that is wrong."""
    where = f"{spec.repository} as {access.login}"
    if access.is_archived:
        return AccessVerdict("fail", f"{where}: it is archived.", "Unarchive it, or take forge out of the repository.")
    if not access.may_push:
        return AccessVerdict("fail", f"{where}: the token may not push.", f"Give it {spec.rights.to_give}.")
    if access.wants_signatures:
        text = f"{where}: a rule lets only commits with a verified signature onto our branches, and ours have none."
        return AccessVerdict("fail", text, "Leave the branches of branch_prefix out of that rule.")
    if access.missing:
        named = and_list([*access.missing])
        return AccessVerdict("warn", f"{where}: the token lacks {named}.", f"Give it {spec.rights.to_give}.")
    if access.repository.lower() != spec.repository.lower():
        return AccessVerdict("warn", f"{where}: it is {access.repository} now.", "Set forge.repository to that.")
    if access.expires_at is not None and access.expires_at - now < SOON_MS:
        days = max(0, (access.expires_at - now) // _DAY_MS)
        text = f"{where}: the token expires in {count(days, 'day')}."
        return AccessVerdict("warn", text, "Make a new one, and put it into the file of forge.token_file.")
    return AccessVerdict("ok", f"{where}, the token may push. It needs {spec.rights.least}")
