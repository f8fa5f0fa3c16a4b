"""A session of the Agent Client Protocol: the options that we want and the offers of the agent; part of `acp.py`."""

from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from ompycord.dialects.frames import Frame, boolean, found, named, objects, one_line, ref, string
from ompycord.dialects.images import Image
from ompycord.dialects.strict_json import JsonValue
from ompycord.domain.events import Note, SessionOpened
from ompycord.domain.repository import MOST_MODELS

__all__ = ["Choice", "SessionOptions", "choices", "opened", "sign_in"]


@dataclass(frozen=True, kw_only=True, slots=True)
class SessionOptions:
    """What configuration and the run want of a session."""

    session: str | None = None
    """An earlier session to continue."""
    session_usd: float = 0.0
    """The cost of it that is already known."""
    mode: str | None = None
    model: str | None = None
    mcp_url: str | None = None
    """Our own tools, with the run's key."""
    mcp_key: str | None = None
    texts: Path | None = None
    """A folder with a CLAUDE.md that the agent should read."""
    images: tuple[Image, ...] = ()
    """The pictures of the first prompt."""

    @property
    def _has_tools(self) -> bool:
        return bool(self.mcp_url and self.mcp_key)

    def lacks_tools(self, able: Frame) -> bool:
        """Whether there are tools of ours that the agent cannot reach: it takes no MCP server over HTTP."""
        return self._has_tools and not boolean(able, "mcpCapabilities", "http")

    def servers(self, able: Frame) -> list[JsonValue]:
        """The MCP servers to name, as far as the agent can reach one over HTTP."""
        if not self._has_tools or self.lacks_tools(able):
            return []
        bearer: Frame = {"name": "Authorization", "value": f"Bearer {self.mcp_key}"}
        return [{"type": "http", "name": "ompycord", "url": self.mcp_url, "headers": [bearer]}]

    def place(self, root: str, able: Frame) -> Frame:
        """The fields of every request that opens a session: its folder `root`, its servers, and that no settings hold.

        The last is read by claude-agent-acp alone, in `_meta`, which the protocol reserves for that
        (docs/platform/agents.md, *Settings of a repository*); it then reads CLAUDE.md in the folder `texts`.
        """
        options: Frame = {"settingSources": ["user"]}
        if self.texts is not None:
            options["additionalDirectories"] = [str(self.texts)]
        return {"cwd": root, "mcpServers": self.servers(able), "_meta": {"claudeCode": {"options": options}}}

    def shown(self, able: Frame) -> list[JsonValue]:
        """The pictures as blocks of a prompt, if the agent accepts any."""
        if not boolean(able, "promptCapabilities", "image"):
            return []
        return [{"type": "image", "mimeType": one.kind, "data": one.base64} for one in self.images]


def opened(session: str, agent: Frame, state: Frame) -> SessionOpened:
    """The event for a session, with its model and those it offers where the agent names them."""
    name = string(agent, "agentInfo", "title") or string(agent, "agentInfo", "name")
    model = string(state, "models", "currentModelId") or string(_option(state, "model"), "currentValue")
    models = tuple(one for one in _offered(state, "model") if named(one) == one)[:MOST_MODELS]
    return SessionOpened(session=ref(session), agent=named(name), model=named(model), models=models)


def sign_in(agent: Frame) -> str:
    """The ways to sign in that the agent offers, to stand behind what it says; empty where it offers none."""
    ways = [string(one, "name") or string(one, "id") for one in objects(agent, "authMethods")]
    names = one_line(", ".join(way for way in ways if way), 200)
    return f" (ways to sign in: {names})" if names else ""


class Choice(NamedTuple):
    """A request that chooses a mode or a model."""

    method: str
    params: Frame
    model: str | None
    """The model that the session has once it was taken; None for a mode."""


def choices(state: Frame, session: str, *, mode: str | None, model: str | None) -> tuple[list[Choice], list[Note]]:
    """The requests that choose a mode and a model, and a note for what the agent does not offer."""
    requests: list[Choice] = []
    notes: list[Note] = []
    for category, wanted in (("mode", mode), ("model", model)):
        if wanted is None:
            continue
        offered = _offered(state, category)
        if wanted in offered:
            method, params = offered[wanted]
            chosen = wanted if category == "model" else None
            requests.append(Choice(method, {"sessionId": session, **params}, chosen))
        else:
            names = one_line(", ".join(offered) or "none", 300)
            notes.append(Note(text=f"The agent offers no {category} {wanted}. It offers: {names}."))
    return requests, notes


def _offered(state: Frame, category: str) -> dict[str, tuple[str, Frame]]:
    """The request that chooses each mode or model, by name. The older way comes first: more agents support it."""
    ways: dict[str, tuple[str, Frame]] = {}
    option = _option(state, category)
    for one in objects(option, "options"):
        for value in [one, *objects(one, "options")]:
            if name := string(value, "value"):
                chosen: Frame = {"configId": string(option, "id"), "value": name}
                ways[name] = ("session/set_config_option", chosen)
    plural, key = ("modes", "availableModes") if category == "mode" else ("models", "availableModels")
    for one in objects(state, plural, key):
        id_ = "id" if category == "mode" else "modelId"
        if name := string(one, id_):
            ways[name] = (f"session/set_{category}", {f"{category}Id": name})
    return ways


def _option(state: Frame, category: str) -> Frame:
    return next((one for one in objects(state, "configOptions") if one.get("category") == category), found({}))
