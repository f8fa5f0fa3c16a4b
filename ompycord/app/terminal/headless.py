"""Everything of `up` but Discord, for one run at a terminal where no process holds the data folder.

The bot is not started: what it would show waits in the outbox for the next `up`.
"""

import asyncio
import contextlib
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping
from typing import Any, Final

from ompycord.app.connection.playground_mode import with_rehearsal
from ompycord.app.control import Operation
from ompycord.app.data_folder import DataFolder
from ompycord.app.known_secrets import KnownSecrets
from ompycord.app.run import start_errors
from ompycord.app.signals import Stop
from ompycord.app.wiring.parts import Parts
from ompycord.app.wiring.serving import serving
from ompycord.app.wiring.work import git_of
from ompycord.settings import Settings
from ompycord.store import make_database
from ompycord.telemetry import LogFile, configure_logging
from ompycord.workspaces.sample import make_sample

__all__ = ["NO_SERVER", "conducting", "without_discord"]

NO_SERVER: Final = "0" * 18
"""Stands for a server where there is none; Discord gives no such id."""
_BOT: Final = "bot"
_MIB: Final = 1024 * 1024

Work = Callable[[Mapping[str, Operation], Stop], Awaitable[Any]]
"""What is done with the operations of the process until it returns, or the order to end comes."""


def without_discord(settings: Settings, data: DataFolder, environ: Mapping[str, str], work: Work) -> Any:
    """Hold the data folder, conduct runs, do `work`, end in order; the answer of `work`.

    Raises StartError, Refused; BusyError where another process holds the folder.
    """
    stop = Stop()
    with data.lock(), stop.installed():
        data.require_database(may_be_new=False)
        make_database(data.database)
        with start_errors(data):
            return asyncio.run(_conduct(settings, data, environ, work, stop))


async def _conduct(settings: Settings, data: DataFolder, environ: Mapping[str, str], work: Work, stop: Stop) -> Any:
    stop.attach()
    adapted = settings
    if settings.discord.token is None:  # as `up`, which opens a playground then
        local = settings.model_copy(update={"discord": settings.discord.model_copy(update={"guilds": (NO_SERVER,)})})
        adapted = with_rehearsal(local, await make_sample(data.path / "sample", git=git_of(environ)))
    async with conducting(adapted, data, environ, stop) as parts:
        return await work(parts.operations, stop)


@contextlib.asynccontextmanager
async def conducting(
    settings: Settings, data: DataFolder, environ: Mapping[str, str], stop: Stop
) -> AsyncGenerator[Parts]:
    """All services but the bot, at work while the block runs; the caller holds the data folder."""
    secret = settings.webhook.secret.get_secret_value() if settings.webhook.secret else data.secret("webhook_secret")[0]
    token = settings.discord.token.get_secret_value() if settings.discord.token else ""
    known = KnownSecrets(settings, data_folder=data.path, environ=environ)
    known.add((secret, token))
    file = LogFile(path=data.path / (settings.log.file or "run.log"), max_bytes=settings.log.max_mib * _MIB, keep=1)
    configure_logging(level="error", json_lines=settings.log.json_lines, redact=known.redactor.redact, file=file)
    async with serving(
        settings, data, token=token, secret=secret, known=known, stop=stop, port=0, without={_BOT}
    ) as running:
        yield running.parts
