"""Writes the generated pages of docs/reference/ from the code: `python -m tools.references`.

`tests/unit/docs/test_references.py` fails while a page differs from what this writes.
"""

import inspect
import json
import sys
import types
import typing
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, cast

from pydantic import BaseModel, SecretStr
from pydantic.fields import FieldInfo

from ompycord import errors
from ompycord.agents.registry import AGENT_KINDS
from ompycord.app.report import METRICS
from ompycord.bot.context import BotContext
from ompycord.bot.features import BotFeatures
from ompycord.bot.flow import TABLE as FLOW
from ompycord.bot.flow import Flow
from ompycord.domain.configuration.forge_options import ForgeSpec
from ompycord.domain.events import AUTHORITY, EVENT_TYPES, SCHEMA
from ompycord.domain.lifecycle import TABLE
from ompycord.domain.repository import AgentSpec
from ompycord.domain.run import FINAL, RunState
from ompycord.forge.registry import FORGE_KINDS
from ompycord.http.problems import PROBLEMS
from ompycord.render.cards.verdicts import FAILURE_WORDS
from ompycord.settings import NAMED, PROFILES, Settings

FOLDER = Path("docs/reference")
MADE = "<!-- Made by `python -m tools.references`; a test compares. -->\n"


def events() -> str:
    """Every event type, its fields and who may say it."""
    parts = [
        "# Events\n", MADE,
        f'On the wire: `{{"schema": "{SCHEMA}", "type": …, "run": …, "seq": …, "at": …, "data": {{…}}}}`. '
        "`data` holds the fields below; unknown fields are refused, unknown types are kept and shown as notes.\n",
    ]  # fmt: skip
    for name, model in EVENT_TYPES.items():
        who = ", ".join(sorted(kind.replace("_", " ") for kind in AUTHORITY[name]))
        parts.append(f"## `{name}`\n\n{_first(model)}\n\nSaid by: {who}.\n")
        fields = [(field, info) for field, info in model.model_fields.items() if field != "type"]
        if fields:
            parts.append("| field | type | needed |\n|---|---|---|")
            parts += [
                f"| `{field}` | {_type(info)} | {'yes' if info.is_required() else ''} |" for field, info in fields
            ]
            parts.append("")
    return "\n".join(parts)


def run_states() -> str:
    """The state machine, drawn and as a table."""
    lines = [
        "# Run states\n",
        MADE,
        "Drawn from `ompycord/domain/lifecycle.py`. Final states absorb all but what publishes their result again.\n",
    ]
    lines += ["```mermaid", "stateDiagram-v2", "  [*] --> QUEUED"]
    seen: set[tuple[str, str, str]] = set()
    for rule in TABLE:
        if len(rule.states) > 1:
            continue
        for state in rule.states:
            if (state, rule.to, rule.why) not in seen:
                seen.add((state, rule.to, rule.why))
                lines.append(f"  {state} --> {rule.to}: {rule.why}")
    lines += [f"  {state} --> [*]" for state in sorted(FINAL)] + [
        "```\n",
        "| in | on | goes to | does | because |",
        "|---|---|---|---|---|",
    ]
    for rule in TABLE:
        states = ", ".join(rule.states) if len(rule.states) < len(RunState) - len(FINAL) - 1 else "any open state"
        does = ", ".join(effect.model_fields["type"].default for effect in rule.do)
        lines.append(f"| {states} | `{rule.on}` | {rule.to} | {does} | {rule.why} |")
    lines += [
        "\nA run that FAILED has a class. Where there is no sentence about the failure itself, people read this one:\n",
        "| class | sentence |",
        "|---|---|",
        *(f"| {failure} | {words} |" for failure, words in FAILURE_WORDS.items()),
    ]
    return "\n".join([*lines, ""])


