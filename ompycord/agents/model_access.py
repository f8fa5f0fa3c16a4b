"""How each agent is pointed at Ompycord's model gateway: one table, by the name of its program.

It gets an address and the token of its step, and no key of a provider. What it would send elsewhere, such as telemetry
and looks for updates, is switched off: in a network of its own it waits for that in vain. An agent to which the
settings grant a key of its own is left as it is. What each program reads:
docs/platform/agents.md, *Pointed at the model gateway*.
"""

import json
import sys
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from ompycord.agents.level import layout_of
from ompycord.domain.ports import AgentJob
from ompycord.domain.repository import AgentSpec
from ompycord.processes.safe_open import NotGranted, safe_write

__all__ = ["PROVIDER", "model_argument", "model_variables", "write_model_settings"]

PROVIDER: Final = "ompycord"
"""The name of the gateway in the settings of agents that name providers."""
_TOKEN: Final = "OMPYCORD_RUN_TOKEN"  # noqa: S105  # the name of a variable
_CONTEXT: Final = 128_000
_OUTPUT: Final = 32_000


@dataclass(frozen=True, slots=True, kw_only=True)
class _Access:
    """Where models are, and which."""

    url: str
    token: str
    models: tuple[str, ...]
    dialects: Mapping[str, str]
    chosen: str | None
    """The model of the task."""

    @property
    def first(self) -> str | None:
        return self.chosen or (self.models[0] if self.models else None)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Pointing:
    """What one program needs."""

    variables: Mapping[str, str] = field(default_factory=dict[str, str])
    files: tuple[tuple[tuple[str, ...], str], ...] = ()
    """Files of its HOME, with their text."""


def _claude(access: _Access) -> _Pointing:
    named = ("ANTHROPIC_MODEL", "ANTHROPIC_SMALL_FAST_MODEL", "ANTHROPIC_DEFAULT_HAIKU_MODEL")
    models = {} if access.first is None else dict.fromkeys(named, access.models[-1])
    off = ("CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC", "DISABLE_AUTOUPDATER", "DISABLE_TELEMETRY")
    variables = {
        "ANTHROPIC_BASE_URL": access.url,
        "ANTHROPIC_AUTH_TOKEN": access.token,
        "CLAUDE_CODE_DISABLE_NONSTREAMING_FALLBACK": "1",  # else an answer that is ended is asked for once more
        **dict.fromkeys(off, "1"),
        **models,
        **({} if access.first is None else {"ANTHROPIC_MODEL": access.first}),
    }
    return _Pointing(variables=variables)


def _codex(access: _Access) -> _Pointing:
    model = "" if access.first is None else f"model = {json.dumps(access.first)}\n"
    text = (
        f'{model}model_provider = "{PROVIDER}"\ncheck_for_update_on_startup = false\n'
        f'[model_providers.{PROVIDER}]\nname = "{PROVIDER}"\nbase_url = "{access.url}/v1"\nwire_api = "responses"\n'
        f'env_key = "{_TOKEN}"\nsupports_websockets = false\n'
        "[analytics]\nenabled = false\n[features]\nplugins = false\napps = false\n"
    )
    return _Pointing(files=(((".codex", "config.toml"), text),))


def _gemini(access: _Access) -> _Pointing:
    settings = {
        "security": {"auth": {"selectedType": "gemini-api-key"}},
        "general": {"disableAutoUpdate": True, "sessionRetention": {"enabled": False}},
        "privacy": {"usageStatisticsEnabled": False},
    }
    variables = {
        "GOOGLE_GEMINI_BASE_URL": access.url,
        "GEMINI_API_KEY": access.token,
        "GEMINI_CLI_TRUST_WORKSPACE": "true",
        **({} if access.first is None else {"GEMINI_MODEL": access.first}),
    }
    return _Pointing(variables=variables, files=(((".gemini", "settings.json"), json.dumps(settings)),))


_OPENCODE_PACKAGES: Final = {
    "anthropic": "@ai-sdk/anthropic",
    "responses": "@ai-sdk/openai",
    "chat": "@ai-sdk/openai-compatible",
}


def _opencode(access: _Access) -> _Pointing:
    variables = {"OPENCODE_DISABLE_MODELS_FETCH": "1"}
    if access.first is None:
        return _Pointing(variables=variables)
    one = {"limit": {"context": _CONTEXT, "output": _OUTPUT}, "attachment": True}
    provider: dict[str, Any] = {
        "npm": _OPENCODE_PACKAGES.get(access.dialects.get(access.first, "chat"), _OPENCODE_PACKAGES["chat"]),
        "name": "Ompycord",
        "options": {"baseURL": f"{access.url}/v1", "apiKey": f"{{env:{_TOKEN}}}"},
        "models": {model: {"name": model, **one} for model in access.models},
    }
    document = {
        "model": f"{PROVIDER}/{access.first}",
        "small_model": f"{PROVIDER}/{access.models[-1]}",
        "provider": {PROVIDER: provider},
        "permission": {"edit": "ask", "bash": "ask"},
        "autoupdate": False,
        "share": "disabled",
    }
    return _Pointing(variables=variables, files=(((".config", "opencode", "opencode.json"), json.dumps(document)),))


