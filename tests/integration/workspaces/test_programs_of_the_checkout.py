"""A program that lies in the checkout shows nothing of what lies outside, whatever link an agent makes of it.

On every level.
"""

import os
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from ompycord.checks.local import LocalChecks
from ompycord.domain.ids import RunId
from ompycord.domain.repository import CheckSpec, ConfinementLevel, RepositorySpec
from ompycord.errors import ProcessFailed, ProgramLeadsOut
from ompycord.processes import ProcessSpec, Stream, launch
from ompycord.processes.launcher_port import Launcher, Layout
from ompycord.workspaces.confinement import launcher as launcher_module
from ompycord.workspaces.git import Git
from ompycord.workspaces.service import GitWorkspaces
from tests.support.confinement import CONFINED, launcher_of, require
from tests.support.patience import within

SECRET = "hunter2-of-the-host"
TELLS_ALL = '#!/bin/sh\nfor file in {folder}/.env {folder}/.git/config; do cat "$file" 2>&1; done; echo ran\n'
LEVELS: tuple[ConfinementLevel, ...] = (*CONFINED, "none")
OUTSIDE = ("base", "another repository", "tools in the home")


@dataclass(frozen=True)
class Ground:
    """A checkout, and folders of the host with a script that tells what lies beside it."""

    data: Path
    tree: Path
    outside: dict[str, Path]

    @property
    def layout(self) -> Layout:
        return Layout(self.tree)


def write(file: Path, text: str) -> Path:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text)
    file.chmod(0o755)
    return file


def link(at: Path, to: str | Path) -> Path:
    at.parent.mkdir(parents=True, exist_ok=True)
    at.symlink_to(to)
    return at


