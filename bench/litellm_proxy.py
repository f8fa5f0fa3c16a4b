"""LiteLLM's proxy as another way to the provider of `gateway.py`, in an environment of its own where it installs.

It is no part of this project, and nothing of it is imported here.
"""

import contextlib
import json
import os
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Callable, Generator
from contextlib import AbstractContextManager
from pathlib import Path
from typing import NamedTuple

import platformdirs
import psutil

__all__ = ["KEY", "LiteLLM", "litellm_proxy"]

INSTALL_S = 900.0
UP_S = 120.0
KEY = "sk-bench-of-a-proxy-on-loopback"
"""Which its callers send; it does not start without one."""


class LiteLLM(NamedTuple):
    """How it is started over a provider's port; None with the reason where it is not there."""

    start: Callable[[int], AbstractContextManager[tuple[int, psutil.Process]]] | None
    reason: str = ""
    version: str = ""


@contextlib.contextmanager
def litellm_proxy(*, is_wanted: bool) -> Generator[LiteLLM]:
    """Install it once; its folder is kept."""
    if not is_wanted:
        yield LiteLLM(None, "not measured at the smallest size")
        return
    folder = Path(os.environ.get("OMPYCORD_BENCH_CACHE") or platformdirs.user_cache_path("ompycord-bench"))
    place = folder / "litellm"
    program = place / "bin/litellm"
    if not program.exists():
        place.mkdir(parents=True, exist_ok=True)
        pip = (str(place / "bin/python"), "-m", "pip", "install", "--quiet", "litellm[proxy]")
        for command in ((sys.executable, "-m", "venv", str(place)), pip):
            try:
                subprocess.run(command, check=True, capture_output=True, timeout=INSTALL_S)
            except (subprocess.SubprocessError, OSError) as error:
                yield LiteLLM(None, f"it does not install here ({type(error).__name__})")
                return

    @contextlib.contextmanager
    def start(provider: int) -> Generator[tuple[int, psutil.Process]]:
        with socket.create_server(("127.0.0.1", 0)) as probe:
            port = probe.getsockname()[1]
        with tempfile.TemporaryDirectory() as home:
            settings = Path(home) / "config.yaml"
            parameters = {"model": "anthropic/m", "api_base": f"http://127.0.0.1:{provider}", "api_key": "none"}
            settings.write_text(json.dumps({"model_list": [{"model_name": "m", "litellm_params": parameters}]}))
            command = (str(program), "--config", str(settings), "--port", str(port), "--host", "127.0.0.1")
            environ = {
                **os.environ, "HOME": home, "LITELLM_LOCAL_MODEL_COST_MAP": "True", "LITELLM_TELEMETRY": "False",
                "LITELLM_MASTER_KEY": KEY,
            }  # fmt: skip
            with subprocess.Popen(command, env=environ, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as made:
                try:
                    _until_up(made, port)
                    yield port, psutil.Process(made.pid)
                finally:
                    made.terminate()

    ask = (str(place / "bin/python"), "-c", "import importlib.metadata as m; print(m.version('litellm'))")
    version = subprocess.run(ask, check=True, capture_output=True, text=True, timeout=60).stdout.strip()
    yield _tried(LiteLLM(start, version=version))


def _tried(found: LiteLLM) -> LiteLLM:
    """The same, where it starts."""
    assert found.start is not None
    try:
        with found.start(1):
            return found
    except OSError as error:
        return LiteLLM(None, f"version {found.version} does not start here ({type(error).__name__})")


def _until_up(proxy: subprocess.Popen[bytes], port: int) -> None:
    """Raises OSError where it ended, or does not answer in time."""
    ends = time.monotonic() + UP_S
    while True:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/health/liveliness", timeout=5):
                return
        except OSError:
            if time.monotonic() > ends or proxy.poll() is not None:
                raise
            time.sleep(0.2)
