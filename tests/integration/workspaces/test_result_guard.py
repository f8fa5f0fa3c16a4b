"""What a result may not hold is not taken: it is found in git's own objects, and the result before it stays."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from ompycord.domain.checking.guard_words import guard_sentence
from ompycord.domain.events import GuardFinding
from ompycord.domain.ids import RunId
from ompycord.domain.ports import Collected
from ompycord.domain.ports.guard import GuardRules
from ompycord.domain.repository import GuardSpec, RepositorySpec
from ompycord.errors import WorkspaceError
from ompycord.workspaces.confinement.launcher import UnconfinedLauncher
from ompycord.workspaces.guarding import syntax
from ompycord.workspaces.guarding.syntax import ChangedSource, check_syntax
from ompycord.workspaces.service import GitWorkspaces

pytestmark = pytest.mark.posix
Shell = Callable[..., str]
TOKEN = "ghp_" + "aB3xY9" * 6


class Guarded:
    """A run in whose clone a test writes."""

    def __init__(self, workspaces: GitWorkspaces, run: RunId, repository: RepositorySpec, clone: Path) -> None:
        self.workspaces = workspaces
        self.run = run
        self.repository = repository
        self.clone = clone

    async def collect(
        self,
        *,
        protected: tuple[str, ...] = (),
        planned: tuple[str, ...] | None = None,
        with_syntax: bool = True,
        **spec: object,
    ) -> Collected:
        made = GuardSpec.model_validate(spec)
        rules = GuardRules(spec=made, protected=protected, planned=planned, with_syntax=with_syntax)
        return await self.workspaces.collect(self.run, self.repository, message="work", rules=rules)

    async def found(self, **how: object) -> list[GuardFinding]:
        collected = await self.collect(**how)  # pyright: ignore[reportArgumentType]  # forwarded
        assert collected.guarded is not None
        return list(collected.guarded.findings)


@pytest.fixture
async def guarded(workspaces: GitWorkspaces, run: RunId, repository: RepositorySpec) -> Guarded:
    prepared = await workspaces.prepare(run, repository, base=None)
    return Guarded(workspaces, run, repository, prepared.path)


BROKEN = {
    "a.py": ("def f(:\n    pass\n", 1),
    "b.py": ("x = 1\n\ndef f():\nreturn 1\n", 4),
    "c.js": ("function f( {\n  return 1;\n", 1),
    "d.ts": ("let x: number = ;\n", 1),
    "e.tsx": ("const a = <div>;\n", 1),
    "f.go": ("package main\n\nfunc main() {\n", None),
    "g.rs": ("fn main() { let x = ; }\n", 1),
}
WHOLE = {
    "a.py": "type X = int\ndef f[T](x: T) -> str:\n    return f'{x!r:>{10}} {'a'}'\n",
    "b.pyi": "def f() -> int: ...\n",
    "c.js": "export const a = (b) => <div>{b?.c ?? `x${1}`}</div>;\n",
    "d.mjs": "import x from './y.js';\nexport default class { #p = 1; static { x(); } }\n",
    "e.ts": "export type A<T> = { [K in keyof T]?: T[K] };\nabstract class D { abstract e(): void }\n",
    "f.tsx": "export const A = <T,>(p: { x: T }) => <>{String(p.x)}</>;\n",
    "g.go": "package main\n\nfunc Map[T any](x []T) []T { return x }\n",
    "h.rs": 'fn main() { let Some(x) = y else { return; }; println!("{x}"); }\n',
}


@pytest.mark.parametrize("name", sorted(BROKEN))
async def test_a_file_that_does_not_parse_is_named_with_its_line(guarded: Guarded, name: str) -> None:
    text, line = BROKEN[name]
    (guarded.clone / name).write_text(text)
    found = await guarded.found()
    assert [(one.rule, one.path) for one in found] == [("syntax", name)]
    assert line is None or found[0].line == line
    assert found[0].detail


@pytest.mark.parametrize("name", sorted(WHOLE))
async def test_newer_forms_of_a_language_parse_or_are_said_not_to_be_checked(guarded: Guarded, name: str) -> None:
    (guarded.clone / name).write_text(WHOLE[name])
    assert await guarded.found() == []


async def test_files_of_other_languages_are_named_as_not_checked(guarded: Guarded) -> None:
    for prose in ("notes.md", "LICENSE", "a.TXT", "README"):
        (guarded.clone / prose).write_text("# x")
    for source in ("x.rb", "CMakeLists.txt"):
        (guarded.clone / source).write_text("def x(")
    (guarded.clone / "x.py").write_text("x = 1\n")
    collected = await guarded.collect()
    assert collected.guarded is not None
    assert (collected.guarded.findings, collected.guarded.not_checked) == ((), ("CMakeLists.txt", "x.rb"))
    assert (collected.guarded.not_checked_total, collected.guarded.files) == (2, 7)


async def test_what_a_plan_does_not_name_is_listed_and_without_a_plan_nothing_is(guarded: Guarded) -> None:
    for name in ("a.txt", "b.txt", "c.txt"):
        (guarded.clone / name).write_text("x")
    found = await guarded.found(planned=("b.txt", "never.txt"))
    assert [(one.rule, one.path, one.is_policy) for one in found] == [
        ("unplanned", "a.txt", False),
        ("unplanned", "c.txt", False),
    ]
    assert guard_sentence(found, 2).startswith("a.txt is not in the plan: take it back, unless the task needs it;")
    assert await guarded.found() == []


async def test_what_did_not_parse_on_the_base_is_not_held_against_a_result(
    guarded: Guarded, shell: Shell, origin: Path, workspaces: GitWorkspaces
) -> None:
    (origin / "old.py").write_text("print 'two'\n")
    shell("add", "--all", cwd=origin)
    shell("commit", "--quiet", "-m", "old", cwd=origin)
    prepared = await workspaces.prepare(guarded.run, guarded.repository, base=None)
    (prepared.path / "old.py").write_text("print 'three'\n")
    assert await guarded.found() == []
    (prepared.path / "new.py").write_text("print 'three'\n")
    assert [one.path for one in await guarded.found()] == ["new.py"]


async def test_mode_fast_and_settings_ask_no_parser(guarded: Guarded) -> None:
    (guarded.clone / "a.py").write_text("def f(:\n")
    assert await guarded.found(with_syntax=False) == []
    assert await guarded.found(syntax=False) == []
    assert await guarded.found(exempt=("*.py",)) == []


async def test_the_last_result_that_was_taken_stays_and_the_patch_of_the_other_is_kept(
    guarded: Guarded, run_folder: Path
) -> None:
    (guarded.clone / "good.py").write_text("x = 1\n")
    first = await guarded.collect()
    (guarded.clone / "bad.py").write_text("def f(:\n")
    second = await guarded.collect()
    assert second.guarded is not None
    assert second.guarded.findings
    assert (second.commit, [file.path for file in second.files]) == (first.commit, ["good.py"])
    assert "bad.py" in (run_folder / "refused.patch").read_text()
    assert "bad.py" not in (run_folder / "diff.patch").read_text()
    again = await guarded.collect()
    assert (again.commit, again.guarded) == (second.commit, second.guarded)
    published = await guarded.workspaces.publish(guarded.run, guarded.repository, branch="ompycord/x")
    assert published.commit == first.commit
    await guarded.workspaces.discard(guarded.run)
    assert (run_folder / "refused.patch").exists()


async def test_what_is_published_is_what_was_looked_through(
    guarded: Guarded, run_folder: Path, shell: Shell, origin: Path
) -> None:
    (guarded.clone / "good.py").write_text("x = 1\n")
    (guarded.clone / "a.txt").unlink()
    collected = await guarded.collect()
    manifest = json.loads((run_folder / "manifest.json").read_text())
    assert manifest["a.txt"] is None
    blob = shell("rev-parse", f"{collected.commit}:good.py", cwd=run_folder / "result.git")
    assert manifest["good.py"] == {"mode": "100644", "blob": blob}
    (run_folder / "manifest.json").write_text(json.dumps({"good.py": {"mode": "100755", "blob": blob}}))
    with pytest.raises(WorkspaceError, match="not the one that was looked through"):
        await guarded.workspaces.publish(guarded.run, guarded.repository, branch="ompycord/x")
    assert shell("branch", "--list", "ompycord/*", cwd=origin) == ""


async def test_without_a_result_before_there_is_none(guarded: Guarded) -> None:
    (guarded.clone / "bad.py").write_text("def f(:\n")
    collected = await guarded.collect()
    assert (collected.commit, collected.files) == (None, ())
    assert (await guarded.workspaces.publish(guarded.run, guarded.repository, branch="ompycord/x")).branch is None
    (guarded.clone / "bad.py").write_text("def f(): ...\n")
    repaired = await guarded.collect()
    assert [file.path for file in repaired.files] == ["bad.py"]


# -- secrets -----------------------------------------------------------------------------------------------------------


async def test_a_secret_of_a_known_format_is_named_by_its_kind_and_never_shown(guarded: Guarded) -> None:
    (guarded.clone / "conf.ini").write_text(f"[a]\ntoken = {TOKEN}\n")
    found = await guarded.found()
    assert found == [GuardFinding(rule="secret", path="conf.ini", line=2, detail="a GitHub token")]


async def test_a_secret_that_stands_on_the_base_is_no_new_one(
    guarded: Guarded, shell: Shell, origin: Path, workspaces: GitWorkspaces
) -> None:
    (origin / "old.ini").write_text(f"token = {TOKEN}\n")
    shell("add", "--all", cwd=origin)
    shell("commit", "--quiet", "-m", "old", cwd=origin)
    clone = (await workspaces.prepare(guarded.run, guarded.repository, base=None)).path
    (clone / "old.ini").write_text(f"# more\ntoken = {TOKEN}\n")
    assert await guarded.found() == []
    (clone / "old.ini").rename(clone / "moved.ini")
    assert await guarded.found() == []
    (clone / "moved.ini").unlink()
    (clone / "old.ini").write_text(f"# more\ntoken = {TOKEN}\nother = {TOKEN.swapcase().replace('GHP', 'ghp')}\n")
    assert [(one.path, one.line) for one in await guarded.found()] == [("old.ini", 3)]


async def test_a_secret_of_an_earlier_commit_is_found_although_a_later_one_removed_it(
    guarded: Guarded, shell: Shell
) -> None:
    (guarded.clone / "conf.ini").write_text(f"token = {TOKEN}\n")
    shell("add", "--all", cwd=guarded.clone)
    shell("commit", "--quiet", "-m", "oops", cwd=guarded.clone)
    (guarded.clone / "conf.ini").write_text("token = env\n")
    found = await guarded.found()
    assert [(one.rule, one.path, one.detail) for one in found] == [
        ("secret", "conf.ini", "a GitHub token, in an earlier commit")
    ]


async def test_settings_exempt_samples(guarded: Guarded) -> None:
    (guarded.clone / "tests").mkdir()
    (guarded.clone / "tests/sample.txt").write_text(TOKEN)
    assert await guarded.found(exempt=("tests/**",)) == []
    assert await guarded.found(secrets=False) == []


# -- paths, links, sizes -----------------------------------------------------------------------------------------------


async def test_a_protected_path_is_changed_by_no_result_neither_by_removing_it(guarded: Guarded) -> None:
    (guarded.clone / "a.txt").unlink()
    (guarded.clone / "ci").mkdir()
    (guarded.clone / "ci/x.yml").write_text("a: 1\n")
    found = await guarded.found(protected=("a.txt", "ci/**"))
    assert [(one.rule, one.path) for one in found] == [("protected", "a.txt"), ("protected", "ci/x.yml")]


@pytest.mark.parametrize(
    ("target", "why"),
    [
        ("/etc/passwd", "leads to an absolute path"),
        ("../outside", "leads to a folder above the repository"),
        ("sub/../../outside", "leads to a folder above the repository"),
        ("C:/x", "leads to an absolute path"),
        (".git/config", "leads to git's own folder"),
        ("link", "leads to itself, or too many other links"),
    ],
)
async def test_a_link_that_leads_out_of_the_repository_is_refused(guarded: Guarded, target: str, why: str) -> None:
    (guarded.clone / "link").symlink_to(target)
    assert await guarded.found() == [GuardFinding(rule="escape", path="link", detail=why)]


async def test_a_link_that_leads_out_by_way_of_another_is_refused_and_one_within_is_not(guarded: Guarded) -> None:
    (guarded.clone / "deep/er").mkdir(parents=True)
    (guarded.clone / "deep/er/fine").symlink_to("../../a.txt")
    (guarded.clone / "dangling").symlink_to("nowhere")
    assert await guarded.found() == []
    (guarded.clone / "way").symlink_to("deep/er")
    (guarded.clone / "out").symlink_to("way/../../../x")
    assert [one.path for one in await guarded.found()] == ["out"]


async def test_a_result_that_is_too_large_is_measured(guarded: Guarded) -> None:
    for number in range(5):
        (guarded.clone / f"{number}.txt").write_text("line\n" * 10)
    (guarded.clone / "large.bin").write_bytes(os.urandom(1_100_000))
    found = await guarded.found(max_files=5, max_lines=49, max_file_mib=1)
    assert [(one.rule, one.path, one.detail) for one in found] == [
        ("files", None, "6 files, 5 is the most"),
        ("lines", None, "50 new lines, 49 is the most"),
        ("file_size", "large.bin", "1.0 MiB, 1 MiB is the most"),
    ]


# -- the program that parses -------------------------------------------------------------------------------------------


async def test_a_parser_that_dies_costs_one_file_its_check_and_no_more(
    tmp_path: Path, run: RunId, monkeypatch: pytest.MonkeyPatch
) -> None:
    program = tmp_path / "program.py"
    program.write_text(
        Path(syntax.__file__).with_name("syntax_program.py").read_text()
        .replace("def checked(language: str, source: bytes) -> dict[str, Any]:\n",
                 "def checked(language: str, source: bytes) -> dict[str, Any]:\n"
                 "    if b'DIE' in source:\n        import os\n        os.abort()\n")
    )  # fmt: skip
    monkeypatch.setattr(syntax, "_PROGRAM", program)
    sources = [ChangedSource(f"{n}.py", "python", text) for n, text in enumerate((b"x = (", b"# DIE", b"y = ("))]
    checked = await check_syntax(UnconfinedLauncher(path=os.environ["PATH"]), tmp_path, run, sources)
    assert [one.path for one in checked.findings] == ["0.py", "2.py"]
    assert checked.not_checked == ["1.py"]


def test_the_program_knows_nothing_of_ours(tmp_path: Path) -> None:
    words = (
        "import sys, runpy; runpy.run_path(sys.argv[1]); print([m for m in sys.modules if m.startswith('ompycord')])"
    )
    program = Path(syntax.__file__).with_name("syntax_program.py")
    done = subprocess.run(
        [sys.executable, "-I", "-c", words, str(program)],
        check=True, capture_output=True, text=True, stdin=subprocess.DEVNULL, cwd=tmp_path,
    )  # fmt: skip
    assert done.stdout.strip() == "[]"
