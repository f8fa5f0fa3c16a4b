"""The part of our environment that a child of ours may have: an allow-list, so that what is not named stays here.

Agents, checks and git get even less (`workspaces/confinement/launcher.py`, `workspaces/git.py`).
"""

from collections.abc import Collection, Mapping
from typing import Final

__all__ = ["environment_of_child"]

_NAMES: Final = frozenset(
    {
        "PATH",
        "HOME",
        "USER",
        "LOGNAME",
        "SHELL",
        "LANG",
        "LANGUAGE",
        "TZ",
        "TERM",
        "NO_COLOR",
        "TMPDIR",
        "TEMP",
        "TMP",
        "PYTHONPATH",
        "PYTHONHOME",
        "PYTHONUNBUFFERED",
        "PYTHONDONTWRITEBYTECODE",
        "PYTHONHASHSEED",
        "PYTHONWARNINGS",
        "PYTHONUTF8",
        "PYTHONIOENCODING",
        "PYTHONTRACEMALLOC",
        "PYTHONASYNCIODEBUG",
        "PYTHONDEVMODE",
        "PYTHONPYCACHEPREFIX",
        "VIRTUAL_ENV",
        "LD_LIBRARY_PATH",
        "SYSTEMROOT",
        "SYSTEMDRIVE",
        "WINDIR",
        "COMSPEC",
        "PATHEXT",
        "USERPROFILE",
        "APPDATA",
        "LOCALAPPDATA",
        "PROGRAMDATA",
    }
)
_FAMILIES: Final = ("LC_", "XDG_", "COVERAGE_")


def environment_of_child(environ: Mapping[str, str], *, more: Collection[str] = ()) -> dict[str, str]:
    """The variables of `environ` that tell where programs, folders and texts are, and those that `more` names."""
    return {
        name: value
        for name, value in environ.items()
        if name.upper() in _NAMES or name.startswith(_FAMILIES) or name in more
    }
