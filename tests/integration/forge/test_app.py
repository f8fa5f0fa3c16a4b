"""An app's key becomes a token of one repository for an hour; the key and the token are shown nowhere."""

import os
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from ompycord.app.forges.connections import ForgeConnections
from ompycord.app.wiring.forge_credentials import ForgeCredentials
from ompycord.domain.breakers.breaker import FAILURES
from ompycord.domain.configuration.forge_options import ForgeSpec
from ompycord.errors import ForgeFailed
from ompycord.forge.app_installation import minted
from ompycord.forge.github import GitHub
from ompycord.forge.github_kind import GitHubOptions
from tests.integration.forge.conftest import HastyClock
from tests.integration.forge.test_github import PROPOSED
from tests.support.forge_double import Fault, ForgeDouble
from tests.support.forge_options import forge_options

KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)
PEM = KEY.private_bytes(
    serialization.Encoding.PEM, serialization.PrivateFormat.TraditionalOpenSSL, serialization.NoEncryption()
).decode()


@pytest.fixture
def app(forge: ForgeDouble, tmp_path: Path) -> Iterator[ForgeSpec]:
    """The app's settings; the forge knows its public key, and counts time as our clock does."""

    def verify(signed: bytes, signature: bytes) -> bool:
        try:
            KEY.public_key().verify(signature, signed, padding.PKCS1v15(), hashes.SHA256())
        except InvalidSignature:
            return False
        return True

    forge.forge.credentials.verify = verify
    (tmp_path / "secrets").mkdir()
    (tmp_path / "secrets/app.pem").write_text(PEM)
    yield forge_options({**forge.settings, "app": {"id": 7, "key_file": "secrets/app.pem"}})
    forge.forge.credentials.end_minted()


class TrueClock(HastyClock):
    """The forge's own time, off by some seconds."""

    def __init__(self, off_s: int = 0) -> None:
        super().__init__()
        self.off_s = off_s

    def now_ms(self) -> int:
        return int((time.time() + self.off_s) * 1000)


async def test_an_app_opens_a_pull_request_as_its_bot_with_a_token_of_this_repository(
    app: ForgeSpec, forge: ForgeDouble, tmp_path: Path
) -> None:
    learned: list[str] = []
    credentials = ForgeCredentials(tmp_path, clock=TrueClock(), learn=learned.extend)
    identity = await credentials.identity(app)
    github = GitHub(app, token=identity.token, login=identity.login, clock=TrueClock())
    opened = await github.open(PROPOSED)
    again = await github.open(PROPOSED)
    await github.close()
    assert (again.number, again.is_adopted) == (opened.number, True)
    assert forge.pulls[0]["user"]["login"] == identity.login == "ompycord-app[bot]"
    [asked] = [one.body for one in forge.asked if one.path.endswith("/access_tokens")]
    assert asked["repositories"] == ["shop"]
    assert asked["permissions"] == {
        "contents": "write", "pull_requests": "write", "statuses": "write", "metadata": "read",
    }  # fmt: skip
    assert {identity.token(), f"{PEM.strip()}\n"} <= set(learned), "both are known as secrets before they are used"
    assert identity.missing == ()
    assert identity.refused_paths == (".github/workflows",), "its installation has no permission for workflow files"


async def test_a_token_is_minted_again_before_it_ends_and_not_sooner(
    app: ForgeSpec, forge: ForgeDouble, tmp_path: Path
) -> None:
    """A run may take longer than the hour that a token counts."""
    clock = TrueClock()
    credentials = ForgeCredentials(tmp_path, clock=clock, learn=lambda values: None)
    first = (await credentials.identity(app)).token()
    assert (await credentials.identity(app)).token() == first
    clock.off_s = 51 * 60  # nine minutes are left of it
    forge.forge.credentials._now = lambda: clock.now_ms() / 1000  # pyright: ignore[reportPrivateUsage]
    assert (await credentials.identity(app)).token() != first


async def test_gits_file_with_a_minted_token_is_there_for_the_push_alone(
    app: ForgeSpec, forge: ForgeDouble, tmp_path: Path
) -> None:
    credentials = ForgeCredentials(tmp_path, clock=TrueClock(), learn=lambda values: None)
    async with credentials.file(app) as file:
        assert file.read_text().strip().startswith("ghs_")
        assert file.stat().st_mode & 0o077 == 0
    assert not file.exists()


