"""Where a playground is: its address, the run file by which it is found, and how one is started."""

import json
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

__all__ = ["Address", "RunFile", "command_line", "read_run_file"]


@dataclass(frozen=True, kw_only=True)
class Address:
    """A port of 127.0.0.1 and the token that its answers need."""

    port: int
    token: str

    @classmethod
    def from_line(cls, line: str | bytes) -> Self:
        """The address in the line that a started playground prints. Raises ValueError for any other line."""
        return cls.from_object(json.loads(line))

    @classmethod
    def from_object(cls, found: Any) -> Self:
        """The address in a JSON object with `port` and `token`. Raises ValueError for anything else."""
        match found:
            case {"port": int(port), "token": str(token)}:
                return cls(port=port, token=token)
            case _:
                raise ValueError("no address of a playground")

    @property
    def origin(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def page(self) -> str:
        """What a person opens; it carries the token."""
        return f"{self.origin}/?token={self.token}"


@dataclass(frozen=True, kw_only=True)
class RunFile:
    """`run.json` of a playground's folder. A killed playground leaves it behind, so only an answer proves it."""

    pid: int
    address: Address


def read_run_file(folder: Path) -> RunFile | None:
    """The run file of this playground's folder.

    None where there is none, it cannot be read, or it names another folder: a copied one must not take over the
    original's playground.
    """
    try:
        found: Any = json.loads((folder / "run.json").read_bytes())
        match found:
            case {"folder": named} if named != _identity(folder):
                return None
            case {"pid": int(pid)}:
                return RunFile(pid=pid, address=Address.from_object(found))
            case _:
                return None
    except (OSError, ValueError):
        return None


def _identity(folder: Path) -> dict[str, int]:
    """What tells a folder from its copies, as long as the playground of the run file's token runs in it."""
    status = folder.stat()
    return {"device": status.st_dev, "inode": status.st_ino}


def command_line(folder: Path, *, port: int) -> list[str]:
    """The arguments that start a playground with its state in `folder`; port 0 takes any free one."""
    return [sys.executable, "-m", "ompycord.playground", "--state", str(folder), "--port", str(port)]
