"""One forge with its routes: what the playground and the tests add to an application."""

import secrets
from collections.abc import Callable
from pathlib import Path

from aiohttp import web

from ompycord.playground.forge.forge import Forge
from ompycord.playground.forge.git_routes import GitRoutes
from ompycord.playground.forge.rest.api import ForgeRest

PREFIX = "/forge"
"""The part of the playground's address that is the forge's."""


class ForgeRoom:
    """Built once. The owner closes `forge`."""

    def __init__(self, folder: Path, *, origin: str, token: str, now: Callable[[], float]) -> None:
        self.forge = Forge(folder, web=f"{origin}{PREFIX}", token=token, now=now)
        self.is_ready = False
        """Whether its repository is there."""
        self.rest = ForgeRest(self.forge)
        self.git = GitRoutes(self.forge)

    def add_to(self, application: web.Application) -> None:
        self.rest.add_to(application, PREFIX)
        self.git.add_to(application, PREFIX)


def make_token() -> str:
    """A new token with the form of a fine-grained one."""
    return f"github_pat_{secrets.token_hex(11)}_{secrets.token_hex(29)}"
