"""What a refusal of Gitea or Forgejo means and what to do about it, in words; pure.

What both forges refuse alike is in `github_faults.py`.
"""

import re
from collections.abc import Mapping
from http import HTTPStatus
from typing import Final

from ompycord.domain.configuration.forge_options import ForgeSpec
from ompycord.errors import ForgeFailed
from ompycord.forge.client import RestDialect
from ompycord.forge.github_answers import Complaint
from ompycord.forge.github_faults import ARCHIVED, EXISTS, NO_COMMITS, fault_of, quoted

__all__ = ["GITEA", "gitea_fault"]

_SCOPES: Final = re.compile(r"required=\[([a-z:, ]{1,100})\]")
"""The scopes that a token lacks, as Gitea and Forgejo write them into a refusal."""


def gitea_fault(
    status: int, headers: Mapping[str, str], complaint: Complaint, spec: ForgeSpec, *, head: str = "", base: str = ""
) -> ForgeFailed:
    """The refusal as an error with words. `head` and `base`: the branches of a pull request that was to be opened."""
    name = spec.repository
    text = " ".join(complaint.words).lower()
    if status == HTTPStatus.LOCKED or (status == HTTPStatus.FORBIDDEN and "archived" in text):
        return ForgeFailed("archived", ARCHIVED.format(repository=name))
    if status == HTTPStatus.FORBIDDEN:
        return ForgeFailed("permission", _forbidden(text, spec))
    if status in {HTTPStatus.NOT_FOUND, HTTPStatus.GONE}:
        return _missing(spec, head=head, base=base)
    if status == HTTPStatus.CONFLICT and head:
        return ForgeFailed("exists", EXISTS.format(repository=name, head=head))
    if status == HTTPStatus.UNPROCESSABLE_ENTITY:
        if "no changes between" in text:
            return ForgeFailed("no_commits", NO_COMMITS.format(repository=name, head=head))
        return ForgeFailed("invalid", f"{name}: the forge refused it{quoted(complaint)}.")
    return fault_of(status, headers, complaint, spec, head=head, base=base)


def _forbidden(text: str, spec: ForgeSpec) -> str:
    found = _SCOPES.search(text)
    if found is not None:
        return f"{spec.repository}: the token lacks {found[1]}. Make one with {spec.rights.least}."
    return f"{spec.repository}: the token may not do that. Give it {spec.rights.to_give}."


def _missing(spec: ForgeSpec, *, head: str, base: str) -> ForgeFailed:
    if head:
        words = f"{spec.repository} has no branch {base}, or not {head} yet. Name a base that is there, or retry."
        return ForgeFailed("base", words)
    return ForgeFailed(
        "not_found",
        f"{spec.repository} is not there, or the token's account may not see it. Check forge.repository, and let that"
        " account into the repository.",
    )


GITEA: Final = RestDialect({"accept": "application/json"}, gitea_fault)