_PI_APIS: Final = {
    "anthropic": "anthropic-messages",
    "responses": "openai-responses",
    "chat": "openai-completions",
    "gemini": "google-generative-ai",
}


def _pi_models(access: _Access) -> str:
    dialect = access.dialects.get(access.first or "", "chat")
    one = {"reasoning": False, "input": ["text", "image"], "contextWindow": _CONTEXT, "maxTokens": _OUTPUT}
    free = dict.fromkeys(("input", "output", "cacheRead", "cacheWrite"), 0)
    models = [{"id": model, "name": model, **one, "cost": free} for model in access.models]
    base = access.url if dialect == "anthropic" else f"{access.url}/{'v1beta' if dialect == 'gemini' else 'v1'}"
    provider = {"baseUrl": base, "apiKey": _TOKEN, "api": _PI_APIS.get(dialect, _PI_APIS["chat"]), "models": models}
    return json.dumps({"providers": {PROVIDER: provider}})


def _omp(access: _Access) -> _Pointing:
    if access.first is None:
        return _Pointing()
    return _Pointing(files=(((".omp", "agent", "models.yml"), _pi_models(access)),))


def _pi(access: _Access) -> _Pointing:
    if access.first is None:
        return _Pointing()
    return _Pointing(files=(((".pi", "agent", "models.json"), _pi_models(access)),))


_NAME_PROVIDERS: Final = frozenset({"omp", "pi", "opencode"})
"""Programs that name a model behind its provider."""


def _qwen(access: _Access) -> _Pointing:
    settings = {
        "security": {"auth": {"selectedType": "openai"}},
        "privacy": {"usageStatisticsEnabled": False},
    }
    return _Pointing(variables=_openai(access).variables, files=(((".qwen", "settings.json"), json.dumps(settings)),))


def _copilot(access: _Access) -> _Pointing:
    variables = {
        "COPILOT_PROVIDER_TYPE": "openai",
        "COPILOT_PROVIDER_BASE_URL": f"{access.url}/v1",
        "COPILOT_PROVIDER_API_KEY": access.token,
        "COPILOT_OFFLINE": "true",
        **({} if access.first is None else {"COPILOT_MODEL": access.first}),
    }
    return _Pointing(variables=variables)


def _openai(access: _Access) -> _Pointing:
    variables = {"OPENAI_BASE_URL": f"{access.url}/v1", "OPENAI_API_KEY": access.token}
    return _Pointing(variables=variables | ({} if access.first is None else {"OPENAI_MODEL": access.first}))


def _any(access: _Access) -> _Pointing:
    """A program that no line names: the variables that most of them read."""
    return _Pointing(
        variables={
            **_openai(access).variables,
            "ANTHROPIC_BASE_URL": access.url,
            "ANTHROPIC_AUTH_TOKEN": access.token,
            "GOOGLE_GEMINI_BASE_URL": access.url,
            "GEMINI_API_KEY": access.token,
        }
    )


_PROGRAMS: Final[Mapping[str, Callable[[_Access], _Pointing]]] = {
    "claude": _claude,
    "claude-agent-acp": _claude,
    "codex": _codex,
    "codex-acp": _codex,
    "gemini": _gemini,
    "qwen": _qwen,
    "opencode": _opencode,
    "omp": _omp,
    "pi": _pi,
    "copilot": _copilot,
}


def model_variables(job: AgentJob) -> Mapping[str, str]:
    """The variables by which the agent of `job` finds the gateway; none where it is not pointed there."""
    access = _access(job)
    return {} if access is None else _pointing(job.spec, access).variables


def model_argument(job: AgentJob) -> str | None:
    """The model of the task as its agent names it; where it is pointed at the gateway, the first that it may ask.

    None: the agent's own.
    """
    access = _access(job)
    if access is None or access.first is None or _program(job.spec) not in _NAME_PROVIDERS:
        return job.task.model
    return f"{PROVIDER}/{access.first}"


def write_model_settings(job: AgentJob) -> None:
    """Writes the files by which the agent finds the gateway; one that is granted stays as it is. Blocks."""
    access, home = _access(job), layout_of(job).home
    if access is None or sys.platform == "win32":
        return
    for parts, text in _pointing(job.spec, access).files:
        home.mkdir(parents=True, exist_ok=True)
        with suppress(OSError, NotGranted):  # a link on the way: it is granted, or the agent planted it
            safe_write(home, parts, text.encode())


def _pointing(spec: AgentSpec, access: _Access) -> _Pointing:
    return _PROGRAMS.get(_program(spec), _any)(access)


def _program(spec: AgentSpec) -> str:
    """The name of its program; of a kind that has one by itself, that one's."""
    if spec.command:
        return Path(spec.command[0]).name
    return {"stream_json": "claude", "omp_rpc": str(getattr(spec, "dialect", "omp"))}.get(spec.kind, spec.kind)


def _access(job: AgentJob) -> _Access | None:
    listener = job.listener
    if listener is None or not listener.has_models or job.spec.key_variables:
        return None
    variables = listener.environment
    return _Access(
        url=variables["OMPYCORD_URL"],
        token=variables[_TOKEN],
        models=job.spec.models or ((job.task.model,) if job.task.model else ()),
        dialects=listener.dialects,
        chosen=job.task.model,
    )
