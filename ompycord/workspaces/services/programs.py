"""The services that need no more than a name: where their programs lie, and how each is made, started and asked.

Programs are found on this machine, never fetched. Counterpart of `starting.py`.
"""

import os
import re
import shutil
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from ompycord.domain.configuration.services import KnownService, ServiceSpec

__all__ = ["KNOWN", "PYTHON", "ServiceKind", "Steps", "program_of"]

PYTHON: Final = "{python}"
"""In a command: the interpreter that runs Ompycord."""
_SYSTEM: Final = ("/usr/sbin", "/usr/local/sbin", "/sbin")
"""Folders of servers that are not in everybody's PATH."""
_POSTGRES: Final = Path("/usr/lib/postgresql")
"""Where Debian keeps PostgreSQL, a folder a version, with initdb beside the server and neither in the PATH."""
_QUIT: Final = 3
"""By SIGQUIT PostgreSQL ends at once, with its children."""
_STARTUP: Final = b"\0\x03\0\0user\0postgres\0database\0postgres\0\0"
"""StartupMessage (PostgreSQL, *Message Formats*): answered by `R` only once connections are taken."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Steps:
    """What is run for one start."""

    prepare: tuple[tuple[str, ...], ...] = ()
    command: tuple[str, ...]
    request: bytes = b""
    """What is sent to its port to learn whether it is ready."""
    expected: bytes = b""
    """What a service that is ready answers, from `at` on."""
    at: int = 0
    stop: int = 9
    """The signal that ends it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceKind:
    """One of them."""

    title: str
    programs: tuple[str, ...]
    beside: str | None
    """A program that makes its folder, in the folder of the server or in the PATH."""
    package: str
    """Debian's."""
    version: re.Pattern[str]
    """Finds it in what `--version` prints."""
    steps: Callable[[Path, Path | None, Path, int, bool], Steps]
    """`steps(program, beside, data, port, is_root)`."""
    variables: Mapping[str, str] = field(default_factory=dict[str, str])
    refuses_root: bool = False


def _postgres(program: Path, beside: Path | None, data: Path, port: int, is_root: bool) -> Steps:
    options = {
        "listen_addresses": "127.0.0.1",
        "port": str(port),
        "unix_socket_directories": "",
        "fsync": "off",  # what it holds is thrown away
        "synchronous_commit": "off",
        "full_page_writes": "off",
        "shared_buffers": "32MB",
    }
    made = (str(beside), "--pgdata", str(data), "--username=postgres", "--auth=trust", "--encoding=UTF8", "--locale=C")
    length = len(_STARTUP) + 4
    return Steps(
        prepare=((*made, "--no-sync"),),
        command=(str(program), "-D", str(data), *(f"--{name}={value}" for name, value in options.items())),
        request=length.to_bytes(4, "big") + _STARTUP,
        expected=b"R",
        stop=_QUIT,
    )


def _redis(program: Path, beside: Path | None, data: Path, port: int, is_root: bool) -> Steps:
    words = ("--bind", "127.0.0.1", "--port", str(port), "--dir", str(data), "--save", "", "--appendonly", "no")
    return Steps(command=(str(program), *words), request=b"PING\r\n", expected=b"+PONG")


def _mariadb(program: Path, beside: Path | None, data: Path, port: int, is_root: bool) -> Steps:
    user = ("--user=root",) if is_root else ()
    made = (str(beside), "--no-defaults", f"--datadir={data}", "--auth-root-authentication-method=normal", *user)
    options = ("--bind-address=127.0.0.1", f"--port={port}", "--socket=server.sock", "--pid-file=server.pid")
    return Steps(
        prepare=(made,),
        command=(str(program), "--no-defaults", f"--datadir={data}", *options, "--skip-name-resolve", *user),
        expected=b"\x0a",  # the version of the protocol, after four bytes of the packet's head; 0xff is an error
        at=4,
    )


KNOWN: Final[Mapping[KnownService, ServiceKind]] = {
    "postgres": ServiceKind(
        title="PostgreSQL",
        programs=("postgres",),
        beside="initdb",
        package="postgresql",
        version=re.compile(r"\(PostgreSQL\) (\S+)"),
        steps=_postgres,
        variables={
            "PGHOST": "{host}",
            "PGPORT": "{port}",
            "PGUSER": "postgres",
            "PGDATABASE": "postgres",
            "DATABASE_URL": "postgresql://postgres@{host}:{port}/postgres",
        },
        refuses_root=True,
    ),
    "redis": ServiceKind(
        title="Redis",
        programs=("redis-server", "valkey-server"),
        beside=None,
        package="redis-server",
        version=re.compile(r"v=(\S+)"),
        steps=_redis,
        variables={"REDIS_HOST": "{host}", "REDIS_PORT": "{port}", "REDIS_URL": "redis://{host}:{port}/0"},
    ),
    "mariadb": ServiceKind(
        title="MariaDB",
        programs=("mariadbd", "mysqld"),
        beside="mariadb-install-db",
        package="mariadb-server",
        version=re.compile(r"Ver (\S+?)(?:-MariaDB|\s)"),
        steps=_mariadb,
        variables={
            "MYSQL_HOST": "{host}",
            "MYSQL_TCP_PORT": "{port}",
            "MYSQL_URL": "mysql://root@{host}:{port}/test",
        },
    ),
}


def program_of(service: ServiceSpec, path: str) -> tuple[Path, Path | None] | None:
    """The program of a service, and the one that makes its folder; None where one of them is not here. Blocks."""
    wide = os.pathsep.join((path, *_SYSTEM))
    known = service.known
    if known is None:
        found = shutil.which(service.command[0].replace(PYTHON, sys.executable), path=wide)
        return None if found is None else (Path(found), None)
    spec = KNOWN[known]
    for at in _places(spec, wide):
        if spec.beside is None:
            return at, None
        beside = at.resolve().parent / spec.beside
        other = str(beside) if beside.is_file() else shutil.which(spec.beside, path=wide)
        if other is not None:
            return at.resolve(), Path(other)
    return None


def _places(spec: ServiceKind, wide: str) -> list[Path]:
    named = [Path(found) for name in spec.programs if (found := shutil.which(name, path=wide)) is not None]
    if "postgres" not in spec.programs or not _POSTGRES.is_dir():
        return named
    versions = sorted((one for one in _POSTGRES.iterdir() if one.name.isdigit()), key=lambda one: -int(one.name))
    return [*named, *(found for at in versions if (found := at / "bin/postgres").is_file())]
