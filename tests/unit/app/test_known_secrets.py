"""One set of secrets: settings, variables, granted files, the data folder; what everybody writes is in none of them."""

import base64
from collections.abc import Callable
from pathlib import Path
from typing import Final
from urllib.parse import quote

import pytest
from pydantic import SecretStr

from ompycord.app.known_secrets import KnownSecrets
from ompycord.bot.options import DiscordSettings
from ompycord.domain.repository import AgentSpec, Grants, RepositorySpec
from ompycord.settings import Settings, WebhookSettings
from ompycord.text import REDACTED

KEY = "sk-" + "proj-" + "aB3" * 12


REPOSITORY: Final = RepositorySpec.model_validate(
    {
        "name": "a",
        "address": "https://me:hunter2hunter2@git.example/a.git",
        "attached_secrets": [{"secret": "REG_TOKEN", "host": "reg.example.org", "to": ["setup"]}],
    }
)


def known_secrets(tmp_path: Path, *agents: AgentSpec, environ: dict[str, str] | None = None) -> KnownSecrets:
    settings = Settings(
        discord=DiscordSettings(token=SecretStr("token-of-the-bot-77"), guilds=("1" * 18,)),
        webhook=WebhookSettings(secret=SecretStr("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")),
        repositories={"a": REPOSITORY},
        agents={agent.name: agent for agent in agents},
    )
    return KnownSecrets(settings, data_folder=tmp_path / "data", environ=environ or {})


def agent(**options: object) -> AgentSpec:
    return AgentSpec.model_validate({"name": "a", "kind": "command", **options})


@pytest.mark.parametrize(
    "secret", ["token-of-the-bot-77", "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"]
)
def test_settings_that_are_secret_are_known(tmp_path: Path, secret: str) -> None:
    assert known_secrets(tmp_path).redactor.redact(f"a {secret} b") == f"a {REDACTED} b"


def test_the_password_of_an_address_is_known_outside_of_it(tmp_path: Path) -> None:
    environ = {"HTTPS_PROXY": "http://proxy:pr0xy-pass%2Fword@10.0.0.1:3128"}
    redactor = known_secrets(tmp_path, environ=environ).redactor
    assert redactor.redact("hunter2hunter2, pr0xy-pass/word, me, 10.0.0.1") == f"{REDACTED}, {REDACTED}, me, 10.0.0.1"


def test_what_agents_are_given_is_known_as_secret(tmp_path: Path) -> None:
    given = agent(env={"CRM": "correct-horse"}, grants=Grants(variables=("MODEL_KEY", "NOT_SET")))
    redactor = known_secrets(tmp_path, given, environ={"MODEL_KEY": KEY, "OTHER": "of no agent"}).redactor
    assert redactor.redact(f"correct-horse {KEY} of no agent") == f"{REDACTED} {REDACTED} of no agent"


async def test_what_is_added_to_requests_is_known_and_kept_out_of_results(tmp_path: Path) -> None:
    known = known_secrets(tmp_path, agent(), environ={"REG_TOKEN": KEY})
    assert known.redactor.redact(f"it is {KEY}") == f"it is {REDACTED}"
    find = await known.granted_to("a")
    assert find is not None
    assert find(f"x {KEY}") == "REG_TOKEN"


def test_what_everybody_writes_stays(tmp_path: Path) -> None:
    ordinary = {
        "MODE": "production",
        "DEBUG": "true",
        "LEVEL": "1",
        "ROOT": "/usr/lib/jvm",
        "API": "https://a.example/v1",
    }
    redactor = known_secrets(tmp_path, agent(env=ordinary)).redactor
    text = "production is true, 1 of /usr/lib/jvm and https://a.example/v1"
    assert redactor.redact(text) == text


WRITTEN: Final[dict[str, Callable[[str], str]]] = {
    "plain": lambda text: text,
    "base64": lambda text: base64.b64encode(text.encode()).decode(),
    "address": lambda text: quote(text, safe=""),
    "with what nobody sees": "\u200b".join,
}


@pytest.mark.parametrize("write", WRITTEN.values(), ids=WRITTEN.keys())
def test_the_content_of_a_granted_file_is_known_in_every_form(tmp_path: Path, write: Callable[[str], str]) -> None:
    file = tmp_path / "credential"
    file.write_bytes(b"\xef\xbb\xbfa granted & file, 77%\n")
    known = known_secrets(tmp_path, agent(grants=Grants(files=(file,))))
    shown = known.redactor.redact(f"x {write('a granted & file, 77%')} y")
    assert REDACTED in shown
    assert "granted" not in shown


