"""Own authorities are believed where Ompycord reaches out, and no certificate is where none is named; real TLS."""

import asyncio
import ssl
import subprocess
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path

import aiohttp
import pytest

from ompycord.app.precheck.provider_lines import reach
from ompycord.app.wiring.work import git_of
from ompycord.domain.configuration.forge_options import ForgeSpec
from ompycord.domain.deliveries import Delivery, StoredDelivery, Topic
from ompycord.errors import ConfigurationError, ForgeUnanswered
from ompycord.forge.client import ForgeClient
from ompycord.http.trust.authorities import MACHINE, Trust, trust_of
from ompycord.model_gateway.client import open_session
from ompycord.notify import PostedMessage
from ompycord.notify.webhook import WebhookTarget
from ompycord.processes import Completed
from ompycord.settings import Settings
from ompycord.testing import FakeClock
from ompycord.workspaces.publishing.forge_pushes import ForgeGit
from ompycord.workspaces.remote import RemoteGit, why_not_reached
from tests.e2e.reach.leaves import settings
from tests.support.forge_options import forge_options
from tests.support.patience import patient

_REFS = b"001e# service=git-upload-pack\n0000"
_NONE = b"0000000000000000000000000000000000000000 capabilities^{}\0agent=none\n"
_GIT = _REFS + f"{len(_NONE) + 4:04x}".encode() + _NONE + b"0000"
"""A repository without a branch (gitprotocol-http(5))."""


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with an authority and a server's certificate that it signed."""
    folder = tmp_path_factory.mktemp("authority")
    new = ("req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2")
    for words in (
        (*new, "-subj", "/CN=Own authority", "-keyout", "ca.key", "-out", "ca.pem"),
        (
            *new, "-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1", "-addext",
            "basicConstraints=critical,CA:FALSE", "-CA", "ca.pem", "-CAkey", "ca.key",
            "-keyout", "server.key", "-out", "server.pem",
        ),
    ):  # fmt: skip
        subprocess.run(("openssl", *words), cwd=folder, check=True, capture_output=True, timeout=patient(30))
    return folder


@asynccontextmanager
async def server(authority: Path) -> AsyncGenerator[str]:
    """Answers every request, as a forge, a provider, a receiver and git would; its address."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(authority / "server.pem", authority / "server.key")

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            head = await reader.readuntil(b"\r\n\r\n")
            is_git = b"info/refs" in head
            body = _GIT if is_git else b"{}"
            kind = b"application/x-git-upload-pack-advertisement" if is_git else b"application/json"
            lines = (b"HTTP/1.1 200 OK", b"content-type: " + kind, f"content-length: {len(body)}".encode())
            writer.write(b"\r\n".join((*lines, b"connection: close", b"", body)))
            await writer.drain()
        except (ConnectionError, asyncio.IncompleteReadError, ssl.SSLError):
            return
        finally:
            writer.close()

    listening = await asyncio.start_server(answer, "127.0.0.1", 0, ssl=context)
    async with listening:
        yield f"https://127.0.0.1:{listening.sockets[0].getsockname()[1]}"


@pytest.fixture
def own(authority: Path, tmp_path: Path) -> Trust:
    return trust_of(authority / "ca.pem", tmp_path)


def spec_of(address: str) -> ForgeSpec:
    return forge_options({"kind": "github", "repository": "acme/shop", "token_file": "t", "api": f"{address}/api/v3"})


async def test_a_forge_is_asked_only_where_its_authority_is_believed(authority: Path, own: Trust) -> None:
    async with server(authority) as address:
        for trust, is_believed in ((MACHINE, False), (own, True)):
            client = ForgeClient(spec_of(address), token=lambda: "t" * 20, clock=FakeClock(), trust=trust)
            try:
                if is_believed:
                    assert (await client.write("/x", {})).status == 200
                else:
                    with pytest.raises(ForgeUnanswered):
                        await client.write("/x", {})
            finally:
                await client.close()


async def test_a_webhook_is_posted_only_where_its_authority_is_believed(authority: Path, own: Trust) -> None:
    nothing = Delivery(id="d", destination="ci", topic=Topic.ALERT, content={}, created_at=1)
    async with server(authority) as address:
        errors: list[str | None] = []
        for trust in (MACHINE, own):
            target = WebhookTarget(
                destination="ci", url=address, message_of=lambda stored, now: PostedMessage(b"{}", {}),
                clock=FakeClock(), trust=trust,
            )  # fmt: skip
            errors.append((await target._post(StoredDelivery(delivery=nothing, seq=0, next_at=1))).error)  # pyright: ignore[reportPrivateUsage]  # without the clock's bound
            await target.close()
    assert errors[0] is not None
    assert "certificate" in errors[0].lower() or "TLS" in errors[0]
    assert errors[1] is None


async def test_a_provider_is_asked_only_where_its_authority_is_believed(authority: Path, own: Trust) -> None:
    async with server(authority) as address:
        async with open_session() as session:
            with pytest.raises(aiohttp.ClientConnectorCertificateError):
                await session.get(address)
        async with open_session(own) as session, session.get(address) as answer:
            assert answer.status == 200
        port = int(address.rpartition(":")[2])
        assert await reach("127.0.0.1", port, True) == "untrusted"
        assert await reach("127.0.0.1", port, True, trust=own) == "yes"


_OFF = """[http]
    sslVerify = false
