"""A server that reaches Discord only by a proxy: REST, gateway, the probe of the start and `doctor` all take it."""

import json
from pathlib import Path

import pytest

from tests.integration.cli.harness import ompycord
from tests.support.forward_proxy import forward_proxy
from tests.support.playground import running_playground
from tests.support.token_product import environment, token_product

pytestmark = pytest.mark.e2e


async def test_discord_is_reached_by_the_proxy_alone(tmp_path: Path) -> None:
    async with running_playground(tmp_path) as playground, forward_proxy() as proxy:
        named = f"http://operator:sesame-of-tests@127.0.0.1:{proxy.port}"
        environ = {**environment(playground), "OMPYCORD_DISCORD__PROXY": named}
        async with token_product(tmp_path / "product", environ) as product:
            told = await playground.ada.command("omp health", "tasks")
            assert told.id
            said = product.said + product.log.read_text()
        doctor = await ompycord("doctor", "--json", folder=tmp_path / "product", environ=environ)
    asked = {one.partition("/api/")[0].strip() for one in proxy.asked if "/api/" in one}
    assert {"GET", "PUT", "POST"} <= asked
    assert any("gateway" in one for one in proxy.asked)
    assert len(proxy.authorization) == len(proxy.asked)
    assert "sesame-of-tests" not in said + doctor.out + doctor.err
    found = {one["name"]: one for one in json.loads(doctor.out)["findings"]}
    assert found["Token"]["status"] == "ok"


async def test_a_proxy_that_nobody_answers_is_named_in_the_refusal(tmp_path: Path) -> None:
    async with running_playground(tmp_path) as playground:
        environ = {**environment(playground), "OMPYCORD_DISCORD__PROXY": "http://127.0.0.1:1"}
        (tmp_path / "product").mkdir()
        doctor = await ompycord("doctor", folder=tmp_path / "product", environ=environ)
    assert "Discord does not answer as it should (no answer)" in doctor.out
    assert "discord.proxy" in doctor.out
