"""`up`: one process from the first line of configuration to the last closed file, in order, whatever ends it.

docs/contracts/processes.md, *Order of start and end*; `services.py` has the order of what runs in between.
"""

import asyncio
import contextlib
import errno
from collections.abc import AsyncGenerator, Callable, Generator, Iterable, Mapping, MutableMapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, TypeVar, cast

from ompycord import __version__
from ompycord.app.connection.startup_probe import point_at_configured, report_missing
from ompycord.app.data_folder import DataFolder
from ompycord.app.known_secrets import KnownSecrets
from ompycord.app.outgoing.webhooks import webhook_secrets
from ompycord.app.services import Ends, Service
from ompycord.app.signals import Stop
from ompycord.app.supervision.notify_socket import NotifySocket
from ompycord.app.supervision.watchdog_pings import WatchdogPings, starting
from ompycord.app.system import SystemClock, keep_few_heaps, settle_process
from ompycord.app.wiring.parts import Parts
from ompycord.app.wiring.serving import serving
from ompycord.app.wiring.work import git_of
from ompycord.errors import Refused, StartError, StorageError, UnavailableError
from ompycord.settings import Settings, load_settings
from ompycord.store import make_database
from ompycord.store.mark import mark_path
from ompycord.telemetry import LogFile, configure_logging, get_logger

if TYPE_CHECKING:
    from ompycord.app.connection.local_discord import LocalDiscord

__all__ = ["start_errors", "up"]

ErrorT = TypeVar("ErrorT", bound=BaseException)

_DISK: Final = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EIO})
READY_S = 30.0
"""Seconds to wait for the first connection before the address is printed all the same."""
MIB = 1024 * 1024
POLL_S = 0.05

log = get_logger(__name__)


def up(
    *,
    environ: Mapping[str, str],
    folder: Path,
    overrides: Mapping[str, Any],
    announce: Callable[[str], None],
    has_new_database: bool = False,
) -> int:
    """Run until a signal; the exit code. Raises StartError for what keeps it from starting or continuing.

    `has_new_database`: it may begin with a new one, although the folder holds what belonged to another.
    """
    keep_few_heaps()
    settings = load_settings(environ=environ, folder=folder, overrides=overrides)
    data = DataFolder(settings.data_dir)
    stop = Stop()
    with data.lock(), stop.installed():
        data.require_database(may_be_new=has_new_database)
        if has_new_database:
            mark_path(data.database).unlink(missing_ok=True)
        make_database(data.database)
        if stop.is_set:
            return 0
        with start_errors(data):
            asyncio.run(_up(settings, data, environ, announce, stop))
    return 0


@contextlib.contextmanager
def start_errors(data: DataFolder) -> Generator[None]:
    """What ends the process from inside as one StartError; an `OmpycordError` of the block alone stays itself."""
    try:
        yield
    except* StartError as failure:
        raise _first(failure) from None
    except* Refused as failure:
        raise _first(failure) from None
    except* StorageError as failure:
        raise UnavailableError(str(_first(failure))) from None
    except* OSError as failure:
        error = _first(failure)
        if error.errno not in _DISK:
            raise
        raise UnavailableError(
            f"The disk of {data.path} is full or broken ({error.strerror}): free space on it or repair "
            "it, then start again."
        ) from None


def _first(group: BaseExceptionGroup[ErrorT]) -> ErrorT:
    first: ErrorT | BaseExceptionGroup[ErrorT] = group.exceptions[0]
    while isinstance(first, BaseExceptionGroup):
        first = cast("BaseExceptionGroup[ErrorT]", first).exceptions[0]
    return first


async def _up(
    settings: Settings, data: DataFolder, environ: Mapping[str, str], announce: Callable[[str], None], stop: Stop
) -> None:
    stop.attach()
    manager = NotifySocket.taken_from(environ if isinstance(environ, MutableMapping) else dict(environ))
    async with starting(manager, SystemClock()):
        await _begin(settings, data, environ, announce, stop, manager)


async def _begin(
    settings: Settings,
    data: DataFolder,
    environ: Mapping[str, str],
    announce: Callable[[str], None],
    stop: Stop,
    manager: NotifySocket,
) -> None:
    secret, is_new = _webhook_secret(settings, data)
    if is_new:
        announce(f"Webhook secret created (shown once): {secret}. It is kept in secrets/webhook_secret")
    if settings.discord.token is not None:
        token = settings.discord.token.get_secret_value()
        point_at_configured(settings.discord)
        known = _known_secrets(settings, data, environ, (token, secret))
        await _serve(settings, data, token, secret, stop, manager, known=known, announce=announce, local=None)
    else:
        async with local_playground(settings, data, environ) as (local, adapted):
            known = _known_secrets(adapted, data, environ, (local.info.bot_token, local.token, secret))
            await _serve(
                adapted,
                data,
                local.info.bot_token,
                secret,
                stop,
                manager,
                known=known,
                announce=announce,
                local=local,
            )


