"""Make the playground page's font of emoji from Twemoji, so that no state is a box on a machine without such a font.

`python -m tools.emoji_font` fetches twemoji-colr-font with npm, keeps the glyphs that product and page use and common
ones, and writes font, style and licence to `ompycord/playground/page/static/`. It needs `npm` and
`pyftsubset` (`pip install fonttools brotli`) on PATH; what it writes is kept in the repository.
"""

import re
import shutil
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path

PACKAGE = "twemoji-colr-font@15.0.3"
ROOT = Path(__file__).resolve().parents[1]
PRODUCT = ROOT / "ompycord"
STATIC = PRODUCT / "playground" / "page" / "static"
FONT, STYLE, LICENCE = (
    STATIC / "fonts" / "emoji.woff2",
    STATIC / "style" / "emoji.css",
    STATIC / "fonts" / "LICENSE.txt",
)
READ = (".py", ".js", ".html")
FIRST_SYMBOL = 0x2190
"""Emoji begin here; digits and signs below it, which have emoji too, keep the font of the text."""
SELECTOR = 0xFE0F
COMMON = (
    "🟡⚪🔴🔵🟢🟠🟣⚫⏳⌛⏸▶⏹⏭⏯⏩✅☑✔❌❎✖⚠❗❓⛔🚫🛑📨📩📬📎📋📖📝📌📁📂📄📊📈📦🔀🔁🔄🔍🔎🔒🔓🔑🔔🔕🔗🔧🔨🔥"
    "🐛🚀🚧💡💬💭💰💵🧪🧹🧵🤖👀👍👎👏🙏🎉❤😄😅🤔👋💥✨⭐🏁🗑✏✂⬆⬇⬅➡↩↪🆕🆗🌐▫▪◽◾⬜⬛🟩🟥🟨"
)
"""What people write and agents say, besides what stands in the product's own texts."""


def used() -> set[int]:
    """The code points from FIRST_SYMBOL on in the product's files, and the common ones."""
    texts = [path.read_text("utf-8") for path in PRODUCT.rglob("*") if path.suffix in READ]
    return {ord(sign) for text in [*texts, COMMON] for sign in text if ord(sign) >= FIRST_SYMBOL}


def style(points: list[int]) -> str:
    """The style sheet that gives exactly these code points to the font."""
    covered = ", ".join(f"U+{point:X}" for point in points)
    return (
        "/* Made by tools/emoji_font.py: the emoji that the product uses, from Twemoji (fonts/LICENSE.txt). */\n"
        '@font-face { font-family: "Playground Emoji"; src: url("../fonts/emoji.woff2") format("woff2"); '
        f"font-display: block; unicode-range: {covered}; }}\n"
    )


def main() -> int:
    """Write the three files; 69 where a tool is missing."""
    npm, subset, ttx = (shutil.which(name) for name in ("npm", "pyftsubset", "ttx"))
    if npm is None or subset is None or ttx is None:
        sys.stderr.write("This needs npm, and pyftsubset and ttx: python -m pip install fonttools brotli\n")
        return 69
    FONT.parent.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        _run(npm, "pack", "--silent", PACKAGE, "--pack-destination", folder)
        with tarfile.open(next(Path(folder).glob("*.tgz"))) as packed:
            packed.extractall(folder, filter="data")
        package = Path(folder) / "package"
        wanted = ",".join(f"{point:X}" for point in sorted({*used(), SELECTOR}))
        _run(subset, str(package / "twemoji.woff2"), f"--unicodes={wanted}", "--flavor=woff2", f"--output-file={FONT}")
        LICENCE.write_bytes((package / "LICENSE").read_bytes())
    table = _run(ttx, "-q", "-t", "cmap", "-o", "-", str(FONT))
    points = sorted({int(found, 16) for found in re.findall(r'code="0x([0-9a-f]+)"', table)})
    STYLE.write_text(style(points), "utf-8")
    return 0


def _run(*command: str) -> str:
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout  # noqa: S603  # fixed arguments


if __name__ == "__main__":
    raise SystemExit(main())
