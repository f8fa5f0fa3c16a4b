"""What a machine on which others rely needs in addition.

It needs a user of its own, a real token, a sidecar behind a proxy, and logs for machines.
"""

import os
import tempfile
from pathlib import Path

from ompycord.app.findings import Finding, fail, ok, warn
from ompycord.settings import Settings

__all__ = ["production"]

LOOPBACK = ("127.", "::1", "localhost")


def production(settings: Settings) -> list[Finding]:
    """One line for each rule."""
    return [_user(), _token(settings), _secret(settings), _host(settings), _place(settings), _logs(settings)]


def _user() -> Finding:
    if hasattr(os, "geteuid") and os.geteuid() == 0:
        return fail("User", "running as root: an agent would be root too.", "Run it as its own user.")
    return ok("User", "not root")


def _token(settings: Settings) -> Finding:
    if settings.discord.token is None:
        return fail(
            "Token", "there is none: `up` would open the playground.", "Set DISCORD_TOKEN or DISCORD_TOKEN_FILE."
        )
    return ok("Token", "set")


def _secret(settings: Settings) -> Finding:
    if settings.webhook.secret is None:
        text = "it is made at the first start and kept in the data folder."
        return warn("Webhook secret", text, "Set OMP_WEBHOOK_SECRET_FILE, so that a new machine keeps it.")
    return ok("Webhook secret", "set")


def _host(settings: Settings) -> Finding:
    host = settings.webhook.host
    if host.startswith(LOOPBACK) or settings.webhook.hosts:
        return ok("Sidecar", f"listens on {host}")
    return warn(
        "Sidecar",
        f"listens on {host} and answers to loopback names only.",
        "Name the proxy's public names in webhook.hosts, or listen on 127.0.0.1.",
    )


def _place(settings: Settings) -> Finding:
    path = settings.data_dir.expanduser().absolute()
    if path.is_relative_to(Path(tempfile.gettempdir()).absolute()):
        return fail("Place", "the data folder lies where files are cleaned away.", "Set data_dir to a lasting place.")
    return ok("Place", "a lasting one")


def _logs(settings: Settings) -> Finding:
    if settings.log.json_lines:
        return ok("Logs", "JSON, one object a line")
    return warn("Logs", "are written for people.", "Set log.json: true for a program that collects them.")
