"""`ompycord backup`: make, list, check, put back, prune; counterpart of the package `backup`."""

import contextlib
import json
from collections.abc import Generator
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ompycord.cli.grouped_help import GroupedCommands, examples
from ompycord.cli.places import AsJson, DataDir, settings_of
from ompycord.cli.tables import table
from ompycord.errors import Refused, RefusedInWords

if TYPE_CHECKING:
    from ompycord.app.data_folder import DataFolder
    from ompycord.backup.copies import Progress
    from ompycord.backup.place import BackupPlace, FoundBackup
    from ompycord.settings import Settings

__all__ = ["Folder", "KeyFileOption", "backup", "backup_places"]

backup = typer.Typer(
    name="backup",
    help="Back up and restore the data folder: create, list, verify, restore, prune, new-key.",
    no_args_is_help=True,
    cls=GroupedCommands,
)


class Unsent(StrEnum):
    """What becomes of messages that waited to be sent."""

    SEND = "send"
    DROP = "drop"


Folder = Annotated[
    Path | None, typer.Option(help="The folder of backups (default: backup.folder, or DATA_DIR/backups).")
]
KeyFileOption = Annotated[
    Path | None, typer.Option("--key-file", help="The key of encrypted backups (default: backup.key_file).")
]
Name = Annotated[str | None, typer.Argument(metavar="BACKUP", help="Its name, as `list` shows it.", show_default=False)]


@backup.command("create", epilog=examples("backup create"))
def create(
    folder: Folder = None,
    key_file: KeyFileOption = None,
    secrets: Annotated[bool, typer.Option("--secrets", help="Also the folder `secrets`.")] = False,
    data_dir: DataDir = None,
    as_json: AsJson = False,
) -> None:
    """Make a backup now, also while Ompycord works."""
    from ompycord import __version__
    from ompycord.app.backups.copies import StoreCopies
    from ompycord.app.system import SystemClock
    from ompycord.backup.create import make_backup

    settings, data, place = backup_places(data_dir, folder, key_file)
    with _alone(data) as is_alone, _progress(as_json) as progress:
        name = make_backup(
            data.path,
            place,
            copies=StoreCopies(),
            now=SystemClock().now_ms(),
            version=__version__,
            with_secrets=secrets or settings.backup.secrets,
            is_alone=is_alone,
            progress=progress,
        )
    read = place.read(name)
    made, key = read.manifest, None if read.key is None else read.key.id
    if as_json:
        typer.echo(json.dumps(_facts(name, made.model_dump(mode="json"), key), indent=2))
        return
    typer.echo(f"Made {name} in {place.path}: {made.rows['runs']} runs, {made.rows['events']} events.")
    if key is not None:
        typer.echo(f"Encrypted with the key {key[:8]} of {read.place.key_file}: without it nobody can read it.")
    if made.needs and not made.secrets:
        typer.echo(f"Without secrets: keep {data.path / 'secrets'} elsewhere, or give --secrets.")
    for one in made.damaged:
        typer.echo(f"The attached file {one[:12]} is damaged in the data folder, so it is not in it.")


@backup.command("list", epilog=examples("backup list"))
def list_(
    folder: Folder = None, key_file: KeyFileOption = None, data_dir: DataDir = None, as_json: AsJson = False
) -> None:
    """List the backups, the newest last."""
    _, _, place = backup_places(data_dir, folder, key_file)
    found = place.found()
    if as_json:
        typer.echo(json.dumps([_listed(one) for one in found], indent=2))
    elif not found:
        typer.echo(f"There is no backup in {place.path}. Make one: `ompycord backup create`.")
    else:
        head = ("NAME", "RUNS", "EVENTS", "SIZE", "SECRETS", "SCHEMA", "KEY", "")
        typer.echo(table(head, [_row(one) for one in found]))


