"""What a refusal of GitHub means and what to do about it, in words; pure. Counterpart of `client.py`."""

import re
from collections.abc import Mapping
from http import HTTPStatus
from typing import Final
from urllib.parse import urlsplit

from ompycord.domain.configuration.forge_options import ForgeSpec
from ompycord.errors import ForgeFailed
from ompycord.forge.github_answers import Complaint, GraphError
from ompycord.text import clean, cut

__all__ = ["ARCHIVED", "EXISTS", "NO_COMMITS", "fault_of", "is_limited", "quoted", "refused_by_graph"]

_SENTENCE: Final = 200
_URL: Final = re.compile(r"url=(\S+)")

EXISTS: Final = (
    "{repository} has a pull request of {head} already that is not ours. It was left as it is: look at it there."
)
ARCHIVED: Final = "{repository} is archived and takes nothing. Unarchive it, or take forge out of it."
NO_COMMITS: Final = "{repository} has all of {head} on its base already, so there is nothing to propose."

_INVALID: Final = (
    (
        "a pull request already exists",
        "exists",
        EXISTS,
    ),
    (
        "no commits between",
        "no_commits",
        NO_COMMITS,
    ),
    (
        "draft pull requests are not supported",
        "no_drafts",
        "{repository} takes no drafts, and this result is not verified. Open the pull request by hand from {head}.",
    ),
    (
        "base",
        "base",
        "{repository} has no branch {base}, to which the result was proposed. Name one that is there as its base.",
    ),
    ("head", "head", "{repository} does not have the branch {head} yet. Retry in a moment."),
)
"""What a 422 says, in small letters, or the field that it names; the first that fits."""


def is_limited(status: int, headers: Mapping[str, str], complaint: Complaint) -> bool:
    """Whether the answer is a limit of requests, and not a lost permission."""
    if status == HTTPStatus.TOO_MANY_REQUESTS:
        return True
    if status != HTTPStatus.FORBIDDEN:
        return False
    words = " ".join(complaint.words).lower()
    is_spent = headers.get("x-ratelimit-remaining") == "0"
    return "retry-after" in headers or is_spent or "rate limit" in words or "abuse detection" in words


def fault_of(
    status: int, headers: Mapping[str, str], complaint: Complaint, spec: ForgeSpec, *, head: str = "", base: str = ""
) -> ForgeFailed:
    """The refusal as an error with words."""
    if status == HTTPStatus.UNAUTHORIZED:
        if spec.is_by_app:
            words = "the app was refused. Check forge.app.id, and put a key of that app into the file of its key_file."
            return ForgeFailed("authentication", f"{spec.repository}: {words}")
        return ForgeFailed(
            "authentication",
            f"{spec.repository}: the token was refused. It may have expired: make a new one, and put it into the file"
            " of forge.token_file.",
        )
    if status == HTTPStatus.FORBIDDEN:
        return _forbidden(headers, complaint, spec)
    if status in {404, 410}:
        return ForgeFailed(
            "not_found",
            f"{spec.repository} is not there, or the token may not see it. Check forge.repository, and select the"
            " repository in the token's settings.",
        )
    if status in {301, 302, 307, 308}:
        return ForgeFailed("moved", f"{spec.repository} has moved. Set forge.repository to its new name.")
    if status == HTTPStatus.UNPROCESSABLE_ENTITY:
        return _invalid(complaint, spec, head=head, base=base)
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        return ForgeFailed("unavailable", f"{spec.repository}: the forge does not work now ({status}). Retry later.")
    return ForgeFailed("refused", f"{spec.repository}: the forge answered {status}{quoted(complaint)}. Retry later.")


def _forbidden(headers: Mapping[str, str], complaint: Complaint, spec: ForgeSpec) -> ForgeFailed:
    words = " ".join(complaint.words).lower()
    if "archived" in words:
        return ForgeFailed("archived", ARCHIVED.format(repository=spec.repository))
    if sso := headers.get("x-github-sso", ""):
        found = _URL.search(sso)
        link = found[1] if found is not None and _is_own(found[1], spec) else ""
        where = f": {link}" if link else " in the token's settings"
        return ForgeFailed("sso", f"{spec.repository}: its organisation wants the token authorised for SSO{where}.")
    if "ip allow list" in words:
        return ForgeFailed("allow_list", f"{spec.repository}: its organisation does not allow this machine's address.")
    wanted = clean(headers.get("x-accepted-github-permissions", ""))
    named = f" It needs {cut(wanted, _SENTENCE)}." if wanted else ""
    return ForgeFailed(
        "permission",
        f"{spec.repository}: the token may not do that.{named} Give it Contents and Pull requests, read and write, for"
        " this repository.",
    )


def refused_by_graph(error: GraphError, spec: ForgeSpec) -> ForgeFailed:
    """What GraphQL refused, as an error with words."""
    if error.type in {"FORBIDDEN", "INSUFFICIENT_SCOPES"}:
        return _forbidden({}, Complaint(message=error.message), spec)
    return ForgeFailed("refused", f"{spec.repository}: the forge refused it{quoted(Complaint(message=error.message))}.")


def _is_own(link: str, spec: ForgeSpec) -> bool:
    parts = urlsplit(link)
    return parts.scheme == "https" and parts.hostname == urlsplit(spec.web_address).hostname


def _invalid(complaint: Complaint, spec: ForgeSpec, *, head: str, base: str) -> ForgeFailed:
    text = " ".join(complaint.words).lower()
    fields = {one.field for one in complaint.errors if not isinstance(one, str)}
    for mark, fault, words in _INVALID:
        if mark in text or mark in fields:
            return ForgeFailed(fault, words.format(repository=spec.repository, head=head, base=base))
    return ForgeFailed("invalid", f"{spec.repository}: the forge refused it{quoted(complaint)}.")


def quoted(complaint: Complaint) -> str:
    """What the forge said, with a colon before it."""
    message = " · ".join(complaint.words).rstrip(".")
    return f": {cut(clean(message), _SENTENCE)}" if message else ""
