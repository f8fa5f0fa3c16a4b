"""What several commands ask for: the settings and the data folder of this call; counterpart of `ompycord.settings`."""

import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from ompycord.settings import Settings

__all__ = ["AsJson", "DataDir", "note_if_nothing_runs", "perform_here", "settings_of"]

DataDir = Annotated[Path | None, typer.Option(help="Data directory (default: as configured).")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON, for programs.")]


def settings_of(data_dir: Path | None) -> "Settings":
    """The settings as `up` in this folder would read them. Raises ConfigurationError."""
    from ompycord.settings import load_settings

    overrides: dict[str, object] = {} if data_dir is None else {"data_dir": data_dir}
    return load_settings(environ=os.environ, folder=Path.cwd(), overrides=overrides)


def perform_here(data_dir: Path | None, operation: str, arguments: dict[str, Any]) -> Any:
    """Ask the process that holds the data folder, or do it alone. Raises what the operation raises."""
    from ompycord.app.data_folder import DataFolder
    from ompycord.app.operations import perform

    settings = settings_of(data_dir)
    data = DataFolder(settings.data_dir)

    def redact(answer: Any) -> Any:
        from ompycord.app.known_secrets import KnownSecrets

        return KnownSecrets(settings, data_folder=data.path, environ=os.environ).redactor.redact_all(answer)

    return perform(data, operation, arguments, redact=redact)


def note_if_nothing_runs(data_dir: Path | None) -> None:
    """Where no process holds the data folder: what was shown of open runs is how they stood. On the error stream."""
    from ompycord.app.operations import is_running

    if not is_running(settings_of(data_dir).data_dir):
        words = "Ompycord is not running, so this is how it stood. `ompycord up` goes on with what is open."
        typer.echo(words, err=True)
