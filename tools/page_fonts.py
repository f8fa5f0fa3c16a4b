"""Make the fonts of the playground's page: it looks alike everywhere, and no state is a box without an emoji font.

`python -m tools.page_fonts` fetches two packages with npm. Of twemoji-colr-font it keeps the glyphs that product
and page use, and common ones; of Figtree, an open font much like Discord's own, the Latin part as it is. It writes
fonts, their style sheet and licences to `ompycord/playground/page/static/`, which are kept in the repository. It needs
`npm`, and `pyftsubset` and `ttx` (`python -m pip install fonttools brotli`), on PATH.
"""

import re
import shutil
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path

EMOJI_PACKAGE = "twemoji-colr-font@15.0.3"
TEXT_PACKAGE = "@fontsource-variable/figtree@5.3.0"
ROOT = Path(__file__).resolve().parents[1]
PRODUCT = ROOT / "ompycord"
STATIC = PRODUCT / "playground" / "page" / "static"
FONTS, STYLE = STATIC / "fonts", STATIC / "style" / "fonts.css"
EMOJI = FONTS / "emoji.woff2"
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
    """The style sheet that gives exactly these code points to the emoji."""
    covered = ", ".join(f"U+{point:X}" for point in points)
    return f"""/* Made by tools/page_fonts.py: Figtree for text, Twemoji for emoji; licences beside the fonts. */
@font-face {{ font-family: "Figtree"; src: url("../fonts/figtree.woff2") format("woff2");
  font-weight: 300 900; }}
@font-face {{ font-family: "Figtree"; src: url("../fonts/figtree-italic.woff2") format("woff2");
  font-weight: 300 900; font-style: italic; }}
@font-face {{ font-family: "Playground Emoji"; src: url("../fonts/emoji.woff2") format("woff2");
  unicode-range: {covered}; }}
"""


def main() -> int:
    """Write fonts, style sheet and licences; 69 where a tool is missing."""
    npm, subset, ttx = (shutil.which(name) for name in ("npm", "pyftsubset", "ttx"))
    if npm is None or subset is None or ttx is None:
        sys.stderr.write("This needs npm, and pyftsubset and ttx: python -m pip install fonttools brotli\n")
        return 69
    FONTS.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        emoji, text = (
            _fetch(npm, name, Path(folder) / str(at)) for at, name in enumerate((EMOJI_PACKAGE, TEXT_PACKAGE))
        )
        wanted = ",".join(f"{point:X}" for point in sorted({*used(), SELECTOR}))
        _run(subset, str(emoji / "twemoji.woff2"), f"--unicodes={wanted}", "--flavor=woff2", f"--output-file={EMOJI}")
        shutil.copyfile(emoji / "LICENSE", FONTS / "LICENSE-emoji.txt")
        shutil.copyfile(text / "LICENSE", FONTS / "LICENSE-figtree.txt")
        for style_name, name in (("normal", "figtree"), ("italic", "figtree-italic")):
            shutil.copyfile(text / "files" / f"figtree-latin-wght-{style_name}.woff2", FONTS / f"{name}.woff2")
    table = _run(ttx, "-q", "-t", "cmap", "-o", "-", str(EMOJI))
    points = sorted({int(found, 16) for found in re.findall(r'code="0x([0-9a-f]+)"', table)})
    STYLE.write_text(style(points), "utf-8")
    return 0


def _fetch(npm: str, package: str, folder: Path) -> Path:
    """The unpacked package."""
    folder.mkdir()
    _run(npm, "pack", "--silent", package, "--pack-destination", str(folder))
    with tarfile.open(next(folder.glob("*.tgz"))) as packed:
        packed.extractall(folder, filter="data")
    return folder / "package"


def _run(*command: str) -> str:
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout  # noqa: S603  # fixed arguments


if __name__ == "__main__":
    raise SystemExit(main())
