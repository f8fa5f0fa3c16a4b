"""Takes pictures of the terminal for the docs from the real program: `python -m tools.terminal_pictures`.

Counterpart: docs/images.

Each is what the command printed into a terminal of 100 columns, as SVG: text that can be read, searched and scaled.
"""

import asyncio
import io
import os
import re
import sys
import tempfile
from pathlib import Path

from rich.console import Console
from rich.terminal_theme import MONOKAI
from rich.text import Text

from tests.support.playground import running_playground
from tests.support.terminal import Terminal
from tests.support.token_product import environment

FOLDER = Path("docs/images")
COLUMNS = 100
END = "exit code"
_FONT_FACE = re.compile(r"@font-face \{.*?\}", re.DOTALL)
_WEB_FONT = re.compile(r"font-family: Fira Code, monospace")


async def main() -> int:
    """Write `help.svg`, `doctor.svg` and `selftest.svg`."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="ompycord-") as name:
        folder = Path(name)
        await _take("help", ["--help"], folder, {})
        async with running_playground(folder) as playground:
            settings = {key: text for key, text in environment(playground).items() if text}
            data = folder / "data"
            await _take("doctor", ["doctor"], folder, {**settings, "OMPYCORD_DATA_DIR": str(data)}, hide=str(folder))
        await _take("selftest", ["selftest"], folder, {})
    return 0


async def _take(name: str, arguments: list[str], folder: Path, environ: dict[str, str], *, hide: str = "\0") -> None:
    shown = f"ompycord {' '.join(arguments)}"
    program = f"{sys.executable} -m ompycord {' '.join(arguments)}; echo; echo {END} $?"
    env = {**os.environ, "PYTHONPATH": str(Path.cwd()), "TERM": "xterm-256color", "COLUMNS": str(COLUMNS), **environ}
    terminal = Terminal(["/bin/sh", "-c", program], cwd=folder, env=env, rows=60, columns=COLUMNS)
    try:
        await terminal.read_until(f"{END} ", patience_s=180)
        printed = terminal.screen.rpartition(END)[0].replace("\r\n", "\n").replace(hide, "/home/ada").rstrip()
    finally:
        terminal.close()
    console = Console(record=True, width=COLUMNS, file=io.StringIO(), force_terminal=True)
    console.print(Text.from_ansi(f"$ {shown}\n{printed}"))
    svg = console.export_svg(title=shown, theme=MONOKAI, unique_id=name)
    # The fonts of whoever looks at it: nothing is fetched from anywhere.
    own = _WEB_FONT.sub("font-family: ui-monospace, Menlo, Consolas, monospace", _FONT_FACE.sub("", svg))
    (FOLDER / f"{name}.svg").write_text("\n".join(line.rstrip() for line in own.splitlines()) + "\n", encoding="utf-8")


if __name__ == "__main__":
    sys.exit(asyncio.run(main()))