@pytest.fixture
def ground(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Ground:
    home = tmp_path / "home"
    monkeypatch.setenv("HOME", str(home))
    outside = {OUTSIDE[0]: tmp_path / "base", OUTSIDE[1]: tmp_path / "other", OUTSIDE[2]: home / "tools"}
    for folder in outside.values():
        write(folder / ".env", f"TOKEN={SECRET}\n")
        write(folder / ".git/config", f"[remote]\n\turl = https://x:{SECRET}@example.org\n")
        for name in ("run_tests.sh", "bin/python", "bin/tool"):
            write(folder / name, TELLS_ALL.format(folder=folder))
        write(folder / "pyvenv.cfg", "home = /usr/bin\n")
    tree = tmp_path / "data/workspaces/run/clone"
    tree.mkdir(parents=True)
    return Ground(tmp_path / "data", tree, outside)


@pytest.fixture(params=LEVELS)
def level(request: pytest.FixtureRequest) -> ConfinementLevel:
    found: ConfinementLevel = request.param
    require(found)
    return found


@pytest.fixture(params=CONFINED)
def confined(request: pytest.FixtureRequest) -> ConfinementLevel:
    found: ConfinementLevel = request.param
    require(found)
    return found


async def told(spec: ProcessSpec, launcher: Launcher | None = None, layout: Layout | None = None) -> str:
    """All that it writes; without a launcher `spec` is arranged already."""
    block = launch(spec) if launcher is None or layout is None else launcher.start(spec, layout)
    async with within(60), block as process:
        said = [line.text async for line in process.lines()]
        await process.wait()
        return "\n".join(said)


async def output(ground: Ground, level: ConfinementLevel, *argv: str, path: str | None = None) -> str:
    spec = ProcessSpec(argv=argv, env={} if path is None else {"PATH": path}, cwd=ground.tree)
    return await told(spec, launcher_of(level, ground.data), ground.layout)


Trap = Callable[[Path, Path], tuple[str, str | None]]
"""Puts links into a tree that lead to a folder outside; the program that it names, and its PATH."""


def plain(tree: Path, out: Path) -> tuple[str, None]:
    link(tree / "run_tests.sh", out / "run_tests.sh")
    return "./run_tests.sh", None


def relative(tree: Path, out: Path) -> tuple[str, None]:
    link(tree / "scripts/run_tests.sh", os.path.relpath(out / "run_tests.sh", tree / "scripts"))
    return "scripts/run_tests.sh", None


def parent(tree: Path, out: Path) -> tuple[str, None]:
    link(tree / "scripts", out)
    return "./scripts/run_tests.sh", None


def grandparent(tree: Path, out: Path) -> tuple[str, None]:
    link(tree / "a/b", out)
    return "a/b/bin/tool", None


def chain(tree: Path, out: Path) -> tuple[str, None]:
    link(tree / "run_tests.sh", "two/steps")
    link(tree / "two/steps", tree / "three")
    link(tree / "three", os.path.relpath(out, tree) + "/bin/../run_tests.sh")
    return "./run_tests.sh", None


def absolute_name(tree: Path, out: Path) -> tuple[str, None]:
    return str(link(tree / "run_tests.sh", out / "run_tests.sh")), None


def up_through_a_link(tree: Path, out: Path) -> tuple[str, None]:
    link(tree / "deep", out / "bin")
    return "./deep/../run_tests.sh", None


def into_nothing(tree: Path, out: Path) -> tuple[str, None]:
    link(tree / "run_tests.sh", out / "is-not-there")
    return "./run_tests.sh", None


def by_path(tree: Path, out: Path) -> tuple[str, str]:
    link(tree / "node_modules/.bin/tool", out / "bin/tool")
    return "tool", f"{tree}/node_modules/.bin:{os.environ['PATH']}"


def by_relative_path(tree: Path, out: Path) -> tuple[str, str]:
    link(tree / "node_modules/.bin", out / "bin")
    return "tool", f"node_modules/.bin:{os.environ['PATH']}"


def environment(tree: Path, out: Path) -> tuple[str, None]:
    link(tree / ".venv", out)
    return ".venv/bin/python", None


def environments_python(tree: Path, out: Path) -> tuple[str, None]:
    write(tree / ".venv/pyvenv.cfg", "home = /usr/bin\n")
    link(tree / ".venv/bin/python", out / "bin/python")
    return ".venv/bin/python", None


TRAPS: tuple[Trap, ...] = (
    *(plain, relative, parent, grandparent, chain, absolute_name, up_through_a_link, into_nothing),
    *(by_path, by_relative_path, environment),
)


@pytest.mark.parametrize("trap", TRAPS)
async def test_a_program_that_is_a_link_out_of_the_checkout_is_refused_by_name(
    ground: Ground, level: ConfinementLevel, trap: Trap
) -> None:
    for number, out in enumerate(ground.outside.values()):
        tree = ground.tree.with_name(f"clone{number}")
        tree.mkdir()
        program, path = trap(tree, out)
        here = Ground(ground.data, tree, {})
        with pytest.raises(ProgramLeadsOut, match="leads out of the checkout") as refused:
            await output(here, level, program, path=path)
        assert f"The program {program} " in str(refused.value)
        assert str(out) not in str(refused.value)


async def test_a_script_that_is_a_link_to_a_program_of_the_system_is_refused_too(
    ground: Ground, level: ConfinementLevel
) -> None:
    link(ground.tree / "run_tests.sh", "/bin/true")
    with pytest.raises(ProgramLeadsOut, match=r"\./run_tests\.sh leads out of the checkout by the link run_tests\.sh"):
        await output(ground, level, "./run_tests.sh")


async def test_a_python_of_an_environment_that_is_not_seen_anyway_is_refused(
    ground: Ground, confined: ConfinementLevel
) -> None:
    program, _ = environments_python(ground.tree, ground.outside["tools in the home"])
    with pytest.raises(ProgramLeadsOut, match=r"\.venv/bin/python leads out"):
        await output(ground, confined, program)


async def test_links_within_the_checkout_are_followed(ground: Ground, level: ConfinementLevel) -> None:
    tree = ground.tree
    write(tree / "tools/real.sh", "#!/bin/sh\necho ran: $*\n")
    link(tree / "run", "tools/../alias")
    link(tree / "alias", tree / "tools/real.sh")
    link(tree / "node_modules/.bin/tool", "../../tools/real.sh")
    assert await output(ground, level, "./run", "1") == "ran: 1"
    assert await output(ground, level, "node_modules/.bin/tool", "2") == "ran: 2"
    assert await output(ground, level, "tool", "3", path=f"node_modules/.bin:{os.environ['PATH']}") == "ran: 3"


async def test_a_virtual_environment_in_the_checkout_works(ground: Ground, level: ConfinementLevel) -> None:
    python = ground.tree / ".venv/bin/python"
    write(ground.tree / ".venv/pyvenv.cfg", f"home = {Path(sys.executable).resolve().parent}\n")
    link(python, "python3")
    link(python.with_name("python3"), Path(sys.executable).resolve())
    write(python.with_name("tool"), f"#!{python}\nimport sys\nprint(sys.prefix)\n")
    prefix = str(ground.tree / ".venv")
    assert await output(ground, level, ".venv/bin/python", "-c", "import sys; print(sys.prefix)") == prefix
    assert await output(ground, level, ".venv/bin/tool") == prefix


async def test_a_program_outside_still_finds_what_is_installed_with_it(ground: Ground, level: ConfinementLevel) -> None:
    installed = ground.outside["tools in the home"]
    assert SECRET in await output(ground, level, str(installed / "run_tests.sh"))


@pytest.mark.parametrize("name", OUTSIDE)
async def test_interpreter_lines_and_arguments_that_lead_out_open_nothing(
    ground: Ground, confined: ConfinementLevel, name: str
) -> None:
    out = ground.outside[name]
    reads = f"print(open({str(out / '.env')!r}).read())"
    write(out / "reads.py", reads)
    write(ground.tree / "interpreted", f"#!{out}/run_tests.sh\n")
    link(ground.tree / "by-link", out / "run_tests.sh")
    link(ground.tree / "reads.py", out / "reads.py")
    link(ground.tree / "package", out)
    for argv in (
        ("./interpreted",),
        ("sh", "./by-link"),
        ("env", "./by-link"),
        (sys.executable, "reads.py"),
        (sys.executable, "-m", "package.reads"),
        (sys.executable, "-c", reads),
    ):
        said = await output(ground, confined, *argv)
        assert SECRET not in said
        assert "ran" not in said.splitlines()


async def test_a_folder_of_the_path_that_lies_in_the_checkout_shows_nothing_outside(
    ground: Ground, confined: ConfinementLevel
) -> None:
    out = ground.outside["base"]
    link(ground.tree / "bin", out)
    link(ground.tree / "lib", out)
    write(ground.tree / "venv/pyvenv.cfg", "")
    link(ground.tree / "venv/bin", out)
    path = f"{ground.tree}/bin:{ground.tree}/venv/bin:{ground.tree}/bin/bin:bin:{os.environ['PATH']}"
    said = await output(ground, confined, "sh", "-c", f"cat {out}/.env bin/.env; bin/run_tests.sh; echo end", path=path)
    assert SECRET not in said
    assert "end" in said.splitlines()


async def test_a_link_that_is_put_there_after_the_look_leads_to_nothing(
    ground: Ground, confined: ConfinementLevel
) -> None:
    program = write(ground.tree / "run_tests.sh", "#!/bin/sh\necho harmless\n")
    spec = ProcessSpec(argv=("./run_tests.sh",), env={}, cwd=ground.tree)
    arranged = launcher_of(confined, ground.data).arrange(spec, ground.layout)
    program.unlink()
    link(program, ground.outside["base"] / "run_tests.sh")
    said = await told(arranged)
    assert SECRET not in said
    assert "No such file or directory" in said or "inside its confinement" in said


async def test_a_link_that_is_gone_before_it_is_refused_has_shown_nothing(
    ground: Ground, confined: ConfinementLevel, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It lies there while what is seen is decided, and is a file again when it is looked at."""
    out = ground.outside["base"]
    program = link(ground.tree / "run_tests.sh", out / "run_tests.sh")
    real = launcher_module.require_inside

    def swapped(name: str, path: Path, layout: Layout, *, shows: Callable[[Path], bool]) -> None:
        program.unlink()
        write(program, f"#!/bin/sh\ncat {out}/.env 2>&1; echo end\n")
        real(name, path, layout, shows=shows)

    monkeypatch.setattr(launcher_module, "require_inside", swapped)
    said = await output(ground, confined, "./run_tests.sh")
    assert SECRET not in said
    assert "end" in said.splitlines()


async def test_a_checkout_that_became_a_link_starts_nothing(ground: Ground, level: ConfinementLevel) -> None:
    ground.tree.rmdir()
    link(ground.tree, ground.outside["base"])
    with pytest.raises(ProcessFailed, match="became a link"):
        await output(ground, level, "./run_tests.sh")


async def test_a_check_that_an_agent_made_a_link_is_no_result_and_tells_nothing(
    level: ConfinementLevel,
    tmp_path: Path,
    workspaces: GitWorkspaces,
    repository: RepositorySpec,
    origin: Path,
    run: RunId,
    git: Git,
    shell: Callable[..., str],
) -> None:
    """From the agent's clone by the harvest into the checkout of a check."""
    write(origin / "run_tests.sh", TELLS_ALL.format(folder=origin))
    shell("add", "run_tests.sh", cwd=origin)
    shell("commit", "--quiet", "-m", "a check", cwd=origin)
    write(origin / ".env", f"TOKEN={SECRET}\n")
    launcher = launcher_of(level, tmp_path / "data")
    confined = GitWorkspaces(
        folder=tmp_path / "data/workspaces", repositories=tmp_path / "data/repositories", git=git, launcher=launcher
    )
    prepared = await confined.prepare(run, repository, base=None)
    spec = ProcessSpec(argv=("ln", "-sf", str(origin / "run_tests.sh"), "run_tests.sh"), env={}, cwd=prepared.path)
    await told(spec, launcher, Layout(prepared.path))
    collected = await confined.collect(run, repository, message="m")
    assert [file.path for file in collected.files] == ["run_tests.sh"]
    async with confined.checkout(run, repository) as tree:
        check = CheckSpec(name="tests", command=("./run_tests.sh",))
        found = (await LocalChecks(launcher=launcher).run(run, check, tree)).finished
    assert found.status == "error"
    assert found.detail == (
        "The program ./run_tests.sh leads out of the checkout by the link run_tests.sh, so nothing ran. "
        "Put the file itself into the checkout."
    )


async def test_the_traps_themselves_work(ground: Ground) -> None:
    """Started without any launcher, they tell the secret: the refusals above refuse something."""
    program, _ = plain(ground.tree, ground.outside["base"])
    spec = ProcessSpec(argv=(program,), env={"PATH": os.defpath}, cwd=ground.tree)
    async with within(60), launch(spec) as process:
        said = [line.text async for line in process.lines() if line.stream is Stream.STDOUT]
    assert said.count(f"TOKEN={SECRET}") == 1
