"""The process with a token, as on a real server: what it is not allowed is said at the start, one line each."""

from pathlib import Path

import pytest

from tests.support.playground import running_playground
from tests.support.token_product import environment, token_product

pytestmark = pytest.mark.e2e


async def test_what_discord_does_not_allow_is_said_at_the_start(tmp_path: Path) -> None:
    async with running_playground(tmp_path) as playground:
        denied = (1 << 51) | (1 << 15)
        deny = {"id": str(playground.guild_id), "type": 0, "allow": "0", "deny": str(denied)}
        await playground.change_world(overwrites={str(playground.channel("tasks")): [deny]})
        async with token_product(tmp_path / "product", environment(playground)) as product:
            said = await product.says("Pin Messages: the bot lacks it in #tasks")
            assert "Attach Files: the bot lacks it in #tasks" in said
            assert said.count("Look at") == 2
            assert playground.bot_token not in said + product.log.read_text()
            product.process.terminate()
            assert await product.gone() == 0


async def test_a_refused_token_ends_it_with_76_and_one_line(tmp_path: Path) -> None:
    async with running_playground(tmp_path) as playground:
        environ = {**environment(playground), "DISCORD_TOKEN": "hunter2-hunter2"}
        async with token_product(tmp_path / "product", environ, until="") as product:
            assert await product.gone() == 76
            log = product.log.read_text()
            assert [line for line in log.splitlines() if line.startswith("ompycord: ")] != []
            assert "Traceback" not in log
            assert "hunter2" not in log
