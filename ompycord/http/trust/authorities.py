"""The authorities whose certificates are believed: those of the machine, and the operator's own beside them.

There is no way to believe any certificate: no setting, and nothing in the environment. `workspaces/remote.py` has the
part of git.
"""

import ssl
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Final

from ompycord.errors import ConfigurationError
from ompycord.files import replace_file

__all__ = ["MACHINE", "Trust", "trust_of"]

_SETTING: Final = "tls.ca_file"
_BUNDLE: Final = "authorities.pem"
_LARGEST: Final = 4 * 1024 * 1024


@dataclass(frozen=True)
class Trust:
    """What clients of a process believe. Without `ca_file` each library has its own usual authorities."""

    ca_file: Path | None = None
    bundle: Path | None = None
    """The authorities of the machine and the own ones in one file, for programs that take only one."""

    @cached_property
    def verify(self) -> ssl.SSLContext | bool:
        """For httpx and aiohttp."""
        return True if self.ca_file is None else _context(self.ca_file)

    @property
    def context(self) -> ssl.SSLContext:
        """For a plain connection."""
        verify = self.verify
        return verify if isinstance(verify, ssl.SSLContext) else ssl.create_default_context()

    @property
    def for_git(self) -> dict[str, str]:
        """The variables by which git and git-lfs believe the same (git-config(1), *http.sslCAInfo*)."""
        return {} if self.bundle is None else {"GIT_SSL_CAINFO": str(self.bundle), "SSL_CERT_FILE": str(self.bundle)}


MACHINE: Final = Trust()
"""Where no setting names an authority."""


def trust_of(ca_file: Path | None, folder: Path) -> Trust:
    """The machine's authorities and those of `ca_file`; `folder` is the data folder, which gets the bundle.

    Raises ConfigurationError where the file is none.
    """
    if ca_file is None:
        return MACHINE
    file = folder / ca_file.expanduser()
    _context(file)
    own = file.read_text(encoding="ascii", errors="replace")
    bundle = folder / _BUNDLE
    whole = f"{_machines()}\n{own.strip()}\n"
    if not bundle.is_file() or bundle.read_text(encoding="utf-8", errors="replace") != whole:
        replace_file(bundle, whole)
    return Trust(file, bundle)


def _context(file: Path) -> ssl.SSLContext:
    context = ssl.create_default_context()
    try:
        context.load_verify_locations(_machines_file())
        if file.stat().st_size > _LARGEST:
            raise ConfigurationError(f"{_SETTING}: that file is too large to hold authorities")
        context.load_verify_locations(file)
    except (ssl.SSLError, ValueError):
        raise ConfigurationError(f"{_SETTING}: that file holds no certificate in PEM form") from None
    except OSError:
        raise ConfigurationError(f"{_SETTING}: that file cannot be read") from None
    return context


def _machines_file() -> Path:
    """Where the machine's authorities lie in one file; those that come with httpx where it has none."""
    known = Path(ssl.get_default_verify_paths().cafile or "/nonexistent")
    if known.is_file():
        return known
    import certifi  # only where an own authority is named

    return Path(certifi.where())


def _machines() -> str:
    return _machines_file().read_text(encoding="utf-8", errors="replace").strip()
