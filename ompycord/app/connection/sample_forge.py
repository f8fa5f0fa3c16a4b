"""Gives the playground's sample the playground's forge, so that its runs end as pull requests there."""

from pathlib import Path
from typing import Final

from ompycord.app.connection.local_discord import LocalDiscord
from ompycord.app.data_folder import DataFolder
from ompycord.app.wiring.issue_calls import hook_secret
from ompycord.domain.configuration.publish_options import PublishSpec
from ompycord.domain.issue_calls.options import ForgeHookSpec, IssueStarts
from ompycord.domain.repository import RepositorySpec
from ompycord.errors import ForgeFailed, ProcessFailed, UnavailableError, WorkspaceError
from ompycord.files import replace_file
from ompycord.forge.github_kind import GitHubOptions
from ompycord.playground.client import Info
from ompycord.settings import Settings
from ompycord.webhook.forge_routes import PREFIX
from ompycord.workspaces.git import Git
from ompycord.workspaces.publishing.base_branch import share_base

__all__ = ["FORGE_HOOK", "forge_hook", "receive_webhooks", "with_forge"]

FORGE_HOOK: Final = "playground"
"""Under this name of `forge_hooks` the playground's forge posts."""

_POLL_S: Final = 3.0
"""Seconds between two looks: it is on this machine, and somebody waits before the page."""
_TOKEN: Final = Path("secrets/playground_forge_token")


def forge_hook(info: Info, sample: RepositorySpec) -> dict[str, ForgeHookSpec]:
    """The webhook of the playground's forge, by its name; none where the sample has no forge.

    The label `ompycord` on one of its issues starts a run.
    """
    if info.forge is None or sample.forge is None:
        return {}
    starts = {sample.name: IssueStarts(label="ompycord")}
    return {FORGE_HOOK: ForgeHookSpec(name=FORGE_HOOK, api=info.forge["api"], starts=starts)}


async def receive_webhooks(local: LocalDiscord, sidecar: str, settings: Settings, data: DataFolder) -> str | None:
    """Have the playground's forge post to the sidecar; a sentence where it does not. Raises ConfigurationError."""
    hook = settings.forge_hooks.get(FORGE_HOOK)
    if hook is None:
        return None
    try:
        await local.name_hook_receiver(f"{sidecar}{PREFIX}{FORGE_HOOK}", hook_secret(data, hook))
    except UnavailableError as error:
        return f"{error} Its pull requests are looked at every {_POLL_S:.0f} s, and its labels start nothing."
    return None


async def with_forge(
    sample: RepositorySpec, info: Info, data: DataFolder, git: Git
) -> tuple[RepositorySpec, str | None]:
    """The sample with its forge, which has its base from now on; and a sentence where there is none.

    A sample of an earlier version is converted by this, too: its branches stay, and its base is pushed.
    """
    if info.forge is None:
        return sample, "The playground finds no git, so results of its sample are branches only. Install git."
    file = data.path / _TOKEN
    file.parent.mkdir(mode=0o700, exist_ok=True)
    replace_file(file, f"{info.forge['token']}\n", is_durable=False)
    forge = GitHubOptions(
        repository=info.forge["repository"],
        token_file=_TOKEN,
        api=info.forge["api"],
        poll_s=_POLL_S,
    )
    found = sample.model_copy(update={"forge": forge, "publish": PublishSpec(labels=("ompycord",))})
    try:
        await share_base(found, git=git, token_file=lambda spec: file)
    except (ForgeFailed, ProcessFailed, WorkspaceError) as error:
        return sample, f"Results of the sample are branches only: {error}"
    return found, None
