"""`ompycord memory`: look after what is remembered; see `app/remembering/operations.py`."""

import json
import stat
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from ompycord.cli.grouped_help import GroupedCommands, examples
from ompycord.cli.places import AsJson, DataDir, perform_here, settings_of
from ompycord.cli.tables import table

if TYPE_CHECKING:
    from ompycord.memory.measuring.measure import EmbedTexts

__all__ = ["memory"]

_READABLE: Final = 0o644
"""A new file of a repository, which others read."""

memory = typer.Typer(
    name="memory",
    help="Look after what is remembered of earlier work: status, import, export, reindex, eval.",
    no_args_is_help=True,
    cls=GroupedCommands,
)


@memory.callback()
def _group() -> None:
    """Look after what is remembered of earlier work."""


@memory.command("status", epilog=examples("memory status"))
def status(data_dir: DataDir = None, as_json: AsJson = False) -> None:
    """Show how much is remembered, whose vectors there are, and whether they answer."""
    found: dict[str, Any] = perform_here(data_dir, "memory.status", {})
    if as_json:
        typer.echo(json.dumps(found, indent=2))
        return
    typer.echo(", ".join(f"{number} {name}" for name, number in found["items"].items()))
    rows = [
        (
            one["model"],
            one["source"],
            str(one["numbers"]),
            str(one["version"]),
            f"{one['vectors']} of {one['items']}",
            "yes" if one["answers"] else "not yet",
        )
        for one in found["spaces"]
    ]
    if rows:
        typer.echo(table(("MODEL", "SOURCE", "NUMBERS", "VERSION", "ITEMS", "ANSWERS"), rows))
    typer.echo(found.get("fault") or _by_what(found))


def _by_what(found: dict[str, Any]) -> str:
    if found.get("embeddings") is None:
        return "No process works here: whether vectors answer is known while one does."
    if not found["embeddings"]:
        return "Found by words alone: memory.embeddings is not set."
    is_whole = any(one["answers"] for one in found["spaces"])
    return "Found by words and by vectors." if is_whole else "Found by words alone until every item has its vector."


@memory.command("reindex", epilog=examples("memory reindex"))
def reindex(
    embeddings: Annotated[
        bool, typer.Option("--embeddings", help="Make all vectors again too, in the background of `ompycord up`.")
    ] = False,
    data_dir: DataDir = None,
    as_json: AsJson = False,
) -> None:
    """Make the index of all words again, while runs go on, and compare it with the items."""
    done: dict[str, Any] = perform_here(data_dir, "memory.reindex", {"embeddings": embeddings})
    if as_json:
        typer.echo(json.dumps(done))
        return
    found = "The index was whole" if done["was_whole"] else "The index did not match its items"
    typer.echo(f"{found}; it was made again of {done['items']} items.")
    if done["vectors"] is not None:
        typer.echo(f"{done['vectors']} vectors are made again in the background; those of now answer until then.")


@memory.command("eval", epilog=examples("memory eval"))
def evaluate(
    repo: Annotated[Path, typer.Option("--repo", help="A git repository with a changelog.", metavar="PATH")],
    commits: Annotated[int, typer.Option(min=50, max=20_000, help="How much of its history: the last commits.")] = 2000,
    until: Annotated[str, typer.Option(help="The last commit that counts.", metavar="COMMIT")] = "HEAD",
    embeddings: Annotated[
        bool,
        typer.Option(
            "--embeddings", help="With vectors, too: commits and questions are sent to whom memory.embeddings names."
        ),
    ] = False,
    data_dir: DataDir = None,
    as_json: AsJson = False,
) -> None:
    """Measure how well things are found in the history of your repository, beside a plain search.

    Its commits are remembered, the entries of its changelog are asked. Nothing of it is kept.
    """
    from ompycord.app.remembering.evaluation import evaluate as evaluated

    found = evaluated(repo, commits, until, embed=_embed_by(data_dir) if embeddings else None)
    if as_json:
        typer.echo(json.dumps(found, indent=2))
        return
    names = ("recall_at_1", "recall_at_5", "recall_at_10", "reciprocal_rank")
    rows = [("memory", *(f"{found[name]:.3f}" for name in names), f"{found['search_ms']:.1f} ms")]
    rows.append(("plain search", *(f"{found['plain'][name]:.3f}" for name in names), f"{found['plain_ms']:.1f} ms"))
    if hybrid := found.get("hybrid"):
        rows.insert(
            0, ("words and vectors", *(f"{hybrid[name]:.3f}" for name in names), f"{found['hybrid_ms']:.1f} ms")
        )
    typer.echo(f"{found['questions']} questions about {found['commits']} commits; shares of those that are answered:")
    typer.echo(table(("", "IN 1", "IN 5", "IN 10", "MRR", "P95"), rows))
    typer.echo(f"In the first five: {found['recall_gain_points']:+.1f} points over the plain search.")
    if hybrid:
        typer.echo(
            f"Vectors: {found['hybrid_gain_points']:+.1f} points. Their time is without that for the question's own."
        )


