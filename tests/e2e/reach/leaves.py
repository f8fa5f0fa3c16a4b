"""Every setting that there is, and a valid value for each that is not its default.

Set by a file, by variables, and shown.
"""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, get_args, get_origin

import yaml
from pydantic import BaseModel

from ompycord.agents.registry import AGENT_KINDS
from ompycord.app.plugins.template import write_project
from ompycord.domain.configuration.forge_options import ForgeSpec
from ompycord.domain.repository import AgentSpec
from ompycord.forge.registry import FORGE_KINDS
from ompycord.settings import Settings
from tests.integration.cli.harness import ompycord
from tests.support.extension.installed import install_project

__all__ = ["FILE", "VARIABLES", "options_of_kinds", "settings", "shown_settings"]

SNOWFLAKE = "123456789012345678"
BOUNDS = {"max_processes": 64, "max_memory_mib": 1024, "max_disk_mib": 2048}
CHECK = {
    "name": "unit",
    "command": ["make", "test"],
    "timeout_s": 60,
    "parser": "exit",
    "network": "gateway",
    "hosts": ["pypi.example.org"],
    "git": True,
    "services": ["search"],
    **BOUNDS,
}
STEP: dict[str, Any] = {
    "name": "packages",
    "command": ["npm", "ci"],
    "files": ["package-lock.json"],
    "keeps": ["node_modules"],
    "hosts": ["registry.npmjs.org"],
    "variables": {"NPM_CONFIG_CACHE": "{setup}/npm"},
    "timeout_s": 60,
    **BOUNDS,
}
RULES: dict[str, Any] = {
    name: {"by": "admin", "people": 3, "requester": False}
    for name in ("read", "write", "run", "network", "secret", "publish", "danger")
}
SERVICE: dict[str, Any] = {
    "name": "search",
    "command": ["searchd", "--port", "{port}"],
    "port": 9200,
    "probe": ["searchd", "--ping"],
    "ready_s": 20,
    "variables": {"SEARCH_URL": "http://{host}:{port}"},
    "used_by": ["checks"],
}
REPOSITORY: dict[str, Any] = {
    "services": [SERVICE],
    "approvals": RULES,
    "risk": {"commands": [{"command": "make out", "risk": "danger"}], "build_folders": ["generated"]},
    "base": "trunk",
    "channel": SNOWFLAKE,
    "checks": [CHECK],
    "agents": ["spoken"],
    "two_person": True,
    "branch_prefix": "agents/",
    "max_iterations": 2,
    "modes": ["standard"],
    "protected": ["deploy/**"],
    "setup": [STEP],
    "setup_hosts": ["registry.npmjs.org"],
    "secrets": {"NPM_TOKEN": ["setup"]},
    "attached_secrets": [
        {
            "secret": "NPM_TOKEN",
            "host": "npm.example.com",
            "header": "X-Token",
            "prefix": "Token ",
            "git_user": None,
            "over": "http",
            "to": ["setup"],
        },
    ],
    "forge": {
        "kind": "github",
        "repository": "acme/shop",
        "token_file": "/srv/forge/token",
        "api": "https://git.example.org/api/v3",
        "web": "https://git.example.org",
        "poll_s": 300,
    },
    "publish": {
        "ci_rounds": 2,
        "other_reviewer": True,
        "most_unread": 3,
        "approve": "always",
        "draft": "always",
        "without_drafts": "open",
        "red": "draft",
        "labels": ["agent"],
        "reviewers": ["anna", "acme/backend"],
        "assignee": "anna",
        "comment": False,
    },
    "guard": {
        "syntax": False,
        "plan": False,
        "secrets": False,
        "exempt": ["tests/samples/**"],
        "max_files": 100,
        "max_lines": 5000,
        "max_file_mib": 1,
    },
    "plan_approval": "automatic",
    "planning": {
        "drafts": ["small"],
        "refine": False,
        "critic": "small",
        "model": "small",
        "draft_temperature": 0.5,
        "critique_temperature": 0.1,
        "final_temperature": 0.1,
    },
    "reviewer": {"agent": "spoken", "model": "spoken-large"},
}
AGENT: dict[str, Any] = {
    "command": ["spoken", "--quiet"],
    "env": {"SPOKEN_HOME": "/srv/spoken"},
    "wall_s": 60,
    "idle_s": 30,
    "sandbox": {"minimum": "full", "network": "gateway", "hosts": ["pypi.example.org"], **BOUNDS},
    "grants": {"files": ["/srv/spoken/key"], "variables": ["SPOKEN_KEY"]},
    "models": ["spoken-large"],
}
CLASSES = ("input", "output", "cache_read", "cache_write", "cache_write_1h", "web_search", "audio_minute")
PRICES = dict.fromkeys(CLASSES, "2.5")
"""US dollars for a million tokens, as configuration shows them."""
ACCOUNT: dict[str, Any] = {"day_usd": "2.5", "month_usd": "25.5", "day_tokens": 1000, "month_tokens": 20_000}
ROLE_WORDS = ("admin", "approver", "runner", "viewer", "none")
PLACE = {kind: {word: [SNOWFLAKE] for word in ROLE_WORDS} for kind in ("users", "roles")} | {"most": "viewer"}
"""Roles in one place."""
FILE: dict[str, Any] = {
    "profile": "server",
    "data_dir": "elsewhere",
    "discord": {
        "ops_channel": SNOWFLAKE,
        "board_channel": SNOWFLAKE,
        "message_content": True,
        "approver_role": "maintainers",
        "reconnect_cap_s": 30,
        "guild_ready_timeout_s": 1,
        "proxy": "http://proxy.example.org:3128",
    },
    "alerts": {
        "off": ["queue"],
        "after_s": {"discord": 300},
        "clear_s": 30,
        "quiet": {"start": "22:00", "end": "07:00", "zone": "Europe/Berlin"},
        "always": ["database"],
        "memory_mib": 4096,
        "heartbeat": {"url_file": "secrets/heartbeat", "every_s": 30},
    },
    "retention": {"events_days": 120, "files_days": 200, "dry_run": True},
    "backup": {
        "folder": "/mnt/backups",
        "every_hours": 12,
        "keep": 30,
        "drill_days": 3,
        "secrets": True,
        "key_file": "/etc/backup.key",
    },
    "webhook": {
        "host": "127.0.0.2",
        "hosts": ["omp.example.org"],
        "trusted_proxies": ["10.0.0.1"],
        "public_url": "https://bot.example.com/omp",
        "body_s": 5,
        "rate_per_s": 50,
        "burst": 100,
        "failures_per_s": 0.1,
        "failures_burst": 10,
        "addresses": 512,
        "events": {"event_bytes": 65_536, "batch_bytes": 131_072, "batch_events": 100, "backlog": 1000},
    },
    "notify": {
        "webhooks": [
            {
                "name": "ci",
                "url": "https://ci.example.org/hook",
                "secret_file": "secrets/ci",
                "topics": ["run", "check"],
                "repositories": ["here"],
            }
        ],
        "notifiers": [
            {
                "name": "pager",
                "kind": "pager",
                "topics": ["alert"],
                "repositories": ["here"],
                "options": {"secret_file": "secrets/pager"},
            }
        ],
    },
    "access": {
        "users": {"admin": [SNOWFLAKE], "approver": [SNOWFLAKE], "viewer": [SNOWFLAKE]},
        "roles": {name: [SNOWFLAKE] for name in ("admin", "approver", "runner", "viewer")},
        "forge": {"anna": SNOWFLAKE},
        "servers": {SNOWFLAKE: PLACE},
        "repositories": {"here": PLACE},
        "channels": {SNOWFLAKE: PLACE},
    },
    "approvals": RULES,
    "digests": {
        "daily": "18:00",
        "weekly": "mon 09:00",
        "zone": "Europe/Berlin",
        "channel": SNOWFLAKE,
        "active": {"start": "07:00", "end": "20:00", "weekdays": ["mon", "fri"]},
    },
    "tls": {"ca_file": "authority.pem"},
    "triggers": {
        "alerts": {
            "source": "base_checks",
            "branch": "main",
            "each": "alerts",
            "only": {"status": ["firing"]},
            "fingerprint": ["labels.alertname"],
            "prompt": "Find why",
            "repository": "here",
            "agent": "spoken",
            "mode": "fast",
            "budget_usd": 2.5,
            "channel": SNOWFLAKE,
            "dry": False,
            "cooldown_min": 30,
            "burst": 2,
            "failures": 2,
            "spend_usd": 5,
        }
    },
    "forge_hooks": {
        "corp": {
            "api": "https://git.example.org/api/v3",
            "secret_file": "secrets/corp",
            "starts": {
                "here": {
                    "label": "ompycord",
                    "assigned_to": "ompycord-bot",
                    "writers": True,
                    "agent": "spoken",
                    "mode": "fast",
                    "budget_usd": 2.5,
                    "burst": 5,
                }
            },
        }
    },
    "schedules": {
        "nightly": {
            "when": "0 2 * * *",
            "zone": "Europe/Berlin",
            "prompt": "Look after it",
            "repository": "here",
            "agent": "spoken",
            "mode": "fast",
            "branch": "next",
            "budget_usd": 2.5,
            "done_when": "all is well",
            "channel": SNOWFLAKE,
            "catch_up": "skip",
            "guard": {"command": ["tools/due"], "timeout_s": 30, "network": True},
            "paused": True,
        }
    },
    "audit": {"anchor_file": "/mnt/elsewhere/anchors", "keep_days": 365},
    "task_presets": {
        "web": {
            "prompt": "Keep to the style of the page.",
            "repository": "here",
            "agent": "spoken",
            "mode": "fast",
            "branch": "next",
            "budget_usd": 2.5,
            "done_when": "the page shows it",
            "model": "spoken-large",
            "refine": True,
        }
    },
    "repositories": {
        "here": {"path": "/srv/here", **REPOSITORY},
        "there": {
            "address": "ssh://git.example.org/a.git",
            "deploy_key": {"key_file": "secrets/deploy", "known_hosts_file": "secrets/hosts"},
            "forge": {
                "kind": "github",
                "repository": "acme/a",
                "app": {"id": "Iv1.8a61f9b3a7aba766", "key_file": "app.pem"},
            },
        },
    },
    "agents": {
        "spoken": {"kind": "acp", "mode": "plan", "model": "small", **AGENT},
        "older": {"kind": "omp_rpc", "dialect": "pi"},
        "built-in": {
            "kind": "native",
            "model": "small",
            "temperature": 0.2,
            "max_turns": 20,
            "context_characters": 50_000,
            "approvals": "commands",
        },
    },
    "budgets": {
        "zone": "Europe/Berlin",
        "warn_percent": 70,
        "when_reached": "queue",
        "unknown_prices": "allow",
        **dict.fromkeys(("person", "repository", "server"), ACCOUNT),
        "people": {SNOWFLAKE: ACCOUNT},
        "repositories": {"here": ACCOUNT},
        "servers": {SNOWFLAKE: {**ACCOUNT, "zone": "Asia/Tokyo"}},
    },
    "loop_guardian": {
        "enabled": False,
        "max_repeats": 5,
        "max_cycles": 4,
        "max_reruns": 9,
        "max_unknown": 13,
        "waiting_minutes": 16,
        "max_messages": 4,
        "similarity": 0.8,
        "max_same_rounds": 4,
        "max_rounds_without_gain": 5,
        "calm_steps": 31,
    },
    "memory": {
        "recall": False,
        "recall_items": 5,
        "recall_tokens": 1000,
        "hold_out": 0.2,
        "offer_decisions": True,
        "run_summaries": False,
        "backend": {"kind": "box", "timeout_s": 3.0, "file": "/srv/box.json"},
        "embeddings": {
            "address": "http://127.0.0.1:1/v1",
            "key_file": "/srv/embeddings/key",
            "price": "0.5",
            "model": "small",
            "dimensions": 256,
            "normalised": False,
            "batch": 32,
            "query_s": 1.5,
        },
    },
    "voice": {"kind": "whisper_here", "options": {"model": "small"}, "max_s": 60, "max_mib": 5, "timeout_s": 30.0},
    "providers": {
        "house": {
            "kind": "compatible",
            "base_url": "http://127.0.0.1:1/v1",
            "dialects": ["chat"],
            "key_files": ["/srv/house/key"],
            "models": ["small"],
            "prices": {"small": {**PRICES, "above": 200_000, "prices_above": PRICES}},
            "provider_tools": False,
        }
    },
    "limits": {
        "open_per_person": 1,
        "open_per_channel": 2,
        "open_per_guild": 3,
        "parallel_runs": 4,
        "waiting_runs": 5,
        "run_tokens": 6_000_000,
    }
    | {"max_iterations": 6, "ask_budget_usd": 0.2, "ask_minutes": 3},
    "tapes": {"record": True, "days": 3, "max_mib": 100},
    "own_models": {
        "by_cost": True,
        "refining": {
            "model": "m-1",
            "critic": "m-2",
            "draft_temperature": 0.6,
            "critique_temperature": 0.1,
            "final_temperature": 0.3,
        },
    },
    "workspaces": {
        "sessions_days": 3,
        "sessions_mib": 100,
        "setups": 2,
        "results_days": 30,
        "results_mib": 900,
        "results_dry_run": True,
    },
    "log": {"level": "debug", "json": True, "file": "logs/o.log", "max_mib": 3},
}
VARIABLES: dict[str, tuple[str, str, object]] = {
    "DISCORD_TOKEN": ("discord.token", "a-token-of-nobody", "[set]"),
    "DISCORD_GUILD_ID": ("discord.guilds", SNOWFLAKE, [SNOWFLAKE]),
    "DISCORD_CHANNEL_ID": ("discord.home_channel", SNOWFLAKE, SNOWFLAKE),
    "DISCORD_ALLOWED_USERS": ("access.users.runner", SNOWFLAKE, [SNOWFLAKE]),
    "OMP_LAUNCH_CHANNEL_IDS": ("discord.work_channels", SNOWFLAKE, [SNOWFLAKE]),
    "OMP_LAUNCH_EMOJI": ("discord.launch_emoji", "🛠", "🛠"),
    "OMP_WEBHOOK_SECRET": ("webhook.secret", "0123456789abcdef01234567", "[set]"),
    "OMPYCORD_DISCORD__API": ("discord.api", "http://127.0.0.1:1/api", "http://127.0.0.1:1/api"),
    "OMPYCORD_DISCORD__GATEWAY": ("discord.gateway", "ws://127.0.0.1:1", "ws://127.0.0.1:1"),
    "OMPYCORD_WEBHOOK__PORT": ("webhook.port", "9999", 9999),
    "OMPYCORD_PLAYGROUND__PORT": ("playground.port", "9998", 9998),
    "OMPYCORD_PLAYGROUND__PULL_REQUESTS": ("playground.pull_requests", "false", False),
    "OMPYCORD_LOG__KEEP": ("log.keep", "2", 2),
}
"""Variable to setting, what is written and what is shown."""
RENAMED = {"log.json": "log.json_lines"}
"""What a file calls otherwise."""