def task_flow() -> str:
    """What a person sees of one task, drawn and as a table."""
    lines = [
        "# A task as its person sees it\n",
        MADE,
        "Drawn from `ompycord/bot/flow.py`. Discord can fail while the run is fine, so this is a machine of its own; "
        "what the "
        "run itself does is in [run states](run-states.md). A signal that a state does not list changes nothing.\n",
        "```mermaid",
        "stateDiagram-v2",
        f"  [*] --> {_state(Flow.IDLE)}",
    ]
    lines += [f"  {_state(flow)} --> {_state(move.to)}: {signal}" for (flow, signal), move in FLOW.items()]
    lines += [f"  {_state(Flow.CLOSED)} --> [*]", "```\n", "| in | on | goes to | then |", "|---|---|---|---|"]
    lines += [f"| {flow} | {signal} | {move.to} | {move.step} |" for (flow, signal), move in FLOW.items()]
    return "\n".join([*lines, ""])


def _state(flow: Flow) -> str:
    """`error recovery` as `ErrorRecovery`: names in a diagram hold no spaces."""
    return flow.title().replace(" ", "")


def problems() -> str:
    """Every problem of the sidecar."""
    lines = [
        "# Problems\n",
        MADE,
        "The sidecar answers errors as `application/problem+json`; `type` is `/problems/<slug>`.\n",
    ]
    lines += ["| slug | status | means |", "|---|---|---|"]
    lines += [f"| `{slug}` | {kind.status} | {kind.title} |" for slug, kind in sorted(PROBLEMS.items())]
    return "\n".join([*lines, ""])


def exit_codes() -> str:
    """What a process of ours ends with."""
    lines = ["# Exit codes\n", MADE, "| code | means |", "|---|---|", ("| 0 | it did what was asked "
        "|"), "| 1 | it failed |",
             "| 2 | the command line is wrong |"]  # fmt: skip
    found: dict[int, str] = {}
    for _, cls in inspect.getmembers(errors, inspect.isclass):
        code = vars(cls).get("exit_code")
        if isinstance(code, int) and cls is not errors.StartError:
            found[code] = _first(cls)
    found |= {70: "A defect of Ompycord itself.", 130: "A second signal forced the end."}
    lines += [f"| {code} | {text} |" for code, text in sorted(found.items())]
    lines += ["\n`ompycord run` and `resume` end with how the run ended:\n", "| code | the run |", "|---|---|"]
    ends = ("is verified", "is done, not verified", "is done in part", "failed", "is suspended", "was cancelled")
    lines += [f"| {code} | {text} |" for code, text in zip((0, 3, 4, 5, 6, 7), ends, strict=True)]
    return "\n".join([*lines, ""])


def metrics() -> str:
    """Every metric of /metrics."""
    lines = [
        "# Metrics\n",
        MADE,
        "`GET /metrics` of the sidecar, in Prometheus' text form, with a key that has the scope `metrics:read`: "
        "`ompycord keys add prometheus --scope metrics:read`. `GET /status` says the same as JSON (`status:read`). "
        "`/livez` and `/readyz` need no key and give names only.\n",
        "| metric | kind | label | what it is |",
        "|---|---|---|---|",
    ]
    for spec in METRICS:
        name = f"{spec.name}_total" if spec.kind == "counter" else spec.name
        lines.append(f"| `{name}` | {spec.kind} | {f'`{spec.label}`' if spec.label else ''} | {spec.help} |")
    return "\n".join([*lines, ""])


