"""`ompycord doctor` of a repository on Gitea, as it is wired."""

from pathlib import Path

from ompycord.app.doctor.forges import forges
from ompycord.settings import Settings
from tests.support.forge_double import TOKEN, forge_double
from tests.support.verified_run import make_repository


async def test_a_repository_on_gitea_is_asked_as_gitea_is(tmp_path: Path) -> None:
    make_repository(tmp_path / "shop", {"total.py": b"x = 1\n"})
    (tmp_path / "token").write_text(TOKEN)
    async with forge_double(tmp_path / "forge", tmp_path / "shop", kind="gitea") as forge:
        forge_settings = {**forge.settings, "token_file": "token"}
        given = {"repositories": {"shop": {"path": str(tmp_path / "shop"), "forge": forge_settings}}}
        [finding] = await forges(Settings.model_validate(given), tmp_path)
    assert finding.text == (
        "acme/shop as ompycord-bot, the token may push. It needs write:repository, write:issue and read:user"
    )
