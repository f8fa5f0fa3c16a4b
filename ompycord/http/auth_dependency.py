"""What every reading route on FastAPI depends on: the key and its scope; counterpart of `auth_check.py`."""

from typing import Annotated

from fastapi import Path, Request

from ompycord.domain.records import Scope
from ompycord.http.auth_check import AuthCheck
from ompycord.http.authentication import header_map
from ompycord.http.keys import Key

__all__ = ["UlidPath", "reader"]

UlidPath = Annotated[str, Path(pattern=r"^[0-7][0-9A-HJKMNP-TV-Z]{25}$", description="The run's id from a 202 answer.")]


def reader(request: Request, auth_check: AuthCheck, *, scope: Scope = Scope.RUNS_READ) -> Key:
    """The key of a request that may read runs, or has the given scope.

    Raises Problem: too-many-failures, unauthorized, scope.
    """
    peer = request.client.host if request.client else None
    headers = header_map(request.scope["headers"])
    wait_s = auth_check.check_address(headers, peer=peer)
    key = auth_check.authenticate_request(headers, b"", peer=peer, wait_s=wait_s)
    auth_check.require(key, scope)
    return key