SETTINGS_WORDS = {
    "own_models.by_cost": "what Ompycord asks itself goes to the [cheapest](../how-to/name-a-provider.md) first",
    "own_models.refining.model": "who drafts and finishes a task that is "
    "[refined](../how-to/start-a-run.md#a-task-that-is-refined-first)",
    "own_models.refining.critic": "who criticises that draft",
    "alerts.off": "[alerts](../how-to/when-an-alert-comes.md) that are not wanted, by name",
    "alerts.after_s": "how long something must be wrong, by alert: `{discord: 300}`",
    "alerts.clear_s": "how long it must be right again before that is sent",
    "alerts.quiet": 'hours in which nothing is sent: `{start: "22:00", end: "07:00", zone: Europe/Berlin}`',
    "alerts.always": "alerts that are sent in quiet hours too",
    "alerts.heartbeat": "an address that is asked while Ompycord works: `{url_file: secrets/heartbeat, every_s: 60}`",
    "webhook.hosts": "names under which a proxy reaches it, such as `[ompycord.example.org]`",
    "webhook.trusted_proxies": (
        "addresses of proxies whose `X-Forwarded-For` and `X-Forwarded-Proto` are believed, such as `[10.0.0.7]`; "
        "all that comes through another one counts as one sender's"
    ),
    "budgets.zone": "IANA, such as `Europe/Berlin`: a day begins at midnight there, a month on its first day",
    "budgets.warn_percent": "how much of a limit is used when its runs' threads are told, once",
    "budgets.when_reached": "`refuse` or `queue` new runs whose account is used up",
    "budgets.unknown_prices": "`allow`: a model without a known price counts 0",
    "budgets.person.day_usd": "[each person](../how-to/set-budgets.md)",
    "budgets.repository.day_usd": "each repository, on each server",
    "budgets.server.day_usd": "each server",
    "budgets.people.day_usd": "in place of `person`, by Discord id",
    "budgets.repositories.day_usd": "in place of `repository`, by name",
    "budgets.servers.day_usd": "in place of `server`, by Discord id",
    "budgets.servers.zone": "the server's own",
    "limits.max_iterations": "rounds of work and checks of a run; with 1 a red run is not repaired",
    "repositories.max_iterations": "the same for its runs; left out, that of `limits`",
    "repositories.setup": "[steps](../how-to/get-dependencies-ready.md) that make its dependencies ready",
    "repositories.setup_hosts": "names that set-up may reach, such as `[registry.npmjs.org]`",
    "repositories.secrets": "variables by name, each with who gets it: `{NPM_TOKEN: [setup], DB_URL: [checks, agent]}`",
    "repositories.attached_secrets": "secrets that the proxy [adds to requests to one host]"
    "(../how-to/give-an-agent-a-secret.md#for-requests-to-one-host): `{secret: NPM_TOKEN, host: npm.example.com, to: "
    "[agent]}`",
    "repositories.guard.plan": "whether files that neither plan nor review names go back to the agent, once each",
    "repositories.services": "servers beside checks and agent, such as `[postgres, redis]`: "
    "[give checks a database](../how-to/give-checks-a-database.md)",
    "repositories.forge": "where a run opens its pull request; [how](../how-to/get-a-pull-request.md)",
    "repositories.publish.approve": "`draft_first`: an approver marks the draft ready; `always`: one allows the push",
    "repositories.publish.draft": "drafts are those that are not verified, or `always` all of them",
    "repositories.publish.without_drafts": "no drafts there: `branch` keeps what is unverified here, `open` says so",
    "repositories.publish.red": "a result whose checks failed: its branch here, or `draft`; its run has failed in both",
    "repositories.publish.labels": "labels that exist there",
    "repositories.publish.reviewers": "who is asked to review, by login; a team as `organisation/team`",
    "repositories.publish.most_unread": "so many of ours may be open unread; a run beyond it waits: "
    "[how](../how-to/work-with-reviews.md#not-more-than-people-can-read)",
    "repositories.publish.assignee": "to whom it is assigned, by login",
    "repositories.publish.comment": "whether it has one comment with the verdict and what comes next",
    "repositories.guard.syntax": "whether changed files must [parse](../contracts/runs.md#guard); not in mode fast",
    "repositories.guard.secrets": "whether a secret in what a result adds ends its run",
    "repositories.guard.exempt": "paths that are not looked at, such as `[tests/samples/**]`",
    "repositories.guard.max_files": "files that a result may change",
    "repositories.guard.max_lines": "lines that a result may add",
    "repositories.guard.max_file_mib": "size of a file that a result adds or changes, in MiB",
    "audit.anchor_file": "where the [record's](../how-to/check-the-record.md) signed end is added each hour",
    "audit.keep_days": "days after which its rows move into files, a month at a time; 30 or more, none: never",
    "repositories.risk.commands": (
        "commands whose [class](risk-classes.md) is known better: `{command: docker compose up -d, risk: run}`"
    ),
    "repositories.risk.build_folders": "more names of folders whose content is made again",
    **{
        f"{group}{name}.by": "who [decides](../how-to/decide-who-may-approve.md) at least"
        for group in ("approvals.", "repositories.approvals.")
        for name in ("read", "write", "run", "network", "secret", "publish", "danger")
    },
    "repositories.modes": "modes that a run there may have; empty: all",
    "repositories.protected": "paths that no result may change, such as `[deploy/**]`",
    "voice": "who makes text of recordings, which then [become drafts](../how-to/speak-a-task.md): "
    "`{options: {provider: NAME, model: NAME}}`",
    "memory.embeddings": "who makes vectors for [the memory](../how-to/let-it-remember.md#find-by-meaning-too): "
    "`{address: http://127.0.0.1:8080/v1, model: NAME}`, or `{provider: NAME, model: NAME}`",
    "memory.backend": "the [memory of a package](../how-to/extend-ompycord.md#a-memory): `{kind: NAME, timeout_s: 2}` "
    "and its own options",
    "profile": "a set of defaults: `solo`, `team`, `server`",
    "task_presets.prompt": "put before what is written to `ompycord run --preset NAME`",
    "workspaces.results_days": "days for which ended runs keep result and diff; 0: as long as there is room",
    "workspaces.results_mib": "MiB of all of them; the oldest go first, "
    "[archived](../how-to/back-up.md#what-ended-runs-keep) where on no branch",
    "workspaces.results_dry_run": "what is due is only named, in the log and by `doctor`",
    "workspaces.setups": "set-ups of each repository that are kept",
}
"""What stands beside a setting whose name does not say it."""


