"""`ompycord emit`: from arguments to a line on disk, then a short try to send.

Counterpart of `spool.py` and `sender.py`. Runs in agents' hooks, so it loads neither the web server nor Discord, and
reads files of the working folder only when no key is given: that folder may be a foreign repository.
"""

import asyncio
import json
import os
import sys
import time
from collections.abc import Mapping
from datetime import UTC, datetime
from difflib import get_close_matches
from pathlib import Path
from typing import Annotated, Any, NamedTuple, NoReturn, cast

import typer
from pydantic import ValidationError

from ompycord.cli.emit.spool import Spool
from ompycord.cli.emit.target import DEFAULT_URL, Target, read_target
from ompycord.cli.places import DataDir
from ompycord.domain.events import EVENT_TYPES, SCHEMA, parse_body
from ompycord.domain.ids import new_ulid
from ompycord.errors import ConfigurationError, UnavailableError

__all__ = ["emit"]

SEND_S = 2.0
FLUSH_S = 60.0
MOST_BYTES = 240 * 1024
"""The sidecar takes 256 KiB; the rest is for what the spool adds."""
TEXTS = ("title", "text", "summary", "message")


class _SystemClock:
    """Satisfies `domain.ports.Clock`; the product's own belongs to `app`, which a hook must not load."""

    def now_ms(self) -> int:
        return time.time_ns() // 1_000_000

    def monotonic_s(self) -> float:
        return time.monotonic()

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)


class SpoolTarget(NamedTuple):
    """Where this call's events wait, and where they go."""

    spool: Path
    target: Target


