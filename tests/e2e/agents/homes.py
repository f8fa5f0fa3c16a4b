"""What real agents read in their HOME so that they know a model without a mind.

`conftest.py` and `kinds.py` put it there.
"""

import json
from pathlib import Path


def omp_settings(model: str) -> str:
    """oh-my-pi's `models.yml` with the stub and its prices."""
    one = {
        "id": "stub-1", "name": "Stub", "reasoning": False, "input": ["text"], "contextWindow": 128_000,
        "maxTokens": 8192,
        "cost": {"input": 3, "output": 15, "cacheRead": 0.3, "cacheWrite": 3.75},
    }  # fmt: skip
    stub = {"baseUrl": model, "apiKey": "none", "api": "openai-completions", "models": [one]}
    return json.dumps({"providers": {"stub": stub}})


def opencode_settings(model: str) -> str:
    """OpenCode's `opencode.json` with the stub; it asks before it acts."""
    one = {
        "name": "Stub",
        "cost": {"input": 3, "output": 15, "cache_read": 0.3},
        "attachment": True,
        "modalities": {"input": ["text", "image"], "output": ["text"]},
        "limit": {"context": 128_000, "output": 8192},
    }
    stub = {
        "npm": "@ai-sdk/openai-compatible",
        "options": {"baseURL": model, "apiKey": "none"},
        "models": {"stub-1": one},
    }
    document = {
        "model": "stub/stub-1",
        "small_model": "stub/stub-1",
        "provider": {"stub": stub},
        "permission": {"edit": "ask", "bash": "ask"},
        "autoupdate": False,
        "share": "disabled",
    }
    return json.dumps(document)


def gemini_settings() -> str:
    """Gemini CLI's `settings.json`, as docs/how-to/use-gemini-cli.md wants it."""
    general = {"disableAutoUpdate": True, "sessionRetention": {"enabled": False}}
    return json.dumps({"security": {"auth": {"selectedType": "gemini-api-key"}}, "general": general})


def qwen_settings() -> str:
    """Qwen Code's `settings.json` for a model at an address of one's own."""
    auth = {"security": {"auth": {"selectedType": "openai"}}, "privacy": {"usageStatisticsEnabled": False}}
    return json.dumps(auth | {"general": {"disableAutoUpdate": True}})


def a_minute_later(home: Path) -> None:
    """Gemini CLI 0.61 names a session's file by the minute that it began in.

    And empties it when it is loaded in that minute.
    """
    for file in sorted(home.glob(".gemini/tmp/*/chats/session-*.jsonl")):  # the oldest first, which makes room
        _, year, rest = file.name.split("-", 2)
        file.rename(file.with_name(f"session-{int(year) - 1}-{rest}"))
