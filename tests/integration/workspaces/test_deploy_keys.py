"""A repository over ssh by its deploy key alone: a real sshd, with a host that is pinned and one that is not."""

import asyncio
import getpass
import os
import shutil
import socket
import subprocess
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from ompycord.app.wiring.work import git_of
from ompycord.domain.repository import RepositorySpec
from ompycord.errors import WorkspaceError
from ompycord.workspaces.repositories import Repositories
from ompycord.workspaces.ssh.deploy_key import with_deploy_key
from tests.support.patience import patient, within

SSHD = shutil.which("sshd") or next((one for one in ("/usr/sbin/sshd",) if Path(one).exists()), None)
real_sshd = pytest.mark.skipif(SSHD is None, reason="sshd is not installed: Debian's openssh-server has it")
KEYS = {"key_file": "secrets/deploy", "known_hosts_file": "secrets/hosts"}


def keygen(file: Path) -> str:
    """A key pair; the public one."""
    file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    words = ("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "", "-f", str(file))
    subprocess.run(words, check=True, timeout=patient(20))
    return file.with_suffix(".pub").read_text().strip()


@dataclass
class Host:
    """An sshd that opens one repository to one key."""

    port: int
    data: Path
    """The data folder of Ompycord."""
    home: Path
    """That of the bot's user."""

    def repositories(self, **environ: str) -> Repositories:
        git = git_of({"PATH": os.environ["PATH"], "HOME": str(self.home), **environ})
        return Repositories(folder=self.data / "repositories", git=git)

    def spec(self, *, keyed: bool = True) -> RepositorySpec:
        address = f"ssh://{getpass.getuser()}@127.0.0.1:{self.port}/shop.git"
        return RepositorySpec.model_validate(
            {"name": "shop", "address": address, **({"deploy_key": KEYS} if keyed else {})}
        )


@pytest.fixture
async def host(tmp_path: Path) -> AsyncGenerator[Host]:
    async with serving(tmp_path) as found:
        yield found


def prepared(folder: Path) -> Host:
    """A repository with a branch, the key that opens it, and the settings of an sshd."""
    there, data, home = folder / "there", folder / "data folder", folder / "home"
    home.mkdir()
    host_key = keygen(there / "host")
    public = keygen(data / "secrets" / "deploy")
    repository = there / "shop.git"
    git(there, "init", "-q", "-b", "main", "--bare", str(repository))
    tree = git(repository, "hash-object", "-t", "tree", "-w", "/dev/null")
    git(repository, "update-ref", "refs/heads/main", git(repository, "commit-tree", tree, "-m", "one"))
    (there / "authorized").write_text(f'restrict,command="git-upload-pack {repository}" {public}\n')
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    (there / "config").write_text(
        f"Port {port}\nListenAddress 127.0.0.1\nHostKey {there / 'host'}\nPidFile none\nUsePAM no\nStrictModes no\n"
        f"AuthorizedKeysFile {there / 'authorized'}\nPasswordAuthentication no\nKbdInteractiveAuthentication no\n"
        "PermitRootLogin prohibit-password\n"
    )
    if os.geteuid() == 0:
        Path("/run/sshd").mkdir(mode=0o755, exist_ok=True)  # where sshd has no rights while it reads what is sent
    (data / "secrets" / "hosts").write_text(f"[127.0.0.1]:{port} {host_key}\n")
    return Host(port, data, home)


def git(folder: Path, *words: str) -> str:
    who = {"GIT_AUTHOR_NAME": "a", "GIT_AUTHOR_EMAIL": "a@b", "GIT_COMMITTER_NAME": "a", "GIT_COMMITTER_EMAIL": "a@b"}
    environ = {"PATH": os.environ["PATH"], "HOME": str(folder), **who}
    done = subprocess.run(("git", *words), cwd=folder, check=True, capture_output=True, env=environ)
    return done.stdout.decode().strip()


@asynccontextmanager
async def serving(folder: Path) -> AsyncGenerator[Host]:
    host = await asyncio.to_thread(prepared, folder)
    assert SSHD is not None
    words = (SSHD, "-D", "-e", "-f", str(folder / "there" / "config"))
    sshd = await asyncio.create_subprocess_exec(*words, stderr=asyncio.subprocess.PIPE)
    try:
        assert sshd.stderr is not None
        async with within(20):
            while b"Server listening" not in (line := await sshd.stderr.readline()):
                assert line, "sshd ended"
        yield host
    finally:
        sshd.terminate()
        await sshd.wait()


@real_sshd
async def test_its_key_opens_the_repository_and_nothing_of_the_bots_user_is_used(host: Host) -> None:
    """Its user's ssh would refuse: no key of it is known there, and neither is the host."""
    repositories = host.repositories(GIT_SSH_COMMAND="false", SSH_AUTH_SOCK="/nonexistent")
    await repositories.refresh(host.spec())
    source = await repositories.source(host.spec())
    assert await repositories.base_commit(host.spec(), source, "main")
    await repositories.listen(host.spec(), folder=host.data)
    with pytest.raises(WorkspaceError, match="ssh does not know its host"):
        await host.repositories().refresh(host.spec(keyed=False))
    assert not (host.home / ".ssh").exists()


@real_sshd
async def test_a_host_with_another_key_than_the_pinned_one_is_refused(host: Host) -> None:
    other = keygen(host.home / "another")
    for hosts in (f"[127.0.0.1]:{host.port} {other}\n", ""):
        (host.data / "secrets" / "hosts").write_text(hosts)
        with pytest.raises(WorkspaceError, match="Put the host's key into the file of deploy_key"):
            await host.repositories().refresh(host.spec())
        assert (host.data / "secrets" / "hosts").read_text() == hosts, "nothing is pinned by itself"


@real_sshd
async def test_a_key_that_is_not_known_there_others_may_read_or_is_none_has_its_words(host: Host) -> None:
    key = host.data / "secrets" / "deploy"
    key.chmod(0o644)
    with pytest.raises(WorkspaceError, match="chmod 600"):
        await host.repositories().refresh(host.spec())
    key.unlink()
    keygen(key)
    with pytest.raises(WorkspaceError, match="its deploy key was refused"):
        await host.repositories().refresh(host.spec())
    key.with_suffix(".pub").unlink()
    key.write_text("nothing\n")
    with pytest.raises(WorkspaceError, match="holds no private key"):
        await host.repositories().refresh(host.spec())
    key.unlink()
    with pytest.raises(WorkspaceError, match=r"The file of deploy_key\.key_file is not there"):
        await host.repositories().refresh(host.spec())


def test_it_stands_in_no_argument_of_git_and_in_no_other_environment(tmp_path: Path) -> None:
    """The path of the key is in the environment of the host's git alone, and its content nowhere."""
    (tmp_path / "secrets").mkdir()
    for name in ("deploy", "hosts"):
        (tmp_path / "secrets" / name).write_text("CANARY")
    spec = RepositorySpec.model_validate({"name": "shop", "address": "git@host:acme/shop.git", "deploy_key": KEYS})
    found = with_deploy_key(spec, tmp_path)
    assert found is not None
    assert "CANARY" not in "".join(found.values())
    assert "IdentitiesOnly=yes" in found["GIT_SSH_COMMAND"]
    assert with_deploy_key(spec.model_copy(update={"deploy_key": None}), tmp_path) is None


@pytest.mark.parametrize(
    ("address", "is_taken"),
    [
        ("ssh://git@host/acme/shop.git", True),
        ("git@host:acme/shop.git", True),
        ("https://host/acme/shop.git", False),
        ("-l@host:y", False),
        (None, False),
    ],
)
def test_only_an_address_of_ssh_has_one(address: str | None, is_taken: bool) -> None:
    written: dict[str, Any] = {"name": "shop", "deploy_key": KEYS}
    written |= {"path": "/srv/shop"} if address is None else {"address": address}
    if is_taken:
        assert RepositorySpec.model_validate(written).deploy_key is not None
    else:
        with pytest.raises(ValidationError, match="deploy_key needs an address of ssh"):
            RepositorySpec.model_validate(written)
