"""The inside half of collecting: makes one commit and a bundle of the clone's content; started by `collect.py`.

Runs through the launcher, as confined as the agent itself, as `python -I -S <this file>` with its request on standard
input. What the agent did to `.git` does not matter: the work is done in a git folder of its own; the agent's is only
read for commits it made. Standard library only. Exits 0 with a bundle, 3 where nothing changed.
"""

import json
import os
import shutil
import stat
import subprocess
import sys
from collections.abc import Container, Generator
from contextlib import contextmanager
from pathlib import Path

NOTHING_CHANGED = 3
GIT_S = 600
IDENTITY = {"NAME": "Ompycord", "EMAIL": "ompycord@localhost"}
REF = "refs/ompycord/result"
SETTINGS = ("core.hooksPath=/dev/null", "core.fsmonitor=false", "core.autocrlf=false", "gc.auto=0")


class GitFailed(Exception):
    """Raised when a call of git that had to succeed did not."""


class InsideGit:
    """git with our own folder as its GIT_DIR and the clone as its work tree."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        closed = {"GIT_CONFIG_GLOBAL": "/dev/null", "GIT_CONFIG_SYSTEM": "/dev/null", "GIT_CONFIG_NOSYSTEM": "1"}
        who = {f"GIT_{role}_{what}": value for role in ("AUTHOR", "COMMITTER") for what, value in IDENTITY.items()}
        ours = {"GIT_DIR": str(folder), "GIT_WORK_TREE": str(Path.cwd()), "GIT_NO_REPLACE_OBJECTS": "1"}
        kept = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
        self._environment = {**kept, **closed, **who, **ours, "GIT_TERMINAL_PROMPT": "0"}

    def __call__(self, *arguments: str, text: str = "", **more: str) -> str:
        """What it printed. Raises GitFailed."""
        settings = [word for setting in SETTINGS for word in ("-c", setting)]
        done = subprocess.run(  # noqa: S603  # a list of our own words, inside the run's confinement
            ["git", *settings, *arguments],  # noqa: S607  # the PATH is the launcher's
            env={**self._environment, **more},
            input=text.encode(),
            capture_output=True,
            timeout=GIT_S,
            check=False,
        )
        if done.returncode:
            raise GitFailed(f"git {arguments[0]}: {done.stderr.decode('utf-8', 'replace').strip()[-300:]}")
        return done.stdout.decode("utf-8", "replace").strip()


def main() -> int:
    """Answers one request; the exit code is the result."""
    request = json.load(sys.stdin)
    folder, bundle = Path(request["folder"]), Path(request["bundle"])
    shutil.rmtree(folder, ignore_errors=True)
    for left in (bundle, bundle.with_name(f"{bundle.name}.lock")):  # git leaves the lock where it is killed
        left.unlink(missing_ok=True)
    git = InsideGit(folder)
    git("init", "--quiet", "--template=", f"--object-format={request['format']}")
    use_alternates(folder, Path(request["objects"]))
    base: str = request["base"]
    own = own_commit(git, base)
    try:
        if own is not None:
            try:
                return collect(git, own, request, bundle)
            except GitFailed:  # its commits are damaged; its files are not
                pass
        return collect(git, base, request, bundle)
    except GitFailed as error:
        sys.stderr.write(f"{error}\n")
        return 1


def use_alternates(folder: Path, objects: Path) -> None:
    """Lets our folder use the base's objects and those of the agent's own commits."""
    places = [str(objects)]
    theirs = Path(".git/objects")
    if is_real_folder(Path(".git")) and is_real_folder(theirs):
        places.append(str(theirs.absolute()))
    (folder / "objects/info").mkdir(exist_ok=True)
    (folder / "objects/info/alternates").write_text("".join(f"{layout}\n" for layout in places), encoding="utf-8")
    shallow = objects.parent / "shallow"
    if shallow.is_file():
        shutil.copyfile(shallow, folder / "shallow")


def is_real_folder(path: Path) -> bool:
    """Whether it is a folder and no link to one."""
    try:
        return stat.S_ISDIR(path.lstat().st_mode)
    except OSError:
        return False


def own_commit(git: InsideGit, base: str) -> str | None:
    """The agent's HEAD, where it is a commit that follows the base."""
    try:
        head = git("rev-parse", "--verify", "--quiet", "HEAD^{commit}", GIT_DIR=".git")
        git("merge-base", "--is-ancestor", base, head)
    except GitFailed:
        return None
    return head


