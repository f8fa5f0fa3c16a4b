"""A repository on Gitea as it is wired: what `ompycord doctor` says, and what follows pull requests there."""

from pathlib import Path

from ompycord.app.doctor.forges import forges
from ompycord.app.forges.connections import ForgeConnections
from ompycord.app.system import SystemClock
from ompycord.app.wiring.forge_credentials import ForgeCredentials
from ompycord.settings import settings_with
from tests.support.forge_double import TOKEN, forge_double
from tests.support.forge_options import forge_options
from tests.support.verified_run import make_repository

SETTINGS = settings_with(agents=(), parsers=(), forges=("gitea",))


async def test_a_repository_on_gitea_is_asked_as_gitea_is(tmp_path: Path) -> None:
    make_repository(tmp_path / "shop", {"total.py": b"x = 1\n"})
    (tmp_path / "token").write_text(TOKEN)
    async with forge_double(tmp_path / "forge", tmp_path / "shop", kind="gitea") as forge:
        given = {**forge.settings, "token_file": "token"}
        settings = {"repositories": {"shop": {"path": str(tmp_path / "shop"), "forge": given}}}
        [finding] = await forges(SETTINGS.model_validate(settings), tmp_path)
        credentials = ForgeCredentials(tmp_path, clock=SystemClock(), learn=lambda values: None)
        async with ForgeConnections(credentials, SystemClock()).following(forge_options(given)) as following:
            assert await following.open_pulls() == {}
        assert {one.status for one in forge.asked} == {200}, "it is asked for nothing that Gitea does not have"
    assert finding.text == (
        "acme/shop as ompycord-bot, the token may push. It needs write:repository, write:issue and read:user"
    )


async def test_a_token_that_cannot_be_read_is_named_by_its_file(tmp_path: Path) -> None:
    make_repository(tmp_path / "shop", {"total.py": b"x = 1\n"})
    given = {"kind": "gitea", "repository": "acme/shop", "api": "http://127.0.0.1:9/api/v1", "token_file": "token"}
    settings = {"repositories": {"shop": {"path": str(tmp_path / "shop"), "forge": given}}}
    [finding] = await forges(SETTINGS.model_validate(settings), tmp_path)
    assert finding.text == f"The file of forge.token_file cannot be read: {tmp_path / 'token'}."
