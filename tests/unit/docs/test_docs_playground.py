"""What the how-to tells other bots to set is what the bots of `make clients` set."""

import re
from pathlib import Path

ROOT = Path(__file__).parents[3]
PAGE = ROOT / "docs/how-to/test-your-bot-on-the-playground.md"
BOTS = ROOT / "tests/e2e/clients/bots"
ROW = re.compile(r"^\| ([\w.-]+) \| (`.+`) \|$", re.MULTILINE)


def test_every_library_is_pointed_as_its_bot_is() -> None:
    rows = dict(ROW.findall(PAGE.read_text("utf-8")))
    files = {path.stem.removesuffix("_bot"): path.read_text("utf-8") for path in BOTS.glob("*_bot.*")}
    assert {name.replace(".js", "js").replace("-", "_").replace(".", "_") for name in rows} == set(files)
    for name, cell in rows.items():
        bot = files[name.replace(".js", "js").replace("-", "_").replace(".", "_")]
        bot = bot.replace("os.environ['PLAYGROUND_API']", "api").replace('os.environ["PLAYGROUND_GATEWAY"]', "gateway")
        for code in re.findall(r"`([^`]+)`", cell):
            wanted = re.search(r"(Route\.\w+ = .*|DiscordWebSocket\..*|rest_url=[^)]*|rest: \{ api \})", code)
            assert wanted is not None, code
            assert wanted[1] in bot, f"{name}: {wanted[1]}"
