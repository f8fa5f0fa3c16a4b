"""`ompycord plugin`: what other distributions add: listed, begun, tried; counterpart of `app/plugins`."""

import asyncio
import json
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ompycord.cli.grouped_help import GroupedCommands, examples
from ompycord.cli.places import AsJson
from ompycord.cli.tables import table
from ompycord.errors import RefusedInWords

if TYPE_CHECKING:
    from ompycord.app.conformance import RuleVerdict

__all__ = ["plugin"]

plugin = typer.Typer(
    name="plugin",
    help="What other packages add, such as agents, notifiers, forges and memories: list, new, check.",
    no_args_is_help=True,
    cls=GroupedCommands,
)

Name = Annotated[str, typer.Argument(metavar="NAME", help="Its name: small letters, digits and _.")]


class PluginChoice(StrEnum):
    """What a plug-in adds."""

    AGENT = "agent"
    CHECK_PARSER = "check-parser"
    NOTIFIER = "notifier"
    FORGE = "forge"
    TRANSCRIBER = "transcriber"
    MEMORY = "memory"


@plugin.command("list", epilog=examples("plugin list"))
def list_(as_json: AsJson = False) -> None:
    """List every kind of plug-in there is, each with its package, and what cannot be used (then exit 1)."""
    from ompycord.app.plugins.listing import found_plugins

    found = found_plugins()
    if as_json:
        typer.echo(json.dumps([one.model_dump() for one in found], indent=2, ensure_ascii=False))
    else:
        rows = [(one.kind, one.name or "-", one.distribution or "-", one.fault or "ok") for one in found]
        typer.echo(table(("KIND", "NAME", "PACKAGE", "STATE"), rows))
    raise typer.Exit(1 if any(one.fault is not None for one in found) else 0)


@plugin.command("new", epilog=examples("plugin new"))
def new(
    kind: Annotated[PluginChoice, typer.Argument(help="What it adds.")],
    name: Name,
    folder: Annotated[
        Path | None, typer.Option(help="Where to write it (default: ompycord-NAME here).", show_default=False)
    ] = None,
) -> None:
    """Write a project that adds what you name; it works as it is, for you to change."""
    from ompycord.app.plugins.template import write_project
    from ompycord.errors import ConfigurationError

    to = (folder or Path(f"ompycord-{name.replace('_', '-')}")).expanduser().absolute()
    try:
        files = write_project(kind.value, name, to)
    except OSError as error:
        raise ConfigurationError(f"{to} cannot be written ({error.strerror}): name another one by --folder") from None
    for file in files:
        typer.echo(f"Written: {file}")
    then = "ompycord plugin list" if kind is PluginChoice.AGENT else f"ompycord plugin check {name}"
    typer.echo(f"Next: pip install {to}, then {then}")


@plugin.command("check", epilog=examples("plugin check"))
def check(name: Name, as_json: AsJson = False) -> None:
    """Try a plug-in against every rule that Ompycord relies on; a table. Exit 1: one is broken.

    An agent kind is tried with an agent of the settings: `ompycord conformance NAME`.
    """
    verdicts = _verdicts(name)
    broken = [one for one in verdicts if not one.kept]
    if as_json:
        body = {"plugin": name, "ok": not broken, "rules": [one.model_dump() for one in verdicts]}
        typer.echo(json.dumps(body, indent=2, ensure_ascii=False))
    else:
        rows = [(one.rule, "kept" if one.kept else "broken", " ".join(one.why.split())) for one in verdicts]
        typer.echo(table(("RULE", "VERDICT", "WHY"), rows))
        typer.echo(f"\n{name} keeps {len(verdicts) - len(broken)} of {len(verdicts)} rules.")
    raise typer.Exit(1 if broken else 0)


def _verdicts(name: str) -> "list[RuleVerdict]":
    from ompycord.agents.registry import AGENT_KINDS
    from ompycord.app.plugins.forge_rules import judge_forge
    from ompycord.app.plugins.memory_rules import judge_memory
    from ompycord.app.plugins.notifier_rules import judge_notifier
    from ompycord.app.plugins.parser_rules import judge_parser
    from ompycord.app.plugins.transcriber_rules import judge_transcriber
    from ompycord.checks.registry import CHECK_PARSERS
    from ompycord.forge.registry import FORGE_KINDS
    from ompycord.memory.backends.registry import MEMORY_BACKENDS
    from ompycord.notify.registry import NOTIFIER_KINDS
    from ompycord.voice.registry import TRANSCRIBER_KINDS

    if name in CHECK_PARSERS.names:
        return judge_parser(CHECK_PARSERS.get(name))
    if name in NOTIFIER_KINDS.names:
        return asyncio.run(judge_notifier(NOTIFIER_KINDS.get(name)))
    if name in FORGE_KINDS.names:
        return asyncio.run(judge_forge(FORGE_KINDS.get(name)))
    if name in TRANSCRIBER_KINDS.names:
        return asyncio.run(judge_transcriber(TRANSCRIBER_KINDS.get(name)))
    if name in MEMORY_BACKENDS.names:
        return asyncio.run(judge_memory(MEMORY_BACKENDS.get(name)))
    if name in AGENT_KINDS.names:
        how = "name one of that kind under agents, then `ompycord conformance` with its name."
        raise RefusedInWords(f"{name} is a kind of agent: {how}")
    raise RefusedInWords(f"No plug-in is named {name[:64]!r}: `ompycord plugin list` shows what is installed.")