def settings(model: type[BaseModel] = Settings, path: str = "") -> Iterator[str]:
    """Every leaf by its path; repositories and agents stand for all of their kind. A name is the key, no setting."""
    for name, field in model.model_fields.items():
        kinds: tuple[object, ...] = (field.annotation, *get_args(field.annotation))
        inner = next((one for one in kinds if isinstance(one, type) and issubclass(one, BaseModel)), None)
        if name == "name" and path:
            continue
        if inner is None or inner is model or get_origin(field.annotation) is tuple:
            yield f"{path}{name}"
        else:
            yield from settings(inner, f"{path}{name}.")


def options_of_kinds() -> Iterator[str]:
    """The leaves that single kinds of agents and forges add to those of all."""
    for kind in AGENT_KINDS.all():
        yield from (f"agents.{name}" for name in kind.options.model_fields if name not in AgentSpec.model_fields)
    for forge in FORGE_KINDS.all():
        for name, field in forge.options.model_fields.items():
            if name not in ForgeSpec.model_fields:
                inner = next(one for one in (field.annotation, *get_args(field.annotation)) if isinstance(one, type))
                if issubclass(inner, BaseModel):
                    yield from (f"repositories.forge.{name}.{key}" for key in inner.model_fields)
                else:
                    yield f"repositories.forge.{name}"


