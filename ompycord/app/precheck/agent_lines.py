"""Lines about the agent: its program, what it is granted, the secrets of the repository, how long they are valid."""

import base64
import binascii
import shutil
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Final

from pydantic import BaseModel, Field

from ompycord.app.precheck.lines import failing, fine, warning
from ompycord.domain.base import Millis
from ompycord.domain.events import PrecheckLine
from ompycord.domain.repository import AgentSpec, RepositorySpec
from ompycord.llm import MISSING, is_installed
from ompycord.render.phrases import and_list

__all__ = ["agent_line", "credential_lines", "expires_at"]

_SOON_MS: Final = 3_600_000
_PARTS: Final = 3
"""Of a JSON web token (RFC 7519)."""


class _Claims(BaseModel):
    """Of a token, what is read of it."""

    exp: Annotated[int, Field(gt=0, lt=10**11)]


def agent_line(agent: AgentSpec, path: str) -> PrecheckLine:
    """Whether its program is there. A kind without a command brings its own, or says at its start what it lacks."""
    if agent.asks_models and not is_installed():
        return failing("agent", f"{agent.name}: {MISSING.partition('. ')[0]}.", MISSING.partition(". ")[2])
    program = agent.command[0] if agent.command else ""
    is_in_clone = "/" in program and not Path(program).is_absolute()
    if not program or program == "{python}" or is_in_clone or shutil.which(program, path=path) is not None:
        return fine("agent", f"{agent.name}: {Path(program).name or agent.kind}")
    text = f"{Path(program).name}, the program of {agent.name}, is not there."
    return failing("agent", text, f"Install it, or correct agents.{agent.name}.command.")


def credential_lines(
    repository: RepositorySpec, agents: Sequence[AgentSpec], environ: Mapping[str, str], now: Millis
) -> Iterator[PrecheckLine]:
    """Secrets that are granted and not set, or that say themselves that they are over."""
    found: list[PrecheckLine] = []
    for name, users in repository.secrets.items():
        if not environ.get(name):
            text = f"{name}, which {and_list(list(users))} should get, is not set."
            fix = f"Set it in the bot's environment, or take it out of repositories.{repository.name}.secrets."
            found.append(failing("credentials", text, fix))
    for one in repository.attached_secrets:
        programs = [user for user in one.to if user != "agent"]  # an agent can ask people for it
        if programs and not environ.get(one.secret):
            text = f"{one.secret}, with which {and_list(programs)} should ask {one.host}, is not set."
            fix = f"Set it in the bot's environment, or correct repositories.{repository.name}.attached_secrets."
            found.append(failing("credentials", text, fix))
    attached = (one.secret for one in repository.attached_secrets)
    names = (*repository.secrets, *attached, *(name for agent in agents for name in agent.grants.variables))
    valid = (_validity(name, environ.get(name, ""), now) for name in dict.fromkeys(names))
    found += [line for line in valid if line is not None]
    for agent in agents:
        for file in agent.grants.files:
            if not file.exists():
                text = f"{file}, which {agent.name} is granted, is not there."
                found.append(warning("credentials", text, "Log in again, or take it out of its grants."))
    yield from found or (fine("credentials", "all that is granted is there"),)


def _validity(name: str, value: str, now: Millis) -> PrecheckLine | None:
    until = expires_at(value)
    if until is None or until > now + _SOON_MS:
        return None
    when = datetime.fromtimestamp(until / 1000, UTC).strftime("%Y-%m-%d %H:%M UTC")
    if until <= now:
        return failing("credentials", f"{name} expired at {when}.", "Renew it in the bot's environment.")
    return warning("credentials", f"{name} expires at {when}.", "Renew it in the bot's environment.")


def expires_at(value: str) -> Millis | None:
    """When a JSON web token expires by its own word; None for all that is none, or says nothing. Not verified."""
    parts = value.strip().split(".")
    if len(parts) != _PARTS or not all(parts):
        return None
    try:
        raw = base64.urlsafe_b64decode(parts[1] + "=" * (-len(parts[1]) % 4))
        return _Claims.model_validate_json(raw).exp * 1000
    except (ValueError, binascii.Error):
        return None