async def test_the_end_of_one_push_leaves_the_file_of_another(
    app: ForgeSpec, forge: ForgeDouble, tmp_path: Path
) -> None:
    """Two runs of a repository that end at once have the same token."""
    credentials = ForgeCredentials(tmp_path, clock=TrueClock(), learn=lambda values: None)
    async with credentials.file(app) as first:
        async with credentials.file(app) as second:
            assert second.read_text() == first.read_text()
        assert first.read_text().startswith("ghs_")


async def test_a_file_that_a_crash_left_goes_once_its_token_has_ended(
    app: ForgeSpec, forge: ForgeDouble, tmp_path: Path
) -> None:
    credentials = ForgeCredentials(tmp_path, clock=TrueClock(), learn=lambda values: None)
    young, old = tmp_path / "secrets/forge_app_1", tmp_path / "secrets/forge_app_2"
    for left, age_s in ((young, 0), (old, 3700)):
        left.write_text("ghs_left\n")
        os.utime(left, (time.time() - age_s, time.time() - age_s))
    async with credentials.file(app):
        pass
    assert (young.exists(), old.exists()) == (True, False)


async def test_a_clock_that_is_a_little_ahead_is_no_fault_and_one_far_off_is_named(
    app: ForgeSpec, forge: ForgeDouble
) -> None:
    """GitHub refuses a word from the future."""
    assert isinstance(app, GitHubOptions)
    assert app.app is not None
    assert (await minted(app, app.app, key=lambda: PEM, clock=TrueClock(50))).token.startswith("ghs_")
    with pytest.raises(ForgeFailed, match=r"this machine's clock is \d+ s off") as refused:
        await minted(app, app.app, key=lambda: PEM, clock=TrueClock(700))
    assert refused.value.fault == "clock"


@pytest.mark.parametrize(
    ("fault", "words"),
    [
        (Fault("GET", "/installation", 404, {"message": "Not Found"}), "is not installed for it"),
        (Fault("GET", "/app", 401, {"message": "A JSON web token could not be decoded"}), "Check forge.app.id"),
    ],
    ids=["not installed", "another key"],
)
async def test_what_keeps_an_app_out_is_said_with_what_to_do(
    app: ForgeSpec, forge: ForgeDouble, fault: Fault, words: str
) -> None:
    """A 404 and a 401 have causes of their own, each with its words."""
    assert isinstance(app, GitHubOptions)
    assert app.app is not None
    forge.faults = [fault]
    with pytest.raises(ForgeFailed, match=words):
        await minted(app, app.app, key=lambda: PEM, clock=TrueClock())


async def test_while_a_forge_rests_it_is_asked_for_no_token_either(
    app: ForgeSpec, forge: ForgeDouble, tmp_path: Path
) -> None:
    clock = TrueClock()
    forges = ForgeConnections(ForgeCredentials(tmp_path, clock=clock, learn=lambda values: None), clock)
    forge.faults = [Fault("GET", "/app", 503)] * FAILURES

    async def fault() -> str:
        with pytest.raises(ForgeFailed) as failed:
            async with forges.proposing(app):
                pass
        return failed.value.fault

    assert [await fault() for _ in range(3)] == ["unavailable", "paused", "paused"]
    assert (len(forge.asked), forge.faults) == (FAILURES, [])


async def test_a_file_that_is_no_key_is_named_by_its_setting_alone(
    app: ForgeSpec, forge: ForgeDouble, tmp_path: Path
) -> None:
    (tmp_path / "secrets/app.pem").write_text("-----BEGIN RSA PRIVATE KEY-----\nMIIhunter2\n")
    credentials = ForgeCredentials(tmp_path, clock=TrueClock(), learn=lambda values: None)
    with pytest.raises(ForgeFailed, match=r"forge\.app\.key_file holds no private key") as refused:
        await credentials.identity(app)
    assert "hunter2" not in str(refused.value)


def test_a_forge_has_one_credential() -> None:
    for more in ({}, {"token_file": "t", "app": {"id": 1, "key_file": "k"}}):
        with pytest.raises(ValueError, match="either token_file or app"):
            forge_options({"kind": "github", "repository": "a/b", **more})
