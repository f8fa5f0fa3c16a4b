"""`ompycord policy`: the risk class of a command and who decides on it, without anything being run or asked.

Counterpart: `docs/reference/risk-classes.md`.
"""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ompycord.cli.grouped_help import GroupedCommands, examples
from ompycord.cli.places import AsJson, DataDir, perform_here, settings_of
from ompycord.cli.tables import table

if TYPE_CHECKING:
    from ompycord.domain.catalog import Catalog
    from ompycord.settings import Settings

__all__ = ["policy"]

policy = typer.Typer(
    name="policy",
    help="See what an agent would be asked for, and who decides: test, show.",
    no_args_is_help=True,
    cls=GroupedCommands,
)

Repository = Annotated[
    str | None, typer.Option(help="By the settings of this repository; left out, by the general ones.", metavar="NAME")
]


@policy.command("test", epilog=examples("policy test"))
def dry_run(
    command: Annotated[str, typer.Argument(help="A command as an agent would give it to a shell.")],
    repository: Repository = None,
    data_dir: DataDir = None,
    as_json: AsJson = False,
) -> None:
    """Say which risk class a command has, why, and who would decide on it. Nothing is run."""
    from ompycord.domain.risk.classify import judge_command
    from ompycord.render.approvals.deciding import decides_words
    from ompycord.render.phrases import sentence
    from ompycord.workspaces.reading.clone_texts import read_text_in

    catalog = settings_of(data_dir).catalog
    path = catalog.repository(repository).path if repository is not None else None
    read = read_text_in(path) if path is not None else dict[str, str]().get
    judged = judge_command(command, root=str(path or ""), rules=catalog.risk_of(repository), read=read)
    risk, why = judged.finding
    rule = catalog.rule_in(repository, risk)
    found: dict[str, Any] = {
        "class": risk.word, "because": why, "decides": decides_words(rule), "people": rule.people,
        "files": judged.sources,
    }  # fmt: skip
    if as_json:
        typer.echo(json.dumps(found, indent=2, ensure_ascii=False))
        return
    typer.echo(f"{risk.word}: {sentence(why)}")
    typer.echo(f"Decides: {decides_words(rule)}.")
    if judged.sources:
        typer.echo(
            f"What it means stands in {', '.join(judged.sources)}: permission for the run ends when that changes."
        )


@policy.command("show", epilog=examples("policy show"))
def show(
    repository: Repository = None,
    channel: Annotated[str | None, typer.Option(help="In this channel, by its Discord id.", metavar="ID")] = None,
    server: Annotated[
        str | None, typer.Option(help="In this server, by its Discord id; left out, the first one.", metavar="ID")
    ] = None,
    data_dir: DataDir = None,
    as_json: AsJson = False,
) -> None:
    """Show who may do what in one place: who has which role, what each may do, who decides on each risk class."""
    settings = settings_of(data_dir)
    catalog = settings.catalog
    if repository is not None:
        catalog.repository(repository)
    guild = server or next(iter(settings.discord.guilds), None)
    rows = _rows(catalog, repository)
    people = _people(settings, data_dir, guild=guild, repository=repository, channel=channel)
    actions = _actions()
    if as_json:
        may = [{"action": what, "needs": needs} for what, needs in actions]
        typer.echo(json.dumps({"classes": rows, "roles": people, "actions": may}, indent=2, ensure_ascii=False))
        return
    head = ("role", "who", "from")
    if people:
        typer.echo(table(head, [(one["role"], f"{one['kind']} {one['id']}", one["from"]) for one in people]))
    else:
        typer.echo("Nobody has a role here. Name somebody under `access` in ompycord.yml.")
    typer.echo()
    typer.echo(table(("may", "needs"), actions))
    typer.echo()
    typer.echo(table(("class", "decides"), [(row["class"], row["decides"]) for row in rows]))
    if catalog.is_solo:
        typer.echo("One-person rule (profile: solo): one person decides on each class.")
    for rule in catalog.risk_of(repository).commands:
        typer.echo(f"Here `{rule.command}` is {rule.risk}.")


def _people(
    settings: "Settings", data_dir: Path | None, *, guild: str | None, repository: str | None, channel: str | None
) -> list[dict[str, Any]]:
    """Who has which role there: by the settings, and by what admins gave at run time."""
    from ompycord.domain.roles.grants import RoleGrant, with_grants
    from ompycord.errors import OmpycordError
    from ompycord.render.team.who import role_rows

    try:
        given: list[dict[str, Any]] = perform_here(data_dir, "roles.grants", {})
    except OmpycordError:  # no database yet
        given = []
    found = [RoleGrant.model_validate(one) for one in given]
    grants = [one for one in found if one.guild == guild and one.name in {"", repository, channel}]
    access = settings.access if guild is None else with_grants(settings.access, grants, guild=guild)
    rows = role_rows(access.within(guild=guild, repository=repository, channel=channel), grants)
    return [
        {
            "role": row.role, "kind": row.kind, "id": row.id,
            "from": "settings" if row.grant is None else f"given by {row.grant.by_name} ({row.grant.by})",
        }
        for row in rows
    ]  # fmt: skip


def _actions() -> list[tuple[str, str]]:
    from ompycord.render.team.who import action_rows

    return action_rows()


def _rows(catalog: "Catalog", repository: str | None) -> list[dict[str, Any]]:
    from ompycord.domain.risk.classes import RiskClass
    from ompycord.render.approvals.deciding import decides_words

    rules = {risk.word: catalog.rule_in(repository, risk) for risk in RiskClass}
    return [
        {
            "class": name,
            "decides": decides_words(rule),
            "by": rule.by,
            "people": rule.people,
            "requester": rule.requester,
        }
        for name, rule in rules.items()
    ]
