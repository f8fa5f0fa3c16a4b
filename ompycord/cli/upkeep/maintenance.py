"""`ompycord down` and `ompycord migrate`: what is done to a data folder from outside.

Counterparts of `app/operations.py` and `store/migrations.py`.
"""

import asyncio

import typer

from ompycord.cli.places import DataDir, settings_of

__all__ = ["down", "migrate"]


def down(data_dir: DataDir = None) -> None:
    """End the Ompycord that works with this data folder, in order, and its playground.

    Runs are kept: the next `up` goes on with them.
    """
    from ompycord.app.data_folder import DataFolder
    from ompycord.app.operations import down as end

    folder = settings_of(data_dir).data_dir
    data = DataFolder.at(folder.expanduser().absolute())
    ended = [] if data is None else end(data)
    for line in ended or [f"Nothing runs with the data folder {folder}."]:
        typer.echo(line)


def migrate(data_dir: DataDir = None) -> None:
    """Bring the database to this version's schema.

    `up` does the same when it starts; a copy is kept beside the database.
    """
    from ompycord.app.data_folder import DataFolder
    from ompycord.app.system import SystemClock, SystemIds
    from ompycord.store import open_store
    from ompycord.store.migrations import find_migrations

    data = DataFolder(settings_of(data_dir).data_dir)

    async def open_and_close() -> None:
        async with open_store(data.database, clock=SystemClock(), ids=SystemIds(), readers=1):
            pass

    with data.lock():
        data.require_database()
        was_there = data.database.exists()
        copies = set(data.path.glob(f"{data.database.name}.before-*"))
        asyncio.run(open_and_close())
        made = sorted(set(data.path.glob(f"{data.database.name}.before-*")) - copies)
    last = find_migrations()[-1]
    typer.echo(f"{data.database} is at schema {last.version} ({last.name}){'' if was_there else ', and new'}.")
    for copy in made:
        typer.echo(f"The version from before is kept as {copy.name}.")