def emit(
    type_: Annotated[
        str | None, typer.Argument(metavar="TYPE", help="Such as run.started, note, tool.finished.")
    ] = None,
    run: Annotated[str | None, typer.Option(help="What you call the run. Without it: OMPYCORD_RUN.")] = None,
    data: Annotated[str | None, typer.Option(help="The event's data as a JSON object.")] = None,
    file: Annotated[str | None, typer.Option(help="Read the data from this file; - is standard input.")] = None,
    title: Annotated[str | None, typer.Option(help="The data's title (run.started, tool.started).")] = None,
    text: Annotated[str | None, typer.Option(help="The data's text (note, message, prompt).")] = None,
    summary: Annotated[str | None, typer.Option(help="The data's summary (run.finished).")] = None,
    message: Annotated[str | None, typer.Option(help="The data's message (run.failed).")] = None,
    flush: Annotated[bool, typer.Option("--flush", help="Send everything that waits, as long as it takes.")] = False,
    revive: Annotated[bool, typer.Option("--revive", help="Put refused events back in line, then flush.")] = False,
    timeout: Annotated[float, typer.Option(min=0.1, max=86_400, help="Seconds that --flush may take.")] = FLUSH_S,
    data_dir: DataDir = None,
) -> None:
    """Report an event of a run. Exit 0: it is on disk and will arrive once, also when the sidecar is down now.

    Exit 1: the sidecar refused it; why is on standard error, and the event is kept for --revive.

    The event goes to OMPYCORD_URL (http://127.0.0.1:8787) with OMPYCORD_KEY: a key of `ompycord keys add`, or a signing
    secret. Without OMPYCORD_KEY it is OMP_WEBHOOK_SECRET, or what the data folder of this machine holds.
    """
    if flush or revive:
        if type_ is not None:
            _usage("--flush and --revive take no event.")
        place = find_place(_environ(data_dir), Path.cwd())
        raise typer.Exit(_flush(place, revive=revive, within_s=timeout))
    if type_ is None:
        _usage("Say which event: ompycord emit TYPE, such as run.started.")
    name = run or os.environ.get("OMPYCORD_RUN", "")
    if not 1 <= len(name) <= 128:  # noqa: PLR2004  # the envelope's own limit
        _usage("Say which run: --run NAME (1 to 128 characters), or OMPYCORD_RUN.")
    texts = dict(zip(TEXTS, (title, text, summary, message), strict=True))
    content = read_data(data, file, {key: value for key, value in texts.items() if value is not None})
    _require_known_shape(type_, content)
    place = find_place(_environ(data_dir), Path.cwd())
    spool = Spool(place.spool)
    now_ms = time.time_ns() // 1_000_000
    at = datetime.fromtimestamp(now_ms / 1000, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    webhook_id = new_ulid(now_ms=now_ms, entropy=os.urandom(10))
    spool.append(webhook_id=webhook_id, run=name, envelope={"schema": SCHEMA, "type": type_, "at": at, "data": content})
    _report_torn(spool)
    if not _send_shortly(spool, place.target):
        raise typer.Exit(1)


def _environ(data_dir: Path | None) -> Mapping[str, str]:
    """The environment, with the data folder that the command line names."""
    return os.environ if data_dir is None else {**os.environ, "OMPYCORD_DATA_DIR": str(data_dir)}


def find_place(environ: Mapping[str, str], folder: Path) -> SpoolTarget:
    """The spool and the target that the environment, or failing a key there the settings, name.

    Raises ConfigurationError.
    """
    key = environ.get("OMPYCORD_KEY", "").strip()
    url = environ.get("OMPYCORD_URL", "").strip()
    if key:
        from platformdirs import user_data_path

        data_folder = Path(environ.get("OMPYCORD_DATA_DIR", "").strip() or user_data_path("ompycord"))
        named = "OMPYCORD_KEY"
    else:
        from ompycord.settings import load_settings

        settings = load_settings(environ=environ, folder=folder)
        data_folder, named = settings.data_dir, "OMP_WEBHOOK_SECRET"
        url = url or (f"http://127.0.0.1:{settings.webhook.port}" if settings.webhook.port else DEFAULT_URL)
        configured = settings.webhook.secret
        key = configured.get_secret_value() if configured else _kept_secret(data_folder.expanduser())
    target = read_target(url=url or DEFAULT_URL, key=key, named=named)
    spool = environ.get("OMPYCORD_SPOOL", "").strip()
    base = Path(spool) if spool else data_folder / "spool"
    return SpoolTarget(base.expanduser().absolute() / target.source, target)


def _kept_secret(data_folder: Path) -> str:
    try:
        return (data_folder / "secrets" / "webhook_secret").read_text(encoding="utf-8-sig").strip()
    except OSError:
        raise ConfigurationError(
            "No key to send with: set OMPYCORD_KEY (see `ompycord keys add`) or OMP_WEBHOOK_SECRET."
        ) from None


def read_data(data: str | None, file: str | None, texts: Mapping[str, str]) -> dict[str, Any]:
    """One JSON object from --data or --file, and the single fields over it. Ends the process (2) for anything else."""
    if data is not None and file is not None:
        _usage("Give --data or --file, not both.")
    raw = data
    if file is not None:
        raw = _read_file(file)
    try:
        value: Any = json.loads(raw, parse_constant=_no_number) if raw is not None else {}
    except (ValueError, RecursionError):
        _usage("The data is not JSON.")
    if not isinstance(value, dict):
        _usage('The data is a JSON object, such as {"text": "hello"}.')
    content = {**cast("dict[str, Any]", value), **texts}
    try:
        size = len(json.dumps(content, ensure_ascii=False).encode())
    except UnicodeEncodeError:
        _usage("The data is not UTF-8 text.")
    if size > MOST_BYTES:
        _usage(f"The data is longer than {MOST_BYTES // 1024} KiB.")
    return content


def _read_file(file: str) -> str:
    try:
        read = sys.stdin.buffer.read(MOST_BYTES + 1) if file == "-" else Path(file).expanduser().read_bytes()
    except (OSError, RuntimeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "there is no such home folder"
        _usage(f"--file {file} cannot be read ({reason}): give a file with the data as JSON, or - for standard input.")
    try:
        return read.decode("utf-8-sig")
    except UnicodeDecodeError:
        _usage(f"--file {file} cannot be read as UTF-8 text: save it as UTF-8.")


def _no_number(text: str) -> NoReturn:
    raise ValueError(text)


def _require_known_shape(type_: str, content: dict[str, Any]) -> None:
    """Refuse now what the sidecar would refuse, while the caller can read it; unknown types are left to the sidecar."""
    if type_ not in EVENT_TYPES:
        near = get_close_matches(type_, sorted(EVENT_TYPES), n=1)
        hint = f" Did you mean {near[0]}?" if near else ""
        typer.echo(f"ompycord: {type_} is no event type that I know; it is shown as a note.{hint}", err=True)
    try:
        parse_body(type_, content)
    except ValidationError as error:
        first = error.errors(include_url=False, include_context=False, include_input=False)[0]
        where = ".".join(map(str, first["loc"])) or "data"
        _usage(f"{type_}: {where}: {first['msg']}.")


def _send_shortly(spool: Spool, target: Target) -> bool:
    """Try to send; False where the sidecar refused something.

    What cannot be sent now waits for the next call; a process that already sends takes it along.
    """
    from ompycord.cli.emit.sender import SendOutcome, drain

    is_accepted, until = True, time.monotonic() + SEND_S
    while (left_s := until - time.monotonic()) > 0:
        with spool.sending() as is_ours:
            if not is_ours:
                return is_accepted
            report = asyncio.run(drain(spool, target, clock=_SystemClock(), within_s=left_s))
        is_accepted = is_accepted and not report.refused
        for refusal in report.refused:
            typer.echo(f"ompycord: an event was refused ({refusal})", err=True)
        # A process that came while we held the lock relies on us, also when we had checked for the last time.
        if report.outcome is not SendOutcome.DRAINED or not spool.waiting():
            break
    return is_accepted


def _flush(place: SpoolTarget, *, revive: bool, within_s: float) -> int:
    from ompycord.cli.emit.sender import SendOutcome, drain

    spool = Spool(place.spool)
    spool.set_torn_aside()
    _report_torn(spool)
    revived = spool.revive() if revive else 0
    with spool.sending(wait_s=within_s) as is_ours:
        if not is_ours:
            raise UnavailableError("Another program sends these events already and has not ended.")
        report = asyncio.run(drain(spool, place.target, clock=_SystemClock(), within_s=within_s, patient=True))
    for refusal in report.refused:
        typer.echo(f"ompycord: an event was refused ({refusal})", err=True)
    typer.echo(
        f"{report.sent} sent, {len(report.refused)} refused, {spool.waiting()} waiting"
        + (f", {revived} revived" if revive else "")
    )
    if report.outcome is not SendOutcome.DRAINED:
        raise UnavailableError(f"Not everything was sent: {report.detail}. Nothing is lost; flush again later.")
    return 1 if report.refused else 0


def _report_torn(spool: Spool) -> None:
    """Say that an event was cut off, whose writer may have been told that it will arrive."""
    for file in spool.torn:
        typer.echo(f"ompycord: an event in the spool was cut off and cannot be sent; {file} is what is left.", err=True)


def _usage(sentence: str) -> NoReturn:
    raise typer.BadParameter(sentence)
