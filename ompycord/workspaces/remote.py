"""How git reaches a repository elsewhere: by the operator's proxy, ssh agent and credential helper; what refuses it.

Everything else that git does here sees nothing of the operator's (`git.py`). What an agent's programs do has no part in
this: it is the bot's own git that fetches.
"""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Final, Literal

from ompycord.errors import WorkspaceError
from ompycord.processes import Completed, Outcome
from ompycord.workspaces.git import Git
from ompycord.workspaces.ssh.deploy_key import why_refused_by_key

__all__ = ["NotReached", "Reach", "RemoteGit", "why_not_reached"]

_VARIABLES: Final = (
    *("HOME", "USER", "LOGNAME", "XDG_CONFIG_HOME", "SSH_AUTH_SOCK", "GIT_SSH_COMMAND", "GIT_ASKPASS"),
    *("http_proxy", "https_proxy", "all_proxy", "no_proxy", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY"),
    *("SSL_CERT_FILE", "SSL_CERT_DIR", "GIT_SSL_CAINFO", "GIT_SSL_CAPATH"),
)
"""What git and ssh get of the bot's own environment when they reach out (git(1), curl(1), ssh(1))."""
_SETTINGS: Final = re.compile(r"(?i)credential\.|http\.|url\.|core\.sshcommand$")
"""Settings of the operator's own git that decide how an address is reached (git-config(1))."""
_WAY: Final = re.compile(r"(?i)http\.(.*\.)?(proxy|ssl\w+|version|useragent)$")
"""Those of them that name neither a credential nor another address."""
_UNCHECKED: Final = re.compile(r"(?i)http\.(.*\.)?(sslverify|proxysslverify|schannelcheckrevoke)$")
"""Settings by which git would believe any certificate: they reach it from nowhere."""
_CHECKED: Final = "http.sslVerify=true"
_SSH: Final = "core.sshcommand"
_MOST_SETTINGS: Final = 200

_WHY: Final = (
    ("Host key verification failed", "ssh does not know its host yet. Connect to it once with ssh as the bot's user."),
    ("Permission denied (", "ssh was refused. Give the key of the bot's user access there, or start its ssh agent."),
    ("cannot run ssh", "ssh is not installed here. Install it, or use an https address."),
    ("Authentication failed", "its credentials were refused. Renew them in git's credential helper of the bot's user."),
    ("could not read Username", "it asks for credentials. Give the bot's user a credential helper, or use ssh."),
    ("could not read Password", "it asks for a password. Give the bot's user a credential helper, or use ssh."),
    ("error: 403", "access was refused (HTTP 403). Check the rights of the credentials, and the proxy."),
    ("error: 407", "the proxy asks for credentials (HTTP 407). Put them into HTTPS_PROXY."),
    ("Could not resolve proxy", "its proxy has no address. Check HTTPS_PROXY."),
    ("Could not resolve host", "its host has no address here. Check the name and this machine's network."),
    ("Connection refused", "its host refuses the connection. Check the address, its port, and the proxy."),
    ("Failed to connect", "its host does not answer. Check the address, this machine's network, and the proxy."),
    ("Connection timed out", "its host does not answer. Check the address, this machine's network, and the proxy."),
    ("certificate", "its certificate is not trusted here. Name its authority in tls.ca_file."),
    ("not found", "there is no repository at its address, or the bot's user may not see it."),
    ("does not exist", "there is no repository at its address, or the bot's user may not see it."),
    ("does not appear to be a git repository", "there is no repository at its address."),
)
"""What git, curl and ssh say in English (LC_ALL is C.UTF-8), and what that means; the first that fits."""
_REFUSED: Final = ("denied", "Auth", "read Username", "read Password", "403", "407")
"""In what they say where credentials are missing or refused."""

Reach = Literal["repository", "credentials", "tls"]
"""What keeps git from a repository elsewhere."""


class NotReached(WorkspaceError):
    """git did not get to an address."""

    def __init__(self, name: str, done: Completed, *, by_key: bool = False) -> None:
        """`by_key`: with a deploy key, of which the words are then."""
        super().__init__(f"{name} could not be fetched: {why_not_reached(done, by_key=by_key)}")
        self.kind: Reach = _kind(_known(done)[0])


class RemoteGit:
    """Starts git with what the operator's own git would have to reach an address."""

    def __init__(self, git: Git) -> None:
        self._git = git
        self._environ = {name: git.operator[name] for name in _VARIABLES if git.operator.get(name)}

    async def attempt(
        self,
        *arguments: str,
        cwd: Path,
        marker: str | None = None,
        timeout_s: float,
        more_env: Mapping[str, str] | None = None,
        settings: tuple[str, ...] = (),
        is_operator: bool = True,
    ) -> Completed:
        """How git ended. Raises ProcessFailed where git is not installed.

        `is_operator`: with the operator's own credentials; otherwise only the way is theirs, such as the proxy.
        """
        wanted = _SETTINGS if is_operator else _WAY
        env = {**self._environ, **await self._operators_settings(cwd, wanted), **(more_env or {})}
        return await self._git.attempt(
            *arguments, cwd=cwd, marker=marker, env=env, timeout_s=timeout_s, settings=(_CHECKED, *settings)
        )

    async def _operators_settings(self, cwd: Path, wanted: "re.Pattern[str]") -> dict[str, str]:
        """Those that decide how an address is reached, as git takes settings from its environment."""
        found: list[tuple[str, str]] = []
        for file in self._files:
            read = ("config", "--file", str(file), "--includes", "--null", "--list")
            listed = await self._git.attempt(*read, cwd=cwd, env=self._environ) if file.is_file() else None
            for entry in listed.stdout.decode("utf-8", "replace").split("\0") if listed is not None else ():
                name, _, value = entry.partition("\n")
                if wanted.match(name) and not _UNCHECKED.match(name):
                    found.append((name, value))
        numbered = {"GIT_CONFIG_COUNT": str(len(found[:_MOST_SETTINGS]))}
        for number, (name, value) in enumerate(found[:_MOST_SETTINGS]):
            numbered |= {f"GIT_CONFIG_KEY_{number}": name, f"GIT_CONFIG_VALUE_{number}": value}
        ssh = next((value for name, value in reversed(found) if name.lower() == _SSH), None)
        if ssh is not None and "GIT_SSH_COMMAND" not in self._environ:
            numbered["GIT_SSH_COMMAND"] = ssh  # else ours would win over it
        return numbered

    @property
    def _files(self) -> tuple[Path, ...]:
        """Where the operator's git has its settings, the weakest first (git-config(1), *FILES*)."""
        home = Path(self._environ.get("HOME", "/nonexistent"))
        own = Path(self._environ.get("XDG_CONFIG_HOME", home / ".config"))
        return (Path("/etc/gitconfig"), own / "git/config", home / ".gitconfig")


def why_not_reached(done: Completed, *, by_key: bool = False) -> str:
    """What kept git from an address, and what to do, as the end of a sentence; never git's words, which repeat it."""
    return (why_refused_by_key(done.stderr) if by_key else "") or _known(done)[1]


def _known(done: Completed) -> tuple[str, str]:
    """What git said of all that is known, empty for nothing, and what it means."""
    if done.outcome is Outcome.WALL_TIMEOUT:
        return "", "it took too long. Check this machine's network, and the size of the repository."
    text = done.stderr.decode("utf-8", "replace")
    unknown = f"git ended with exit code {done.exit_code}. Try `git ls-remote` with it as the bot's user."
    return next(((mark, words) for mark, words in _WHY if mark.lower() in text.lower()), ("", unknown))


def _kind(mark: str) -> Reach:
    if mark == "certificate":
        return "tls"
    return "credentials" if any(word in mark for word in _REFUSED) else "repository"
