"""The whole product and a receiver that hangs.

The card never waits for it, and then all arrives, signed and in order.
"""

import json
import os
from pathlib import Path

import httpx
import pytest

from tests.e2e.reach.visitor import Visitor
from tests.integration.cli.harness import ompycord
from tests.support.patience import patient
from tests.support.product import running_product
from tests.support.receiver import HANG, SECRET, Receiver

pytestmark = [pytest.mark.e2e, pytest.mark.posix]

CONFIG = """
agents:
  quick: {kind: rehearsal, env: {REHEARSAL_PACE: "0"}}
notify: {webhooks: [{name: ci, url: "%s", secret_file: secrets/ci, topics: [run]}]}
"""


@pytest.mark.long
async def test_a_run_is_over_in_discord_while_a_webhook_hangs_and_then_all_arrives(tmp_path: Path) -> None:
    receiver = await Receiver().up()
    receiver.script = [HANG] * 99
    secrets = tmp_path / "data" / "secrets"
    secrets.mkdir(parents=True, mode=0o700)
    (secrets / "ci").write_text(SECRET + os.linesep)
    async with running_product(tmp_path, config=CONFIG % receiver.url) as product:
        assert product.data == tmp_path / "data"
        ada = Visitor(product, product.playground.ada)
        run = await ada.new("Fix the discount", agent="quick", mode="fast")
        await receiver.until(lambda: len(receiver.requests) == 1)
        await ada.result(run, "Done")
        assert receiver.taken == []  # it hangs until the card has come to its end, however long that takes
        receiver.script.clear()
        again = await ompycord(
            "webhooks", "retry", "--all", "--destination", "ci", "--data-dir", str(product.data), folder=tmp_path
        )
        assert again.code == 0
        made = await ompycord(
            "keys",
            "add",
            "status",
            "--scope",
            "status:read",
            "--data-dir",
            str(product.data),
            "--json",
            folder=tmp_path,
        )
        async with httpx.AsyncClient(base_url=product.sidecar, trust_env=False, timeout=patient(20)) as http:
            key = {"authorization": f"Bearer {json.loads(made.out)['secret']}"}
            status = (await http.get("/status", headers=key)).json()
        assert set(status["destinations"]) == {"ci", "discord"}
        await receiver.until(lambda: any(one.body["data"].get("state") == "COMPLETE" for one in receiver.taken))
        listed = await ompycord(
            "webhooks", "list", "--status", "delivered", "--data-dir", str(product.data), "--json", folder=tmp_path
        )
        assert product.process is not None
        assert "whsec_" not in product.log.read_text()
    hung = [one for one in receiver.requests if one.answered == HANG]
    assert {(one.id, one.body["type"]) for one in hung} == {(receiver.taken[0].id, "run.submitted")}
    assert [one.seq for one in receiver.taken] == list(range(1, len(receiver.taken) + 1))
    assert {row["destination"] for row in json.loads(listed.out)} == {"ci"}
    assert receiver.unsigned == []
    await receiver.down()