[http "{address}"]
    sslVerify = false
[http "{address}/acme/shop.git"]
    sslVerify = false
"""


async def asked(home: Path, address: str, trust: Trust, *, as_forge: bool) -> Completed:
    """git asks a repository there, after everything that switches its checks off was said to it."""
    off = _OFF.format(address=address)
    (home / ".gitconfig").write_text(off)
    environ = {
        "PATH": "/usr/bin:/bin", "HOME": str(home), "GIT_SSL_NO_VERIFY": "1", "GIT_CONFIG_COUNT": "1",
        "GIT_CONFIG_KEY_0": "http.sslVerify", "GIT_CONFIG_VALUE_0": "false",
    }  # fmt: skip
    git = git_of(environ, trust)
    folder = home / "clone"
    if not folder.exists():
        await git.run("init", "--quiet", str(folder), cwd=home)
    with (folder / ".git" / "config").open("a") as config:
        config.write(off if as_forge else "")
    words = ("ls-remote", "--", f"{address}/acme/shop.git")
    remote = RemoteGit(git)
    if not as_forge:
        return await remote.attempt(*words, cwd=folder, timeout_s=patient(30))
    (home / "token").write_text("t" * 20)
    return await ForgeGit(git, remote, spec_of(address), folder, home / "token", "m").attempt(*words)


@pytest.mark.parametrize("as_forge", [False, True])
async def test_git_believes_no_unknown_certificate_whatever_it_is_told(
    authority: Path, own: Trust, tmp_path: Path, as_forge: bool
) -> None:
    async with server(authority) as address:
        refused = await asked(tmp_path, address, MACHINE, as_forge=as_forge)
        assert not refused.is_success
        assert why_not_reached(refused) == "its certificate is not trusted here. Name its authority in tls.ca_file."
        assert (await asked(tmp_path, address, own, as_forge=as_forge)).is_success


def test_the_bundle_for_git_has_the_machines_authorities_and_the_own_one(authority: Path, tmp_path: Path) -> None:
    trust = trust_of(authority / "ca.pem", tmp_path)
    assert trust.bundle is not None
    text = trust.bundle.read_text()
    assert (authority / "ca.pem").read_text().strip() in text
    assert text.count("BEGIN CERTIFICATE") > 20
    before = trust.bundle.stat().st_mtime_ns
    trust_of(authority / "ca.pem", tmp_path)
    assert trust.bundle.stat().st_mtime_ns == before


@pytest.mark.parametrize(
    ("text", "why"), [(None, "cannot be read"), ("nothing", "no certificate"), ("", "no certificate")]
)
def test_a_file_that_is_no_authority_ends_the_start(tmp_path: Path, text: str | None, why: str) -> None:
    if text is not None:
        (tmp_path / "ca.pem").write_text(text)
    with pytest.raises(ConfigurationError, match=f"tls.ca_file: that file .*{why}"):
        trust_of(Path("ca.pem"), tmp_path)


def test_no_setting_lets_a_certificate_go_unchecked() -> None:
    leaves = [leaf.rpartition(".")[2] for leaf in settings(Settings)]
    assert [leaf for leaf in leaves if any(word in leaf for word in ("verify", "insecure", "check_cert", "ssl"))] == []