def settings() -> str:
    """Every setting, its default and its variable."""
    lines = [
        "# Settings\n", MADE,
        "Command line > environment > `.env` > secret folder > `ompycord.yml` > profile > defaults. A setting's "
        "variable "
        "is `OMPYCORD_` and its name, `__` between levels. Every secret may also be given as a file, `NAME_FILE`. "
        "An empty value counts as absent.\n",
        "| setting | default | also |", "|---|---|---|",
    ]  # fmt: skip
    also = {".".join(path): f"`{name}`" for name, path in NAMED.items()} | SETTINGS_WORDS
    lines += [f"| `{key}` | {default} | {also.get(key, '')} |" for key, default in _settings(Settings, "")]
    lines += [
        "\nThe kind of an agent or of a forge adds options of its own:\n",
        "| setting | default | of kind |", "|---|---|---|",
        *(f"| `{key}` | {default} | {kinds} |" for key, default, kinds in _options_of_kinds()),
    ]  # fmt: skip
    lines += [
        "\nA profile is a set of defaults; whatever else is said goes before it.\n",
        "| profile | what it sets |",
        "|---|---|",
        *(f"| `{name}` | `{json.dumps(content)}` |" for name, content in PROFILES.items()),
        "\n`OMPYCORD_CONFIG` names another `ompycord.yml`; `OMPYCORD_SECRETS_DIR` a folder with one file a secret, "
        "named as its "
        "variable (`discord_token`, `omp_webhook_secret`). `ompycord config schema` prints the JSON schema for "
        "editors.",
    ]
    return "\n".join([*lines, ""])


