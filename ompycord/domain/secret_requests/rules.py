"""Secrets that agents ask for: the names they may have, and values that can be kept out of all that is written; pure.

Counterpart: `conductor/secret_requests/`, which has people give them.
"""

import re
from typing import Annotated, Final

from pydantic import StringConstraints

from ompycord.domain.configuration.written import is_own_variable

__all__ = [
    "GIVEN",
    "LEAST_SECRET",
    "MOST_SECRET",
    "REFUSE",
    "SecretName",
    "given_for",
    "header_fault",
    "host_of",
    "name_fault",
    "value_fault",
]

GIVEN: Final = "given"
"""The answer to a request that was met; no answer ever holds the value."""
_FOR_HOST: Final = f"{GIVEN} for "
REFUSE: Final = "Refuse"
"""The other answer, and the only one that Discord takes."""
LEAST_SECRET: Final = 8
"""Characters: a shorter value stands in texts by chance, so it could not be taken out of them
(`text/secret_shapes.py`)."""
MOST_SECRET: Final = 8192
"""Characters: as many as the control socket takes in one line, whatever they are; a key of 8192 bits has 6,400."""
_LEAST_WORD: Final = 16
"""Letters: a shorter value of letters alone may be a word of any text."""
_HEADER_VALUE: Final = re.compile(r"[\x21-\x7e]+(?: +[\x21-\x7e]+)*")
_NAME: Final = r"^[A-Z][A-Z0-9_]{1,63}$"
SecretName = Annotated[str, StringConstraints(pattern=_NAME)]
"""The variable of the environment in which the agent gets it."""
_LEADING: Final = (
    *("LD_", "DYLD_", "GIT_", "PYTHON", "NODE_OPTIONS", "NODE_PATH", "BASH_", "PERL", "RUBY", "JAVA_", "_JAVA", "SSH_"),
    *("XDG_", "LC_", "GLIBC_", "MALLOC_", "NPM_CONFIG_", "PIP_", "UV_", "CARGO_", "RUST"),
)
_TAKEN: Final = frozenset(
    {"PATH", "HOME", "SHELL", "IFS", "ENV", "TMPDIR", "TMP", "TEMP", "LANG", "USER", "LOGNAME", "PWD", "OLDPWD",
     "EDITOR", "PAGER", "VISUAL", "BROWSER", "TERM", "PS1", "PS4", "CDPATH", "MAKEFLAGS", "CFLAGS", "LDFLAGS", "CC",
     "GOFLAGS", "GOPROXY", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY", "PROMPT_COMMAND", "HOSTALIASES"}
)  # fmt: skip
"""Variables that change what programs do."""


def name_fault(name: str) -> str | None:
    """Why no secret can have this name, as a sentence; None where it can."""
    if re.fullmatch(_NAME, name) is None:
        return "A secret has the name of a variable, in capitals, such as NPM_TOKEN."
    if is_own_variable(name) or name in _TAKEN or name.startswith(_LEADING):
        return f"{name} is no name for a secret, since programs read it for something else. Choose another."
    return None


def value_fault(value: str) -> str | None:
    """Why a value cannot be given as a secret, as a sentence; None where it can. The words never hold the value."""
    if not value.strip():
        return "It is empty."
    if "\0" in value or any("\ud800" <= sign <= "\udfff" for sign in value):
        return "It holds something that is no text."
    if len(value.strip()) < LEAST_SECRET:
        return f"It is shorter than {LEAST_SECRET} characters, so it could not be kept out of logs and messages."
    if value.strip().isalpha() and len(value.strip()) < _LEAST_WORD:
        return "It is one plain word, which other texts have too, so it could not be kept out of logs and messages."
    if len(value) > MOST_SECRET:
        return f"It is longer than {MOST_SECRET:,} characters."
    return None


def header_fault(value: str) -> str | None:
    """Why a header of a request cannot hold a value, as a sentence; None where it can."""
    if _HEADER_VALUE.fullmatch(value.strip()) is None:
        return "It has several lines, or signs that no header of a request holds."
    return None


def given_for(host: str) -> str:
    """The answer to a request that was met for requests to one host, as the settings write it."""
    return f"{_FOR_HOST}{host}"


def host_of(answer: str | None) -> str | None:
    """The host for which that answer gave it; None for any other answer."""
    return answer.removeprefix(_FOR_HOST) if answer is not None and answer.startswith(_FOR_HOST) else None
