"""Lines about the repository: reached, its base there, clean enough, its branches free."""

import os
from collections.abc import Iterator

from ompycord.app.precheck.lines import failing, fine, split, warning
from ompycord.domain.events import PrecheckLine
from ompycord.domain.repository import RepositorySpec
from ompycord.render.phrases import count
from ompycord.workspaces.base import filter_words, partial_words
from ompycord.workspaces.preparing.base_reader import BaseFault, BaseView

__all__ = ["reach_line", "repository_lines"]


def reach_line(fault: BaseFault) -> PrecheckLine:
    """Why there is no base to look at: no repository, no credentials, no trust, no branch."""
    return (warning if fault.is_unknown else failing)(fault.name, *split(str(fault)))


def repository_lines(repository: RepositorySpec, view: BaseView) -> Iterator[PrecheckLine]:
    """A line for each look at a base that is there."""
    yield fine("repository", f"{repository.remote} is reached")
    yield fine("base", f"{view.branch} at {view.commit[:12]}")
    yield _clean(repository, view)
    yield _branch(repository, view)


def _clean(repository: RepositorySpec, view: BaseView) -> PrecheckLine:
    name, content = "clean", view.content
    if content.missing:
        words = partial_words(repository.name, view.branch, content, git_folder=view.git_folder)
        text, _, command = words.partition(" Fetch them: ")
        return failing(name, text, f"Run: {command}")
    if content.filters:
        return failing(name, *split(filter_words(repository.name, view.branch, content)))
    if not os.access(view.git_folder, os.W_OK | os.X_OK):
        text = f"{view.git_folder} cannot be written, so no result could land there."
        return failing(name, text, "Give the bot's user the right to write there.")
    if view.operation is not None:
        text = f"{view.branch} is in the middle of a {view.operation} in {repository.remote}."
        away = "reset" if view.operation == "bisect" else "--abort"
        return failing(name, text, f"End it, or run: git -C {repository.remote} {view.operation} {away}")
    if view.apart:
        text = (
            f"HEAD of {repository.remote} is detached, with {count(view.apart, 'commit')} on no branch: runs lack them."
        )
        return warning(name, text, f"Keep them: git -C {repository.remote} switch -c NAME")
    if view.uncommitted:
        text = f"{count(view.uncommitted, 'changed file')} in {repository.remote} are not committed, so runs lack them."
        return warning(name, text, f"Commit what belongs to {view.branch}.")
    return fine(name, "nothing is under way")


def _branch(repository: RepositorySpec, view: BaseView) -> PrecheckLine:
    if view.obstacle is None:
        return fine("branch", f"{repository.branch_prefix}… is free")
    text = f"{repository.name} has a branch {view.obstacle}, so no branch {repository.branch_prefix}… can be there."
    return failing("branch", text, f"Rename it, or set repositories.{repository.name}.branch_prefix.")