def discord_commands() -> str:
    """Every slash command, its options and who may use it."""
    features = BotFeatures(cast("BotContext", None)).features  # assembling asks it nothing
    lines = [
        "# Discord commands\n", MADE,
        "In a server that is configured. `run` is a run's last characters; left out, it is this thread's run, else "
        "your latest. "
        "What a role may do, those above it may: viewer, runner, approver, admin.\n",
    ]  # fmt: skip
    known = [pair for feature in features for pair in feature.slash_commands()]
    for command, needs in sorted(known, key=lambda pair: pair[0].qualified_name):
        lines.append(f"## `/{command.qualified_name}`\n\n{command.description} Needs *{needs.word}*.\n")
        if command.parameters:
            lines.append("| option | what it is | values |\n|---|---|---|")
            lines += [
                f"| `{one.display_name}`{'' if one.required else '?'} | {one.description} "
                f"| {', '.join(f'`{choice.name}`' for choice in one.choices)} |"
                for one in command.parameters
            ]
            lines.append("")
    return "\n".join(lines)


def _options_of_kinds() -> Iterator[tuple[str, str, str]]:
    """What single kinds of agents and forges have: setting, default, kinds."""
    found: dict[tuple[str, str], list[str]] = {}
    for kind in AGENT_KINDS.all():
        for name, info in kind.options.model_fields.items():
            if name not in AgentSpec.model_fields:
                found.setdefault((f"agents.{name}", _default(info)), []).append(f"`{kind.name}`")
    for forge in FORGE_KINDS.all():
        for name, info in forge.options.model_fields.items():
            common = ForgeSpec.model_fields.get(name)
            if name != "kind" and (common is None or common.default != info.default):
                found.setdefault((f"repositories.forge.{name}", _default(info)), []).append(f"`{forge.name}`")
    yield from ((key, default, ", ".join(kinds)) for (key, default), kinds in found.items())


def _settings(model: type[BaseModel], prefix: str) -> Iterator[tuple[str, str]]:
    for name, info in model.model_fields.items():
        inner = _model(info.annotation)
        if inner is not None:
            yield from _settings(inner, f"{prefix}{name}.")
        else:
            yield f"{prefix}{name}", _default(info)


def _model(annotation: Any) -> type[BaseModel] | None:
    if inspect.isclass(annotation) and issubclass(annotation, BaseModel):
        return annotation
    if typing.get_origin(annotation) is dict:
        return _model(typing.get_args(annotation)[1])
    return None


def _default(info: FieldInfo) -> str:
    if info.is_required():
        return "*needed*"
    if info.default_factory is not None:
        return "*the platform's data folder*" if info.annotation is Path else "none"
    value = info.default
    if value in ((), None, {}, "") or isinstance(value, SecretStr):
        return "none"
    return f"`{value}`"


def _type(info: FieldInfo) -> str:
    return _plain(info.annotation).replace("|", "or")


def _plain(annotation: Any) -> str:
    origin, arguments = typing.get_origin(annotation), typing.get_args(annotation)
    if origin is typing.Annotated:
        return _plain(arguments[0])
    if origin in (types.UnionType, typing.Union):
        return " or ".join(_plain(part) for part in arguments if part is not type(None))
    if origin is typing.Literal:
        return ", ".join(f"`{value}`" for value in arguments)
    if origin is tuple:
        return f"list of {_plain(arguments[0])}"
    if origin is dict:
        return "object"
    names = {"str": "text", "int": "number", "float": "number", "bool": "true or false"}
    name = str(annotation.__name__)
    return names.get(name, name)


def _first(cls: type) -> str:
    return " ".join((inspect.getdoc(cls) or "").split("\n\n")[0].split())


PAGES: dict[str, Callable[[], str]] = {
    "events.md": events,
    "run-states.md": run_states,
    "task-flow.md": task_flow,
    "discord-commands.md": discord_commands,
    "problems.md": problems,
    "exit-codes.md": exit_codes,
    "settings.md": settings,
    "metrics.md": metrics,
}


def main() -> int:
    """Write every page."""
    for name, make in PAGES.items():
        (FOLDER / name).write_text(make(), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
