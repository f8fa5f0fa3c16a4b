"""The line of `doctor` about files with old events and old rows of the record; counterpart of `retention_line`."""

from pathlib import Path
from typing import Final

from ompycord.app.data_folder import DataFolder
from ompycord.app.findings import Finding, fail, ok, warn
from ompycord.app.retention.keeper import unreadable_months, unreadable_rows
from ompycord.app.team.unreached import read_unreached
from ompycord.errors import StartError
from ompycord.render.phrases import and_list, count
from ompycord.store.archive.listing import archived_files, record_files

__all__ = ["archive_finding"]

_NAME: Final = "Archive"
_NONE: Final = "all is in the database"
_UNREAD: Final = "not looked at, since the database cannot be read."
_SHOWN: Final = 5


def archive_finding(path: Path, *, database: Finding) -> Finding:
    """Whether every file is there and whole. Blocks, and reads every byte of them.

    `database` is what was found of the database: one that is not whole is not opened.
    """
    data = DataFolder.at(path)
    if data is None:
        return ok(_NAME, _NONE)
    if database.status == "fail":
        return warn(_NAME, _UNREAD, "")
    try:
        files = archived_files(path, data.database)
        record = record_files(path, data.database)
        unreached = read_unreached(path)
    except StartError:
        return warn(_NAME, _UNREAD, "")
    except OSError as error:
        return fail(_NAME, f"`erased_unreached` cannot be read ({error.strerror}).", "Check who owns the data folder.")
    wrong = unreadable_months(files)
    if wrong:
        months = and_list([f"{month} is {state.value}" for month, state in wrong.items()], most=_SHOWN)
        return fail(_NAME, f"the file of {months}: runs of then cannot be shown.", "ompycord archive restore")
    lost = unreadable_rows(record)
    if lost:
        rows, state = next(iter(lost.items()))
        return fail(_NAME, f"the file of {rows} is {state.value}.", "ompycord archive restore")
    there = {*(one.archived.month for one in files), *(one.file.named for one in record)}
    back = sorted(one for one in unreached if one.of in there)
    if back:
        text = f"the file of {back[0].of} is back and may name {back[0].pseudonym}, who was erased meanwhile."
        return warn(_NAME, text, "ompycord person erase ID --name NAME")
    number = len(files) + len(record)
    return ok(_NAME, f"{count(number, 'file')}, all whole" if number else _NONE)
