"""Go and Rust as they are installed here, through the whole of a check; left out where they are not."""

import os
import shutil
from pathlib import Path

import pytest

from ompycord.checks.local import LocalChecks
from ompycord.domain.ids import RunId, new_ulid
from ompycord.domain.ports import CheckRun
from ompycord.domain.repository import CheckSpec
from ompycord.workspaces.confinement.launcher import UnconfinedLauncher

pytestmark = pytest.mark.long
GO = {
    "go.mod": "module example.org/cart\n\ngo 1.19\n",
    "cart.go": "package cart\n\nfunc Total(prices []int) int { return len(prices) }\n",
    "cart_test.go": 'package cart\n\nimport "testing"\n\nfunc TestAdds(t *testing.T) {\n'
    '\tif Total([]int{1, 2}) != 3 {\n\t\tt.Fatal("not three")\n\t}\n}\n\nfunc TestRuns(t *testing.T) {}\n',
}
RUST = {
    "Cargo.toml": '[package]\nname = "cart"\nversion = "0.1.0"\nedition = "2021"\n',
    "src/lib.rs": "pub fn total(prices: &[i64]) -> i64 {\n    prices.len() as i64\n}\n\n#[test]\nfn adds() {\n"
    "    assert_eq!(total(&[1, 2]), 3);\n}\n\n#[test]\nfn runs() {}\n",
}


async def look(tree: Path, files: dict[str, str], *command: str) -> CheckRun:
    for name, text in files.items():
        (tree / name).parent.mkdir(parents=True, exist_ok=True)
        (tree / name).write_text(text)
    # the compilers keep what they need in the home of the user who installed them
    home = os.environ.get("HOME", "/")
    setting = {name: os.environ[name] for name in ("CARGO_HOME", "RUSTUP_HOME") if name in os.environ}
    usual = {"CARGO_HOME": f"{home}/.cargo", "RUSTUP_HOME": f"{home}/.rustup"}
    words = [f"{name}={value}" for name, value in {**usual, **setting}.items()]
    launcher = UnconfinedLauncher(path=os.environ["PATH"])
    spec = CheckSpec.model_validate({"name": "c", "command": ["env", *words, *command], "parser": command[0]})
    return await LocalChecks(launcher=launcher).run(RunId(new_ulid(now_ms=0, entropy=os.urandom(10))), spec, tree)


@pytest.mark.skipif(shutil.which("go") is None, reason="Go is not installed here")
async def test_go_as_it_is_installed(tmp_path: Path) -> None:
    ran = await look(tmp_path / "p/tree", GO, "go", "test", "-json", "./...")
    assert ran.tests == {"example.org/cart.TestAdds": "failed", "example.org/cart.TestRuns": "passed"}
    assert ran.finished.status == "failed"
    assert "not three" in ran.errors[0].error


@pytest.mark.skipif(shutil.which("cargo") is None, reason="Rust is not installed here")
async def test_rust_as_it_is_installed(tmp_path: Path) -> None:
    ran = await look(tmp_path / "p/tree", RUST, "cargo", "test")
    assert ran.tests == {"adds": "failed", "runs": "passed"}
    assert ran.finished.status == "failed"
    assert "left: 2" in ran.errors[0].error
