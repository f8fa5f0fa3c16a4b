"""The log file: JSON a line, redacted, ours alone to read, and begun anew before it is too large."""

import json
import logging
from collections.abc import Generator
from io import StringIO
from pathlib import Path

import pytest
import structlog

from ompycord.errors import ConfigurationError
from ompycord.telemetry import LogFile, configure_logging


@pytest.fixture(autouse=True)
def as_it_was() -> Generator[None]:
    root = logging.getLogger()
    handlers, level = list(root.handlers), root.level
    root.handlers = []  # the plugin's own handlers are not ours to close
    yield
    for handler in root.handlers:
        handler.close()
    root.handlers, root.level = handlers, level
    structlog.reset_defaults()


def configure(path: Path, stream: StringIO) -> None:
    configure_logging(
        level="info",
        json_lines=False,
        redact=lambda text: text.replace("hunter2", "[redacted]"),
        stream=stream,
        file=LogFile(path=path, max_bytes=2000, keep=2),
    )


def written() -> None:
    """Everything that was logged is in its places."""
    for handler in logging.getLogger().handlers:
        handler.flush()


@pytest.mark.posix
def test_it_is_json_and_redacted_and_rotates_with_its_rights(tmp_path: Path) -> None:
    path, stream = tmp_path / "logs" / "ompycord.log", StringIO()
    configure(path, stream)
    log = structlog.get_logger("test_log_file")
    for number in range(60):
        log.info("run.state", run=f"r{number}", cause="hunter2", **{"from": "QUEUED", "to": "BUILDING"})
    written()
    files = sorted(one.name for one in path.parent.iterdir())
    assert files == ["ompycord.log", "ompycord.log.1", "ompycord.log.2"]
    assert {one.stat().st_mode & 0o777 for one in path.parent.iterdir()} == {0o600}
    lines = [json.loads(line) for name in files for line in (path.parent / name).read_text().splitlines()]
    assert {(line["from"], line["to"], line["cause"]) for line in lines} == {("QUEUED", "BUILDING", "[redacted]")}
    assert "r59" in {line["run"] for line in lines}
    assert "hunter2" not in stream.getvalue()
    assert stream.getvalue().count("run.state") == 60


def test_a_place_that_cannot_be_written_is_a_mistake_of_the_configuration(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(ConfigurationError, match=r"log\.file"):
        configure(tmp_path / "file" / "ompycord.log", StringIO())


def test_no_value_of_any_kind_shows_a_secret(tmp_path: Path) -> None:
    stream = StringIO()
    configure(tmp_path / "ompycord.log", stream)
    log = structlog.get_logger("test_log_file")
    log.info(
        "all.kinds",
        path=Path("/a/hunter2"),
        error=OSError("no hunter2"),
        listed=["a", ("hunter2", b"hunter2")],
        named={"hunter2": {"inner": "hunter2"}},
        count=7,
        nothing=None,
    )
    logging.getLogger("library").warning("%s and %s", "hunter2", Path("hunter2"))
    try:
        int("hunter2")
    except ValueError:
        log.exception("it.failed")
    written()
    assert "hunter2" not in stream.getvalue() + (tmp_path / "ompycord.log").read_text()
    lines = [json.loads(line) for line in (tmp_path / "ompycord.log").read_text().splitlines()]
    assert (lines[0]["count"], lines[0]["nothing"], lines[0]["listed"][0]) == (7, None, "a")


def test_a_full_table_of_descriptors_is_told_once_a_minute(tmp_path: Path) -> None:
    stream = StringIO()
    configure(tmp_path / "ompycord.log", stream)
    for _ in range(1000):
        logging.getLogger("asyncio").error("socket.accept() out of system resource\nsocket: <socket>")
    logging.getLogger("asyncio").error("another fault")
    written()
    assert stream.getvalue().count("out of system resource") == 1
    assert "another fault" in stream.getvalue()