def _leaves(value: object, path: str = "") -> Iterator[tuple[str, object]]:
    if isinstance(value, Mapping):
        for key, inner in value.items():  # pyright: ignore[reportUnknownVariableType]  # YAML
            yield from _leaves(inner, f"{path}.{key}" if path else str(key))  # pyright: ignore[reportUnknownArgumentType]  # YAML
    else:
        yield RENAMED.get(path, path), value


async def shown_settings(folder: Path) -> set[str]:
    """The settings that `config show` shows with the value that was given and the place where it was."""
    folder.mkdir()
    (folder / "ompycord.yml").write_text(yaml.safe_dump(FILE))
    write_project("memory", "box", folder / "box")  # a memory is always a package's
    environ = {name: text for name, (_, text, _) in VARIABLES.items()}
    environ |= install_project(folder / "box", folder / "site")
    done = await ompycord("config", "show", "--json", folder=folder, environ=environ)
    assert done.code == 0, done.err
    rows = {row["setting"]: (row["value"], row["from"]) for row in json.loads(done.out)}
    wanted = {name: (value, "ompycord.yml") for name, value in _leaves(FILE)}
    wanted |= {name: (shown, variable) for variable, (name, _, shown) in VARIABLES.items()}
    wanted["agents.spoken.env.SPOKEN_HOME"] = ("[set]", "ompycord.yml")
    wrong = {name: (rows.get(name), value) for name, value in wanted.items() if rows.get(name) != value}
    assert wrong == {}, wrong
    return {_general(name) for name in wanted if _differs(name, rows)} - {"memory.backend.file"}  # the box's own


