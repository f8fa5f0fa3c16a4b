"""`ompycord policy`: the risk class of a command and who decides on it, without anything being run or asked.

Counterpart: `docs/reference/risk-classes.md`.
"""

import json
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ompycord.cli.grouped_help import GroupedCommands, examples
from ompycord.cli.places import AsJson, DataDir, settings_of
from ompycord.cli.tables import table

if TYPE_CHECKING:
    from ompycord.domain.catalog import Catalog

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
def show(repository: Repository = None, data_dir: DataDir = None, as_json: AsJson = False) -> None:
    """Show who decides on each risk class, as the settings are."""
    catalog = settings_of(data_dir).catalog
    if repository is not None:
        catalog.repository(repository)
    rows = _rows(catalog, repository)
    if as_json:
        typer.echo(json.dumps(rows, indent=2))
        return
    typer.echo(table(("class", "decides"), [(row["class"], row["decides"]) for row in rows]))
    if catalog.is_solo:
        typer.echo("One-person rule (profile: solo): one person decides on each class.")
    for rule in catalog.risk_of(repository).commands:
        typer.echo(f"Here `{rule.command}` is {rule.risk}.")


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
