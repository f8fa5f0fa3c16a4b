"""Adds a secret to a request that the forward proxy passes on, and takes it out of the answer. Pure.

Which secret goes to which host is said in `domain/configuration/attached_secrets.py`. Counterpart of
`forward_proxy.py`. A tunnel never gets one: nothing is added to what is encrypted for another.
"""

import base64
import re
from collections.abc import Awaitable, Callable, Sequence
from typing import Final
from urllib.parse import quote

from ompycord.domain.configuration.attached_secrets import AttachedSecret
from ompycord.http.proxy.proxy_request import ProxyRefused, ProxyRequest

__all__ = ["FindSecret", "Masking", "git_variables", "header_of", "masked_forms", "rule_for", "with_header"]

FindSecret = Callable[[AttachedSecret], Awaitable[str | None]]
"""The value of a rule's secret for one run; None where there is none."""

_ECHOING: Final = (b"TRACE ", b"TRACK ")
"""Methods whose answer is the request (RFC 9110, 9.3.8)."""
_SENDABLE: Final = re.compile(r"[\x21-\x7e]+(?: +[\x21-\x7e]+)*")
_LEAST: Final = 8
"""Characters: a shorter value stands in answers by chance."""
_STAR: Final = b"*"


def rule_for(rules: Sequence[AttachedSecret], request: ProxyRequest) -> AttachedSecret | None:
    """The rule of exactly this host and port; None for a tunnel. Raises ProxyRefused for a request to be echoed."""
    if request.is_tunnel:
        return None
    found = next((one for one in rules if (one.name, one.port) == (request.host, request.port)), None)
    if found is not None and request.head.startswith(_ECHOING):
        raise ProxyRefused(403, f"Nothing that echoes a request goes to {found.host}, which gets a secret.")
    return found


def header_of(rule: AttachedSecret, value: str) -> bytes:
    """What the header holds. Raises ProxyRefused for a value that cannot be sent; the words do not have it."""
    text = value.strip()
    if len(text) < _LEAST or _SENDABLE.fullmatch(text) is None:
        words = f"is shorter than {_LEAST} characters, or has signs or lines that no header holds."
        raise ProxyRefused(502, f"The secret {rule.secret} {words}")
    return _basic(rule.git_user, text) if rule.git_user is not None else f"{rule.prefix}{text}".encode("ascii")


def with_header(head: bytes, name: str, value: bytes) -> bytes:
    """A head of `read_head` with this header in place of all of its name, and an answer asked for that is not packed.

    A packed answer could not be searched for the secret.
    """
    ours = {name.lower().encode("ascii"), b"accept-encoding"}
    lines = [line for line in head.removesuffix(b"\r\n\r\n").split(b"\r\n") if line.partition(b":")[0] not in ours]
    added = [name.lower().encode("ascii") + b": " + value, b"accept-encoding: identity"]
    return b"\r\n".join([*lines[:2], *added, *lines[2:], b"", b""])


def masked_forms(rule: AttachedSecret, value: str) -> tuple[bytes, ...]:
    """The forms of a secret that are taken out of an answer: as it is, as in an address, as in *Basic*."""
    text = value.strip()
    forms = [text.encode(), quote(text, safe="").encode(), base64.b64encode(text.encode())]
    if rule.git_user is not None:
        forms.append(_basic(rule.git_user, text).removeprefix(b"Basic "))
    return tuple(dict.fromkeys(forms))


def git_variables(rules: Sequence[AttachedSecret]) -> dict[str, str]:
    """What has git ask by http where a secret is added for it (git-config(1), *url.<base>.insteadOf*)."""
    hosts = [one.host for one in rules if one.git_user is not None]
    if not hosts:
        return {}
    found = {"GIT_CONFIG_COUNT": str(len(hosts))}
    for number, host in enumerate(hosts):
        found[f"GIT_CONFIG_KEY_{number}"] = f"url.http://{host}/.insteadOf"
        found[f"GIT_CONFIG_VALUE_{number}"] = f"https://{host}/"
    return found


class Masking:
    """Puts as many stars where one of the forms stands in a stream, so that no length changes."""

    def __init__(self, forms: Sequence[bytes]) -> None:
        self._forms = sorted(forms, key=len, reverse=True)
        self._kept = b""

    def feed(self, part: bytes) -> bytes:
        """What can be passed on; an end that may be the beginning of a form is kept."""
        text = self._kept + part
        for form in self._forms:
            text = text.replace(form, _STAR * len(form))
        kept = self._beginning(text)
        self._kept = text[len(text) - kept :]
        return text[: len(text) - kept]

    def rest(self) -> bytes:
        """What was kept, once nothing more comes."""
        kept, self._kept = self._kept, b""
        return kept

    def _beginning(self, text: bytes) -> int:
        """How many bytes at the end of a text are the beginning of a form."""
        most = min(len(text), len(self._forms[0]) - 1)
        return next((n for n in range(most, 0, -1) if any(f.startswith(text[-n:]) for f in self._forms)), 0)


def _basic(user: str, text: str) -> bytes:
    return b"Basic " + base64.b64encode(f"{user}:{text}".encode())
