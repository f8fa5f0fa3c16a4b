"""The key by which git reaches one repository over ssh, as settings write it; counterpart of `workspaces/ssh/`."""

import re
from typing import Final

from ompycord.domain.base import Frozen
from ompycord.domain.configuration.written import WrittenPath

__all__ = ["DeployKeySpec", "require_ssh"]

_SSH: Final = re.compile(r"ssh://\S+|(?!-)[\w.-]+@[\w.-]+:\S+")


class DeployKeySpec(Frozen):
    """A key that opens this repository alone."""

    key_file: WrittenPath
    """The private key, without a passphrase, which the bot's user alone may read.

    A relative one lies in the data folder.
    """
    known_hosts_file: WrittenPath
    """The keys of its host, as `ssh-keyscan` prints them; a host with another key is refused."""


def require_ssh(key: DeployKeySpec | None, address: str | None) -> None:
    """Raises ValueError for a key whose address git does not reach by ssh."""
    if key is not None and _SSH.fullmatch(address or "") is None:
        raise ValueError("deploy_key needs an address of ssh, as ssh://git@host/path or git@host:path")
