"""Claude Code: HTTP hooks in its settings.json; its key comes from OMPYCORD_KEY, which it reads by itself."""

from typing import Any, Final, cast
from urllib.parse import quote

from ompycord.cli.integrations.wiring import Change, IntegrationOptions, read_json, read_text, write_json

__all__ = ["wire"]

_EVENTS: Final = (
    *("UserPromptSubmit", "PreToolUse", "PostToolUse", "PostToolUseFailure", "Notification"),
    *("Stop", "StopFailure", "SessionEnd"),
)
_ACTING: Final = "Bash|Write|Edit|MultiEdit|NotebookEdit|WebFetch|mcp__.*"
"""Tools that do something beyond reading; only they wait for people."""
_MARK: Final = "/hooks/claude/"
_NOTIFY_S: Final = 10
_ASK_S: Final = 60
"""Longer than the sidecar waits for people (`webhook/hook_approvals.py`)."""


def wire(options: IntegrationOptions) -> Change:
    """Our hooks beside those that are there."""
    folder = options.environ.get("CLAUDE_CONFIG_DIR", "").strip()
    path = (options.home / ".claude" if not folder else options.home / folder) / "settings.json"
    before = read_text(path)
    settings = read_json(path, before)
    hooks = _without_ours(settings.get("hooks"))
    if not options.removes:
        for event in _EVENTS:
            hooks.setdefault(event, []).append({"hooks": [_hook(options)]})
        if options.asks:
            hooks["PreToolUse"].append({"matcher": _ACTING, "hooks": [_hook(options, asks=True)]})
    changed = {name: value for name, value in settings.items() if name != "hooks"} | ({"hooks": hooks} if hooks else {})
    if list(changed.items()) == list(settings.items()):
        return Change(path, before, before, _NOTE)
    return Change(path, before, write_json(changed), _NOTE)


_NOTE: Final = "Start Claude Code with OMPYCORD_KEY in its environment (`ompycord keys add`)."


def _hook(options: IntegrationOptions, *, asks: bool = False) -> dict[str, Any]:
    return {
        "type": "http",
        "url": f"{options.url}{_MARK}{quote(options.run, safe='@')}{'?ask=1' if asks else ''}",
        "headers": {"Authorization": "Bearer $OMPYCORD_KEY"},
        "allowedEnvVars": ["OMPYCORD_KEY"],
        "timeout": _ASK_S if asks else _NOTIFY_S,
    }


def _without_ours(hooks: object) -> dict[str, list[Any]]:
    """All that others have there; what is no list of theirs is kept as it is."""
    kept: dict[str, Any] = {}
    for event, groups in cast("dict[str, Any]", hooks).items() if isinstance(hooks, dict) else ():
        if not isinstance(groups, list):
            kept[event] = groups
            continue
        left = [group for one in cast("list[object]", groups) if (group := _theirs(one)) is not None]
        if left or not groups:
            kept[event] = left
    return kept


def _theirs(group: object) -> object:
    """A group without our hooks; None for one that held nothing else."""
    if not isinstance(group, dict):
        return group
    named = cast("dict[str, Any]", group)
    inner: object = named.get("hooks")
    if not isinstance(inner, list):
        return named
    hooks = cast("list[object]", inner)
    kept = [hook for hook in hooks if not _is_ours(hook)]
    if len(kept) == len(hooks):
        return named
    return {**named, "hooks": kept} if kept else None


def _is_ours(hook: object) -> bool:
    url: object = cast("dict[str, Any]", hook).get("url") if isinstance(hook, dict) else None
    return isinstance(url, str) and _MARK in url
