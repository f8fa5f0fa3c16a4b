"""The playground judges from outside: it imports nothing else of ompycord, and no Discord library."""

import ast
from pathlib import Path

import ompycord.playground

FOLDER = Path(ompycord.playground.__file__).parent


def _imported(path: Path) -> set[str]:
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {item.name for item in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path.name} imports relatively"
            found.add(node.module or "")
    return found


def test_nothing_of_ours_and_no_discord_library_is_imported() -> None:
    files = sorted(FOLDER.rglob("*.py"))
    assert len(files) > 20
    for path in files:
        for name in _imported(path):
            is_ours = name == "ompycord" or name.startswith("ompycord.")
            assert not is_ours or name.startswith("ompycord.playground"), f"{path.name} imports {name}"
            assert name.split(".")[0] not in ("discord", "hikari", "pydantic"), f"{path.name} imports {name}"


def test_no_file_is_longer_than_400_lines() -> None:
    lengths = {
        str(path.relative_to(FOLDER)): len(path.read_text(encoding="utf-8").splitlines())
        for path in FOLDER.rglob("*.py")
    }
    assert {name: length for name, length in lengths.items() if length > 400} == {}