@backup.command("verify", epilog=examples("backup verify"))
def verify(
    name: Name = None,
    restore_: Annotated[
        bool, typer.Option("--restore", help="Also put it into an empty folder on trial, and open it there.")
    ] = False,
    folder: Folder = None,
    key_file: KeyFileOption = None,
    data_dir: DataDir = None,
    as_json: AsJson = False,
) -> None:
    """Read every byte of a backup, the newest without a name. Exit code 1 where something is wrong."""
    from ompycord.app.backups.copies import StoreCopies
    from ompycord.backup.verify import drill
    from ompycord.backup.verify import verify as look_through

    _, _, place = backup_places(data_dir, folder, key_file)
    chosen = name or _newest(place)
    with _progress(as_json) as progress:
        if restore_:
            faults = drill(place, chosen, copies=StoreCopies(), progress=progress)
            _note(place, chosen, faults)
        else:
            faults = look_through(place, chosen, progress=progress)
    if as_json:
        typer.echo(json.dumps({"name": chosen, "faults": faults}, indent=2))
    else:
        for fault in faults:
            typer.echo(f"{chosen}: {fault}")
        if not faults:
            typer.echo(f"{chosen} is whole{', and opens' if restore_ else ''}.")
    if faults:
        raise typer.Exit(1)


def _note(place: "BackupPlace", name: str, faults: list[str]) -> None:
    """Keep how a trial of the newest went: alerts, `doctor` and the next trial go by it."""
    from ompycord.app.system import SystemClock
    from ompycord.backup.drills import note_drill

    now = SystemClock().now_ms()
    newest = place.newest(now=now)
    if newest is None or newest.name != name:
        return
    try:
        note_drill(place, at=now, backup=name, faults=faults)
    except OSError as error:
        typer.echo(f"How the trial went cannot be kept in {place.path} ({error.strerror}).", err=True)


@backup.command("restore", epilog=examples("backup restore"))
def restore(
    name: Annotated[str, typer.Argument(metavar="BACKUP", help="Its name, as `list` shows it.")],
    unsent: Annotated[
        Unsent | None, typer.Option(help="What becomes of messages that waited when it was made.")
    ] = None,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    folder: Folder = None,
    key_file: KeyFileOption = None,
    data_dir: DataDir = None,
    as_json: AsJson = False,
) -> None:
    """Put a backup in the place of what is in the data folder, which is moved aside. Ompycord must not run."""
    from ompycord.app.backups.copies import StoreCopies
    from ompycord.app.system import SystemClock
    from ompycord.backup.restore import missing_secrets
    from ompycord.backup.restore import restore as put_back

    _, data, place = backup_places(data_dir, folder, key_file)
    with data.lock():
        manifest = place.manifest(name)
        missing = missing_secrets(data.path, manifest)
        if missing and not as_json:
            typer.echo(
                f"Missing here and not in the backup: {', '.join(missing)}. Put them back, or they are made again."
            )
        if data.database.exists() and not yes:
            typer.confirm(f"Replace what is in {data.path} by {name}? It is moved aside, not deleted.", abort=True)
        with _progress(as_json) as progress:
            done = put_back(
                data.path,
                place,
                name,
                copies=StoreCopies(),
                unsent=None if unsent is None else unsent.value,
                now=SystemClock().now_ms(),
                progress=progress,
            )
    if as_json:
        facts = {"name": name, "moved_to": str(done.aside) if done.aside else None}
        typer.echo(json.dumps({**facts, "missing_secrets": done.missing, "lost_files": done.lost}, indent=2))
        return
    typer.echo(
        f"Restored {name}: {manifest.rows['runs']} runs, {manifest.rows['events']} events. Start it: `ompycord up`."
    )
    if done.aside is not None:
        typer.echo(f"What was there is in {done.aside}.")
    if done.lost:
        typer.echo(f"{len(done.lost)} attached files are lost: the backup has them no more.")


@backup.command("prune", epilog=examples("backup prune"))
def prune(
    keep: Annotated[int | None, typer.Option(min=1, help="How many stay (default: backup.keep).")] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would go.")] = False,
    folder: Folder = None,
    key_file: KeyFileOption = None,
    data_dir: DataDir = None,
    as_json: AsJson = False,
) -> None:
    """Remove the oldest backups, and attached files that no backup has any more."""
    from ompycord.app.system import SystemClock
    from ompycord.backup.prune import prune as remove

    settings, data, place = backup_places(data_dir, folder, key_file)
    done = remove(place, data.path, keep=keep or settings.backup.keep, now=SystemClock().now_ms(), dry_run=dry_run)
    if as_json:
        typer.echo(json.dumps({**done._asdict(), "dry_run": dry_run}, indent=2))
        return
    words = ", ".join(done.backups) or "no backup"
    files = f" and {done.contents} attached files" if done.contents else ""
    typer.echo(f"{'Would remove' if dry_run else 'Removed'} {words}{files}, {_mib(done.bytes)}.")