def _webhook_secret(settings: Settings, data: DataFolder) -> tuple[str, bool]:
    """The configured secret, or one of the data folder, made at the first start."""
    if settings.webhook.secret is not None:
        return settings.webhook.secret.get_secret_value(), False
    return data.secret("webhook_secret")


@contextlib.asynccontextmanager
async def local_playground(
    settings: Settings, data: DataFolder, environ: Mapping[str, str]
) -> AsyncGenerator[tuple["LocalDiscord", Settings]]:
    """Keep a local Discord for as long as the block runs.

    It deliberately survives a kill -9, and a bot that its page started and that cannot continue.
    """
    from ompycord.app.connection.local_discord import (
        open_local_discord,  # with a token none of it is needed (bench footprint)
    )
    from ompycord.app.connection.playground_mode import with_playground
    from ompycord.app.connection.sample_forge import with_forge
    from ompycord.workspaces.sample import make_sample

    local = await open_local_discord(data.playground, port=settings.playground.port)
    has_failed = False
    try:
        git = git_of(environ)
        sample, warning = await make_sample(data.path / "sample", git=git), None
        if settings.playground.pull_requests:
            sample, warning = await with_forge(sample, local.info, data, git)
        adapted = with_playground(settings, local.info, sample)
        adapted.note((*settings.warnings, *((warning,) if warning else ())))
        point_at_configured(adapted.discord)
        await local.register_bot()
        yield local, adapted
    except Exception:
        has_failed = True
        raise
    finally:
        if not (has_failed and local.was_there):
            await local.shut_down()


def _known_secrets(
    settings: Settings, data: DataFolder, environ: Mapping[str, str], secrets: Iterable[str]
) -> KnownSecrets:
    """The secrets that are known before anything is logged."""
    known = KnownSecrets(settings, data_folder=data.path, environ=environ)
    known.add((*secrets, *webhook_secrets(settings.notify, data.path).values()))
    return known


async def _serve(
    settings: Settings,
    data: DataFolder,
    token: str,
    secret: str,
    stop: Stop,
    manager: NotifySocket,
    *,
    known: KnownSecrets,
    announce: Callable[[str], None],
    local: "LocalDiscord | None",
) -> None:
    address = None if local is None else local.address
    log_file = settings.log.file and LogFile(
        path=data.path / settings.log.file, max_bytes=settings.log.max_mib * MIB, keep=settings.log.keep
    )
    configure_logging(
        level=settings.log.level, json_lines=settings.log.json_lines, redact=known.redactor.redact, file=log_file
    )
    for warning in settings.warnings:
        announce(f"  Look at     {warning}")
        log.warning("settings.warned", text=warning)
    async with serving(
        settings, data, token=token, secret=secret, known=known, stop=stop, port=settings.webhook.port
    ) as running:
        if local is not None:
            from ompycord.app.connection.sample_forge import receive_webhooks  # as above

            if (warning := await receive_webhooks(local, running.sidecar, settings, data)) is not None:
                announce(f"  Look at     {warning}")
                log.warning("playground.no_webhooks", text=warning)
        await _announce(running.parts, stop, announce, address=address, sidecar=running.sidecar)
        settle_process()
        if address is None:  # the playground allows its bot everything
            running.services.start(
                Service(name="startup-probe", run=lambda: report_missing(settings, token, announce), ends=Ends.WORK)
            )
        manager.ready(f"Serving at {running.sidecar}.")
        pings = WatchdogPings(manager=manager, answers=running.parts.store.answer, clock=SystemClock())
        running.services.start(Service(name="service-manager", run=pings.run, ends=Ends.RECORD))
        await stop.wait()
        log.info("up.ends")
        manager.stopping()


async def _announce(
    parts: Parts, stop: Stop, announce: Callable[[str], None], *, address: str | None, sidecar: str
) -> None:
    """Print the addresses once the bot can answer, or after 30 s.

    Discord may be down, and Ompycord works without it.
    """
    waited = 0.0
    while not parts.bot.is_ready and waited < READY_S and not stop.is_set:
        await asyncio.sleep(POLL_S)
        waited += POLL_S
    if stop.is_set:
        return
    announce(
        f"Ompycord {__version__} is up."
        if parts.bot.is_ready
        else f"Ompycord {__version__} is up; Discord does not answer yet."
    )
    if address is not None:
        announce(f"  Playground  {address}")
        announce("              A local Discord. Open it, choose #tasks, type /omp new.")
    announce(f"  Sidecar     {sidecar}")
    announce("  Stop        Ctrl+C, or ompycord down")
