"""What an agent left below a submodule: it belongs to another repository, so it is kept beside the result.

Called within `work_tree.without_repositories`. The clone's copy of a submodule is plain files, or nothing where the
source of the clone does not have it.
"""

import os
from pathlib import Path

from ompycord.workspaces.collecting.inside_git import GitFailed, InsideGit
from ompycord.workspaces.collecting.local_work import Tip
from ompycord.workspaces.collecting.request import SubmoduleRequest
from ompycord.workspaces.collecting.work_tree import add_all, is_empty_folder

__all__ = ["changes_in_submodules"]


def changes_in_submodules(git: InsideGit, base: str, modules: list[SubmoduleRequest]) -> tuple[list[Tip], list[str]]:
    """A commit on the base for each submodule with other files than its commit has, and the paths that git refused."""
    found: list[Tip] = []
    refused: list[str] = []
    for number, module in enumerate(modules):
        folder = Path(module["path"])
        if is_empty_folder(folder):
            continue
        index = git.folder / f"module-{number}.index"
        places = {"GIT_INDEX_FILE": str(index)}
        before = _tree_of(git, module["commit"])
        git("read-tree", before or "--empty", env=places)
        refused += [f"{module['path']}/{path}" for path in add_all(git, index=index, tree=folder.absolute())]
        after = git("write-tree", env=places)
        if after not in (before, git("mktree")):
            commit = _in_place(git, base, module["path"], after)
            found.append(Tip(f"submodule/{number}", f"files below the submodule {module['path']}", commit))
    return found, refused


def _tree_of(git: InsideGit, commit: str) -> str | None:
    try:
        return git("rev-parse", "--verify", "--quiet", f"{commit}^{{tree}}")
    except GitFailed:
        return None


def _in_place(git: InsideGit, base: str, path: str, tree: str) -> str:
    """A commit of the base with the files in the submodule's place."""
    places = {"GIT_INDEX_FILE": str(git.folder / "in-place.index")}
    git("read-tree", base, env=places)
    above = [str(folder) for folder in (Path(path), *Path(path).parents) if folder != Path()]
    git.raw("update-index", "--force-remove", "-z", "--stdin", data=os.fsencode("\0".join(above)), env=places)
    git("read-tree", f"--prefix={path}/", tree, env=places)
    words = f"What the run left below the submodule {path}"
    return git("commit-tree", git("write-tree", env=places), "-p", base, "-F", "-", text=words)
