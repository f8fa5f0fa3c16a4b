"""ssh with a repository's deploy key: this key and no other, and a host only by the keys that are pinned for it.

Nothing of the bot user's ssh counts then: neither its settings, its agent, its keys nor the hosts that it knows.
"""

import shlex
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from ompycord.domain.configuration.deploy_key import DeployKeySpec
from ompycord.domain.repository import RepositorySpec
from ompycord.errors import WorkspaceError

__all__ = ["why_refused_by_key", "with_deploy_key"]

_OPTIONS: Final = (
    "BatchMode=yes",
    "IdentitiesOnly=yes",
    "IdentityAgent=none",
    "PreferredAuthentications=publickey",
    "StrictHostKeyChecking=yes",
    "UpdateHostKeys=no",
    "GlobalKnownHostsFile=/dev/null",
    "ForwardAgent=no",
    "ConnectTimeout=30",
)
"""ssh_config(5)."""
_OPEN: Final = "ssh does not use its key, since others may read it. Run chmod 600 on the file of deploy_key.key_file."
_HOST: Final = (
    "its host has another key than the pinned ones, or none is pinned. Put the host's key into the file of "
    "deploy_key.known_hosts_file."
)
_NO_KEY: Final = (
    "the file of deploy_key.key_file holds no private key without a passphrase. Make one with ssh-keygen -N ''."
)
_REFUSED: Final = "its deploy key was refused. Add the public key to the repository there."
_WHY: Final = (
    ("unprotected private key", _OPEN),
    ("host key verification failed", _HOST),
    ("error in libcrypto", _NO_KEY),
    ("invalid format", _NO_KEY),
    ("permission denied (", _REFUSED),
)
"""What ssh says, in small letters, and what that means; the first that fits."""


def with_deploy_key(spec: RepositorySpec, data: Path) -> Mapping[str, str] | None:
    """What git gets to reach the repository; None for one without a deploy key. `data` is the data folder.

    Raises WorkspaceError, which names the setting, for a file that is not there.
    """
    key = spec.deploy_key
    if key is None:
        return None
    private, hosts = (_there(data, key, name) for name in ("key_file", "known_hosts_file"))
    words = ["ssh", "-F", "none", *(part for option in _OPTIONS for part in ("-o", option))]
    # Quoted for ssh, too, which splits names at spaces and reads % and ~ in them.
    words += ["-o", f'UserKnownHostsFile="{_for_ssh(hosts)}"', "-o", f'IdentityFile="{_for_ssh(private)}"']
    return {"GIT_SSH_COMMAND": shlex.join(words), "GIT_SSH_VARIANT": "ssh", "SSH_AUTH_SOCK": ""}


def why_refused_by_key(stderr: bytes) -> str:
    """What ssh said of the key, as the end of a sentence; empty for what is no matter of it."""
    text = stderr.decode("utf-8", "replace").lower()
    return next((words for mark, words in _WHY if mark in text), "")


def _there(data: Path, key: DeployKeySpec, name: str) -> Path:
    file = data / getattr(key, name)
    if not file.is_file():
        raise WorkspaceError(f"The file of deploy_key.{name} is not there. Put it into {file.parent}.")
    return file


def _for_ssh(file: Path) -> str:
    return str(file).replace("%", "%%").replace("\\", "\\\\").replace('"', '\\"')
