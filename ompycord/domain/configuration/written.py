"""The words of settings: names, arguments, paths, hosts and limits as people write them in a file.

Counterpart of `repository.py` and `setup.py`, whose models are made of them.
"""

from pathlib import Path
from typing import Annotated, Final

from pydantic import AfterValidator, Field, StringConstraints

__all__ = [
    "OWN_VARIABLES",
    "Argument",
    "BaseUrl",
    "HostRule",
    "Mebibytes",
    "Processes",
    "Rounds",
    "Slug",
    "TreePath",
    "VariableName",
    "WrittenPath",
    "is_own_variable",
]

Slug = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9._-]{0,63}$")]


def _expanded(text: str) -> str:
    """A word of a command in which `~` or `~/` at its beginning is the home of the bot's user, as in a shell."""
    return str(_home_expanded(Path(text))) if text == "~" or text.startswith("~/") else text


def _home_expanded(path: Path) -> Path:
    try:
        return path.expanduser()
    except RuntimeError:
        raise ValueError("there is no such home folder: write the whole path") from None


Argument = Annotated[str, StringConstraints(min_length=1, max_length=4096), AfterValidator(_expanded)]
WrittenPath = Annotated[Path, AfterValidator(_home_expanded)]
"""A path in which `~` is the home of the bot's user."""
BaseUrl = Annotated[
    str, StringConstraints(pattern=r"^https?://[A-Za-z0-9.\-\[\]:]+(/[A-Za-z0-9._/-]*)?$", max_length=500)
]
"""The address of an API, without a query or a password."""
VariableName = Annotated[str, StringConstraints(pattern=r"^[A-Za-z_][A-Za-z0-9_]*$", max_length=128)]
HostRule = Annotated[
    str, StringConstraints(pattern=r"^(\*\.)?([a-z0-9-]{1,63}\.)*[a-z0-9-]*[a-z](:[1-9][0-9]{0,4})?$", max_length=260)
]
"""A name of a host, small letters; no address."""
Rounds = Annotated[int, Field(ge=1, le=100)]
Processes = Annotated[int, Field(gt=0, le=65_536)]
Mebibytes = Annotated[int, Field(gt=0, le=16 * 1024**2)]
OWN_VARIABLES: Final = ("DISCORD_", "OMP_", "OMPYCORD_")
"""How the variables begin that the bot reads (settings.py, `NAMED` and `PREFIX`)."""


def is_own_variable(name: str) -> bool:
    """Whether a variable is the bot's own, which is never given to a program of a run."""
    return name.upper().startswith(OWN_VARIABLES)


def _beneath(path: str) -> str:
    parts = path.split("/")
    if path.startswith("/") or "\\" in path or any(part in {"", ".", ".."} for part in parts) or parts[0] == ".git":
        raise ValueError("write a path below the repository's own folder, with / and without . and ..")
    return path


TreePath = Annotated[str, StringConstraints(min_length=1, max_length=512), AfterValidator(_beneath)]
"""A file or folder of the repository."""
