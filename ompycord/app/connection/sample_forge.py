"""Gives the playground's sample the playground's forge, so that its runs end as pull requests there."""

from pathlib import Path
from typing import Final

from ompycord.app.data_folder import DataFolder
from ompycord.domain.configuration.publish_options import PublishSpec
from ompycord.domain.repository import RepositorySpec
from ompycord.errors import ForgeFailed, ProcessFailed, WorkspaceError
from ompycord.files import replace_file
from ompycord.forge.github_kind import GitHubOptions
from ompycord.playground.client import Info
from ompycord.workspaces.git import Git
from ompycord.workspaces.publishing.base_branch import share_base

__all__ = ["with_forge"]

_POLL_S: Final = 3.0
"""Seconds between two looks: it is on this machine, and somebody waits before the page."""
_TOKEN: Final = Path("secrets/playground_forge_token")


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