async def test_what_an_agents_program_renews_is_known_before_it_starts_again(tmp_path: Path) -> None:
    folder = tmp_path / "home"
    folder.mkdir()
    known = known_secrets(tmp_path, agent(grants=Grants(files=(folder,))))
    (folder / "auth.json").write_text('{"access": "aB3dE5fG7hI9kL1mN3pQ5rS7"}')
    (folder / "history.txt").write_text("not a credential: aB3dE5fG7hI9kL1mN3pQ5rS8")
    await known.refresh()
    assert known.redactor.redact("aB3dE5fG7hI9kL1mN3pQ5rS7") == REDACTED
    assert known.redactor.redact("aB3dE5fG7hI9kL1mN3pQ5rS8") != REDACTED


def test_the_secrets_of_the_data_folder_are_known(tmp_path: Path) -> None:
    (tmp_path / "data/secrets/hmac").mkdir(parents=True)
    (tmp_path / "data/secrets/hmac/k1").write_text("whsec_bm90LWEtcmVhbC1zZWNyZXQtYXQtYWxs\n")
    assert known_secrets(tmp_path).redactor.redact("bm90LWEtcmVhbC1zZWNyZXQtYXQtYWxs") == REDACTED


async def test_the_guard_knows_values_by_their_names_and_no_ordinary_ones(tmp_path: Path) -> None:
    file = tmp_path / "netrc"
    file.write_text("machine git.example login me password correct-horse-9\nlogin other\n")
    given = agent(
        env={"MODEL": "claude-sonnet-4-5", "DB": "postgres://app:s3cret-enough@db/x"},
        grants=Grants(files=(file,), variables=("MODEL_KEY", "REGION")),
    )
    known = known_secrets(tmp_path, given, environ={"MODEL_KEY": KEY, "REGION": "eu-central-1"})
    known.add_run_key("OMPYCORD_KEY", "ompk_abcdefgh_" + "x1" * 21 + "y")
    find = await known.granted_to("a")
    assert find is not None
    assert find("claude-sonnet-4-5 in eu-central-1, once more me and other") is None
    assert find(f"x = '{KEY}'") == "MODEL_KEY"
    assert find("s3cret-enough") == "DB"
    assert find("ompk_abcdefgh_" + "x1" * 21 + "y") == "OMPYCORD_KEY"
    assert find(file.read_text()) == f"the file {file}"


async def test_the_words_of_granted_settings_are_no_keys(tmp_path: Path) -> None:
    """An agent writes them into its own session, which is kept for a follow-up."""
    settings, token = tmp_path / "models.json", tmp_path / "token"
    settings.write_text(
        f'{{"providers": {{"stub": {{"api": "openai-completions", "apiKey": "{KEY}", "name": "Stub"}}}}}}'
    )
    token.write_text("correct-horse-battery-staple-9\n")
    given = agent(grants=Grants(files=(settings, token), variables=("MODEL_KEY",)))
    known = known_secrets(tmp_path, given, environ={"MODEL_KEY": "another-" + KEY})
    known.add_run_key("OMPYCORD_KEY", "ompk_abcdefgh_" + "x1" * 21 + "y")
    whole, keys = await known.granted_to("a"), await known.keys_granted_to("a")
    assert whole is not None
    assert keys is not None
    words = settings.read_text().replace(KEY, "")
    assert whole(words) == f"the file {settings}"
    assert keys(words) is None
    assert keys("ompk_abcdefgh_" + "x1" * 21 + "y") is None, "it died with its run"
    assert keys(f"key {KEY}") == f"the file {settings}"
    assert keys("correct-horse-battery-staple-9") == f"the file {token}"
    assert keys(f"x another-{KEY}") is not None


async def test_an_agent_that_was_given_nothing_has_no_guard(tmp_path: Path) -> None:
    assert await known_secrets(tmp_path, agent()).granted_to("a") is None


async def test_the_guard_of_an_agent_that_is_not_configured_any_more_knows_all_values(tmp_path: Path) -> None:
    given = agent(grants=Grants(variables=("MODEL_KEY",)))
    find = await known_secrets(tmp_path, given, environ={"MODEL_KEY": KEY}).granted_to("another")
    assert find is not None
    assert find(KEY) == "MODEL_KEY"