def _general(name: str) -> str:
    """`agents.wall_s` for `agents.spoken.wall_s`."""
    head, *rest = name.split(".")
    # By a login, by an alert's name, by an option of a kind.
    if (head, *rest[:1]) in {("access", "forge"), ("alerts", "after_s"), ("voice", "options")}:
        return f"{head}.{rest[0]}"
    if head == "budgets" and rest[0] in {"people", "repositories", "servers"}:  # by an id or a name
        return ".".join([head, rest[0], *rest[2:]])
    if head == "access" and rest[0] in {"servers", "repositories", "channels"}:  # by an id or a name
        return ".".join([head, rest[0], *rest[2:]])
    if (head, rest[1:2]) == ("forge_hooks", ["starts"]):  # by a hook's and a repository's name
        return ".".join([head, "starts", *rest[3:]])
    if head not in {"repositories", "agents", "providers", "schedules", "task_presets", "triggers", "forge_hooks"}:
        return name
    if rest[1] in {"env", "secrets", "only"}:  # by the name of a variable, or a field of a message
        return f"{head}.{rest[1]}"
    if rest[1] == "prices":  # by a model's name; those above a number of tokens are prices again
        return ".".join([head, *rest[1:2], rest[3]])
    return ".".join([head, *rest[1:]])


def _differs(name: str, rows: Mapping[str, tuple[object, str]]) -> bool:
    return rows[name][1] != "default" and rows[name][0] != DEFAULTS.get(name, "")


DEFAULTS = dict(_leaves(Settings(data_dir=Path("nowhere")).model_dump(mode="json")))
