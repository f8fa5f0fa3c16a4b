"""The one set of secret values that this process knows, and the redactor that takes them out of all that leaves it.

Counterpart of `text/redact.py`. Values come from settings, the environment, the data folder and the files that agents
are granted; what becomes known later, such as the key of a run, is added. Files are read again before an agent starts
and before its result is taken: an agent's own program may have renewed what is in them.
"""

import asyncio
import os
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final, cast

from pydantic import BaseModel, SecretStr

from ompycord.domain.repository import AgentSpec
from ompycord.settings import Settings
from ompycord.text import Redactor
from ompycord.text.known_values import KnownValues
from ompycord.text.secret_values import READ_BYTES, is_common, is_hidden, is_secret, password_in, values_in_file

__all__ = ["KnownSecrets"]

MOST_FILES: Final = 200
"""Files of one granted folder that are read."""
MOST_ENTRIES: Final = 20_000
"""Entries of one granted folder that are looked at."""
MOST_RUN_KEYS: Final = 256
_CREDENTIALS: Final = re.compile(
    r"(?i)auth|cred|token|secret|key|passw|oauth|session|netrc|npmrc|pypirc|hosts\.ya?ml$|\.env|\.pem$|\.p12$|^id_|"
    r"^config$|config\.(json|toml|ya?ml)$|^settings"
)
"""Names of files that hold credentials: of a granted folder only these are read."""

Named = tuple[str, str | bytes]


class KnownSecrets:
    """Values by where they come from. Nothing that is known is forgotten before the process ends."""

    def __init__(self, settings: Settings, *, data_folder: Path, environ: Mapping[str, str]) -> None:
        self.redactor = Redactor()
        self._settings = settings
        self._secrets = data_folder / "secrets"
        self._environ = environ
        self._run_keys: list[Named] = []
        self._given: list[Named] = []
        self.add(value for _, value in _in_settings(settings))
        self.add(password for text in environ.values() if (password := password_in(text)))
        for agent in settings.catalog.agents:
            self.add(value for _, value in self._variables(agent, shown=True))
        self.add(value for _, value in self._of_repositories())
        self._read()

    def add(self, values: Iterable[str]) -> None:
        """Know these values too; one that everybody writes is none."""
        for value in values:
            if not is_common(value):
                self.redactor.add((value, value.removeprefix("whsec_")))

    def add_run_key(self, name: str, value: str) -> None:
        """Know a variable that a run's agent gets beside the configured ones."""
        self.add([value])
        self._run_keys = [*self._run_keys[-MOST_RUN_KEYS + 1 :], (name, value)]

    def add_given(self, name: str, value: str) -> Sequence[str | bytes]:
        """Know a secret that a person gave the agent of a run: all forms of it, which are returned.

        Of one with several lines, such as a key or a file of a cloud, each line that looks like a secret is one too.
        """
        forms = tuple(dict.fromkeys((value, value.strip(), *values_in_file(value.encode()))))
        self.redactor.add(forms)
        self._given += [(name, form) for form in forms]
        return forms

    async def refresh(self) -> None:
        """Read again what may have changed: the data folder's secrets and the granted files."""
        await asyncio.to_thread(self._read)

    async def granted_to(self, agent: str) -> Callable[[str], str | None] | None:
        """What finds the secrets that this agent was given in a text, by the name of their variable or file.

        None where it was given none. For an agent that is not configured any more, those of all agents.
        """
        known = await asyncio.to_thread(self._granted_to, agent)
        return known.first if known else None

    async def keys_granted_to(self, agent: str) -> Callable[[str], str | None] | None:
        """What finds the keys among them, and no other content of granted files, nor the keys of runs that are over."""
        known = await asyncio.to_thread(self._granted_to, agent, is_whole=False)
        return known.first if known else None

    def _read(self) -> None:
        self.add(
            text for file in _files_in(self._secrets) if (text := _read(file).decode("utf-8-sig", "replace").strip())
        )
        self.add(text for file in self._token_files() if (text := _read(file).decode("utf-8", "replace").strip()))
        for agent in self._settings.catalog.agents:
            self.redactor.add(value for _, value in _in_granted_files(agent))

    def _token_files(self) -> Iterator[Path]:
        """Those of forges, and deploy keys."""
        for repository in self._settings.catalog.repositories:
            if repository.deploy_key is not None:
                yield self._secrets.parent / repository.deploy_key.key_file
            if repository.forge is not None:
                file = repository.forge.credential_file
                if file is not None:
                    yield self._secrets.parent / file

    def _granted_to(self, name: str, *, is_whole: bool = True) -> KnownValues:
        agents = self._settings.catalog.agents
        meant = [agent for agent in agents if agent.name == name] or agents
        values: list[Named] = [*self._run_keys, *self._given] if is_whole else [*self._given]
        values += self._of_repositories()
        for agent in meant:
            values += (*self._variables(agent, shown=False), *_in_granted_files(agent, is_whole=is_whole))
        return KnownValues(values)

    def _of_repositories(self) -> Iterator[tuple[str, str]]:
        """The secrets that repositories grant to programs of their runs; checks print theirs to the agent, too."""
        for repository in self._settings.catalog.repositories:
            for name in (*repository.secrets, *(one.secret for one in repository.attached_secrets)):
                if value := self._environ.get(name, ""):
                    yield name, value

    def _variables(self, agent: AgentSpec, *, shown: bool) -> Iterator[tuple[str, str]]:
        """What it gets by name: all that is hidden where it is `shown`, else what surely is a secret."""
        granted = {name: self._environ[name] for name in agent.grants.variables if name in self._environ}
        for name, value in {**granted, **agent.env}.items():
            if is_hidden(name, value) if shown else is_secret(name, value):
                yield name, value
            if password := password_in(value):
                yield name, password


def _in_settings(value: Any, name: str = "") -> Iterator[tuple[str, str]]:
    """Every secret setting, and the password of every address."""
    if isinstance(value, SecretStr):
        yield name, value.get_secret_value()
    elif isinstance(value, str):
        if password := password_in(value):
            yield name, password
    elif isinstance(value, BaseModel):
        for field in type(value).model_fields:
            yield from _in_settings(getattr(value, field), field)
    elif isinstance(value, Mapping):
        for key, inner in cast("Mapping[str, Any]", value).items():
            yield from _in_settings(inner, key)
    elif isinstance(value, tuple | list):
        for inner in cast("Iterable[Any]", value):
            yield from _in_settings(inner, name)


def _in_granted_files(agent: AgentSpec, *, is_whole: bool = True) -> Iterator[Named]:
    for grant in agent.grants.files:
        path = grant.expanduser()
        for file in [path] if path.is_file() else _files_in(path, named=_CREDENTIALS):
            for value in values_in_file(_read(file), is_whole=is_whole):
                yield f"the file {grant if file == path else grant / file.relative_to(path)}", value


def _files_in(folder: Path, *, named: "re.Pattern[str] | None" = None) -> Iterator[Path]:
    """The files below a folder, by name where a pattern is given; none where it is not there."""
    count = seen = 0
    for at, folders, files in os.walk(folder):
        folders.sort()
        for name in sorted(files):
            seen += 1
            if named is None or named.search(name):
                count += 1
                yield Path(at, name)
            if count >= MOST_FILES or seen >= MOST_ENTRIES:
                return


def _read(file: Path) -> bytes:
    """The beginning of a file; empty where it cannot be read, or is none."""
    try:
        if not file.is_file():
            return b""
        with file.open("rb") as opened:
            return opened.read(READ_BYTES)
    except OSError:
        return b""