@contextmanager
def without_repositories(git: InsideGit, parent: str) -> Generator[None]:
    """Remove what makes a folder within the clone a repository of its own.

    Git would otherwise store its commit id and not its files. Submodules of the parent stay what they are. Spellings
    that some systems take for `.git` are refused by git, so they are removed, too.
    """
    links = git("ls-tree", "-r", "-z", parent).split("\0")
    modules = {line.partition("\t")[2] for line in links if line.startswith("160000 ")}
    moved: list[tuple[Path, Path]] = []
    try:
        for number, found in enumerate(nested_repositories(modules)):
            away = git.folder / f"nested-{number}"
            found.rename(away)
            moved.append((found, away))
        yield
    finally:
        for found, away in moved:
            away.rename(found)


def nested_repositories(modules: Container[str]) -> list[Path]:
    """Every `.git` below the clone's own."""
    found: list[Path] = []
    for at, folders, files in os.walk("."):
        layout = Path(at)
        for name in [name for name in (*folders, *files) if name.lower() == ".git"]:
            if name in folders:
                folders.remove(name)
            is_our_own = layout == Path() and name == ".git"
            if not is_our_own and layout.as_posix() not in modules:
                found.append(layout / name)
    return found


def collect(git: InsideGit, parent: str, request: dict[str, str], bundle: Path) -> int:
    """Everything in the clone that is not ignored, as one commit on `parent`, and the commits from the base to it."""
    base, trailer = request["base"], request["trailer"]
    git("read-tree", parent)
    git("update-index", "-q", "--refresh")  # read, compared and known: else `add` stores every unchanged file once more
    with without_repositories(git, parent):
        git("add", "--all", "--", ".")
    tree = git("write-tree")
    if tree == git("rev-parse", f"{base}^{{tree}}"):
        return NOTHING_CHANGED
    is_committed = tree == git("rev-parse", f"{parent}^{{tree}}")
    if is_committed:
        commit = with_trailer(git, parent, trailer)
    else:
        commit = git("commit-tree", tree, "-p", parent, "-F", "-", text=trailed(git, request["message"], trailer))
    git("update-ref", REF, commit)
    git("bundle", "create", "--quiet", str(bundle), REF, "--not", base)
    return 0


def trailed(git: InsideGit, message: str, trailer: str) -> str:
    """The message with the trailer in its last block, once; without one as it is."""
    return git("interpret-trailers", "--trailer", trailer, text=f"{message}\n") if trailer else message


def with_trailer(git: InsideGit, commit: str, trailer: str) -> str:
    """The agent's own last commit, made again where a trailer is wanted that it does not have.

    Its author and date stay.
    """
    message = git("show", "--no-patch", "--format=%B", commit)
    if not trailer or trailer in message.splitlines():
        return commit
    name, email, date, parents = git("show", "--no-patch", "--format=%an%n%ae%n%ad%n%P", "--date=raw", commit).split(
        "\n"
    )
    author = {"GIT_AUTHOR_NAME": name, "GIT_AUTHOR_EMAIL": email, "GIT_AUTHOR_DATE": date}
    on = [word for parent in parents.split() for word in ("-p", parent)]
    return git("commit-tree", f"{commit}^{{tree}}", *on, "-F", "-", text=trailed(git, message, trailer), **author)


if __name__ == "__main__":
    sys.exit(main())