@backup.command("new-key", epilog=examples("backup new-key"))
def new_key(
    file: Annotated[
        Path | None, typer.Argument(metavar="FILE", help="Where to (default: backup.key_file).", show_default=False)
    ] = None,
    data_dir: DataDir = None,
    as_json: AsJson = False,
) -> None:
    """Make a key for encrypted backups. One that is there stays behind it and still opens the earlier ones."""
    from ompycord.backup.age.keys import KeyFile

    settings = settings_of(data_dir)
    path = file.expanduser() if file is not None else settings.backup.key_file
    if path is None:
        raise RefusedInWords("Say where the key is written: `ompycord backup new-key FILE`, or set backup.key_file.")
    path = path.absolute() if file is not None else settings.data_dir / path
    place = backup_places(data_dir, None, path)[2]
    place.require_apart()
    key, earlier = KeyFile(path).add()
    if as_json:
        typer.echo(json.dumps({"key": key.id, "file": str(path), "earlier": [one.id for one in earlier]}, indent=2))
        return
    typer.echo(f"Made the key {key.id[:8]} in {path}.")
    if settings.backup.key_file is None:
        typer.echo(f"Set it, so that backups are encrypted: `backup: {{key_file: {path}}}`. Then restart Ompycord.")
    if earlier:
        typer.echo(f"{len(earlier)} earlier in the same file, for the backups that were made with them.")
    typer.echo(
        "Copy this file to another machine now: without it nobody can restore an encrypted backup, and it is in none."
    )


def backup_places(
    data_dir: Path | None, folder: Path | None, key_file: Path | None
) -> "tuple[Settings, DataFolder, BackupPlace]":
    """Settings, data folder, and the folder of backups that is meant. Raises ConfigurationError."""
    from ompycord.app.backups.copies import place_of
    from ompycord.app.data_folder import DataFolder

    settings = settings_of(data_dir)
    data = DataFolder(settings.data_dir)
    given = {"folder": folder, "key_file": key_file}
    options = {name: path.expanduser().absolute() for name, path in given.items() if path is not None}
    return settings, data, place_of(settings.backup.model_copy(update=options), data.path)


@contextlib.contextmanager
def _alone(data: "DataFolder") -> Generator[bool]:
    """Whether no other process works with the folder; while the block runs, then none begins."""
    if data.is_locked:
        yield False
    else:
        with data.lock():
            yield True


@contextlib.contextmanager
def _progress(is_quiet: bool) -> "Generator[Progress]":
    """A bar on a terminal, nothing elsewhere."""
    from rich.console import Console
    from rich.progress import Progress as Bar

    console = Console(stderr=True)
    if is_quiet or not console.is_terminal:
        yield lambda what, done, total: None
        return
    with Bar(console=console, transient=True) as bar:
        task = bar.add_task("", total=None)
        yield lambda what, done, total: bar.update(task, description=what, completed=done, total=total)


def _newest(place: "BackupPlace") -> str:
    newest = place.newest()
    if newest is None:
        unread = [one.fault for one in place.found() if one.fault is not None]
        raise RefusedInWords(unread[-1]) if unread else _none(place)
    return newest.name


def _none(place: "BackupPlace") -> Refused:
    return RefusedInWords(f"There is no backup in {place.path}. Make one: `ompycord backup create`.")


def _facts(name: str, manifest: dict[str, Any], key_id: str | None) -> dict[str, Any]:
    words = ("app_version", "created_at", "schema_version", "last_event", "unsent", "rows", "needs", "damaged")
    facts = {word: manifest[word] for word in words}
    return {"name": name, **facts, "with_secrets": bool(manifest["secrets"]), "key": key_id}


def _listed(one: "FoundBackup") -> dict[str, Any]:
    if one.manifest is None:
        return {"name": one.name, "fault": one.fault, "key": one.key_id}
    return _facts(one.name, one.manifest.model_dump(mode="json"), one.key_id)


def _row(one: "FoundBackup") -> tuple[str, ...]:
    key = "-" if one.key_id is None else one.key_id[:8]
    if one.manifest is None:
        return (one.name, "-", "-", "-", "-", "-", key, one.fault or "")
    made = one.manifest
    size = sum(file.stored_size for file in made.files) + sum(content.size for content in made.contents)
    rows = (str(made.rows["runs"]), str(made.rows["events"]), _mib(size))
    return (one.name, *rows, "yes" if made.secrets else "no", str(made.schema_version), key, "")


def _mib(size: int) -> str:
    return f"{size / (1024 * 1024):,.1f} MiB"