def _embed_by(data_dir: Path | None) -> "EmbedTexts":
    """Vectors by the running process. Raises RefusedInWords where none runs, or it makes none."""
    from functools import partial

    from ompycord.app.remembering.vectors_of_texts import vectors_of

    perform = partial(perform_here, data_dir)
    most = perform("memory.status", {}).get("batch") or 1
    return lambda texts: vectors_of(texts, most, perform)


Repository = Annotated[str, typer.Option("--repository", help="The repository's name in the settings.", metavar="NAME")]
Guild = Annotated[
    str | None, typer.Option("--guild", help="The server's id; the only one of the settings if left out.", metavar="ID")
]


@memory.command("import", epilog=examples("memory import"))
def import_(
    file: Annotated[Path, typer.Argument(help="A file such as AGENTS.md.")],
    repository: Repository,
    guild: Guild = None,
    data_dir: DataDir = None,
    as_json: AsJson = False,
) -> None:
    """Propose what a file says, sentence by sentence. People keep or drop each: `/omp memory list which: proposed`."""
    try:
        text = file.read_text(encoding="utf-8", errors="replace")
    except OSError as error:
        raise typer.BadParameter(f"{file} cannot be read ({error.strerror})") from None
    request = {"guild": _guild(guild, data_dir), "repository": repository, "text": text}
    done: dict[str, Any] = perform_here(data_dir, "memory.import", request)
    if as_json:
        typer.echo(json.dumps(done))
        return
    decide = "In Discord: `/omp memory list which: proposed`."
    typer.echo(f"{done['proposed']} proposed, {done['known']} known already. {decide}")
    if done["secrets"]:
        lines = ", ".join(map(str, done["secrets"]))
        typer.echo(f"A secret was taken out of line {lines} and not stored. Change it: it stands in {file.name}.")


@memory.command("export", epilog=examples("memory export"))
def export(
    repository: Repository,
    output: Annotated[
        Path | None, typer.Option(help="Write it into this file, in the place of an earlier export.", metavar="FILE")
    ] = None,
    guild: Guild = None,
    data_dir: DataDir = None,
    as_json: AsJson = False,
) -> None:
    """Print what is remembered of a repository as a part of AGENTS.md: decisions, lessons, facts."""
    request = {"guild": _guild(guild, data_dir), "repository": repository}
    done: dict[str, Any] = perform_here(data_dir, "memory.export", request)
    if output is not None:
        from ompycord.files import replace_file
        from ompycord.render.memory.agents_file import with_part

        before = output.read_text(encoding="utf-8") if output.exists() else ""
        mode = stat.S_IMODE(output.stat().st_mode) if output.exists() else _READABLE
        replace_file(output, with_part(before, done["text"]), mode=mode)
    if as_json:
        typer.echo(json.dumps(done, ensure_ascii=False))
    else:
        typer.echo(done["text"] if output is None else f"{done['items']} items in {output}.")


def _guild(guild: str | None, data_dir: Path | None) -> str:
    if guild is not None:
        return guild
    known = settings_of(data_dir).discord.guilds
    return known[0] if len(known) == 1 else ""
