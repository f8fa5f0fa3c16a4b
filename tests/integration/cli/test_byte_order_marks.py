"""Files that an editor of Windows saved begin with a byte-order mark: each is read as if it did not."""

import json
from pathlib import Path

import pytest
from standardwebhooks.webhooks import Webhook

from ompycord.app.outgoing.webhooks import webhook_secrets
from ompycord.domain.events import Note
from ompycord.notify.options import NotifySettings, OutgoingWebhook
from tests.integration.cli.harness import SECRET, AppHarness, ompycord

pytestmark = pytest.mark.e2e
MARK = b"\xef\xbb\xbf"


def marked(file: Path, text: str) -> None:
    file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    file.write_bytes(MARK + text.encode() + b"\r\n")
    file.chmod(0o600)


def headers_in(text: str) -> dict[str, str]:
    return {name: value for name, _, value in (line.partition(": ") for line in text.splitlines())}


async def test_sign_signs_with_the_secret_and_not_with_the_mark(tmp_path: Path) -> None:
    marked(tmp_path / "data" / "secrets" / "webhook_secret", SECRET)
    done = await ompycord("sign", "-", "--data-dir", str(tmp_path / "data"), folder=tmp_path, stdin=b"{}")
    assert done.code == 0, done.err
    Webhook(SECRET).verify(b"{}", headers_in(done.out))


async def test_sign_and_the_sidecar_agree_on_a_signing_key_whose_file_was_edited(
    harness: AppHarness, tmp_path: Path
) -> None:
    data = ("--data-dir", str(harness.folder))
    made = json.loads((await ompycord("keys", "add", "sig", "--kind", "hmac", "--json", *data, folder=tmp_path)).out)
    marked(harness.folder / "secrets" / "hmac" / made["key"]["id"], made["secret"])
    done = await ompycord("sign", "-", "--key", made["key"]["id"], *data, folder=tmp_path, stdin=b"{}")
    Webhook(made["secret"]).verify(b"{}", headers_in(done.out))


async def test_emit_reads_its_data_and_the_secret_of_the_data_folder(harness: AppHarness, tmp_path: Path) -> None:
    marked(tmp_path / "event.json", '{"text": "from a file"}')
    marked(tmp_path / "data" / "secrets" / "webhook_secret", SECRET)
    done = await ompycord(
        *("emit", "note", "--run", "r", "--file", str(tmp_path / "event.json")),
        *("--data-dir", str(tmp_path / "data")),
        folder=tmp_path / "c",
        environ={"OMPYCORD_URL": harness.url},
    )
    assert (done.code, done.err) == (0, "")
    assert [event.body for event in await harness.events()] == [Note(text="from a file")]


def test_a_webhook_is_signed_with_the_secret_of_its_file(tmp_path: Path) -> None:
    marked(tmp_path / "chat", SECRET)
    hook = OutgoingWebhook(name="chat", url="https://chat.example/hook", secret_file=Path("chat"))
    assert webhook_secrets(NotifySettings(webhooks=(hook,)), tmp_path) == {"chat": SECRET}


async def test_a_hook_is_pushed_with_the_key_that_was_saved(harness: AppHarness, tmp_path: Path) -> None:
    data = ("--data-dir", str(harness.folder))
    made = json.loads((await ompycord("keys", "add", "h", "--json", *data, folder=tmp_path)).out)
    home = tmp_path / "home"
    environ = {"HOME": str(home), "OMPYCORD_URL": harness.url, "XDG_CONFIG_HOME": str(home / "config")}
    saved = await ompycord(
        "integrations",
        "claude",
        "--save-key",
        folder=home,
        environ={**environ, "OMPYCORD_KEY": made["secret"]},
    )
    assert saved.code == 0, saved.err
    [file] = [one for one in tmp_path.rglob("*") if one.is_file() and made["secret"].encode() in one.read_bytes()]
    marked(file, made["secret"])
    payload = {"hook_event_name": "SessionStart", "session_id": "s", "source": "startup", "cwd": "/srv"}
    done = await ompycord("hook", "claude", folder=tmp_path, environ=environ, stdin=json.dumps(payload).encode())
    assert done.code == 0, done.err
    assert await harness.events()
