"""The program that says where the product leaves its shape sees each fault."""

from pathlib import Path

import pytest

from tools import shape

PORT = "from typing import Protocol\nclass {name}({bases}):\n{methods}\n"


def port(name: str, bases: str, *methods: str) -> str:
    return PORT.format(
        name=name, bases=bases, methods="\n".join(f"    def {one}(self): ..." for one in methods) or "    ..."
    )


def package(root: Path, **files: str) -> Path:
    """A package with these modules; `__` in a name is a folder's slash."""
    for name, text in files.items():
        file = root / f"{name.replace('__', '/')}.py"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
    return root


@pytest.fixture(autouse=True)
def nothing_is_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    for table in ("KEPT_NAMES", "KEPT_CLASSES", "KEPT_PORTS", "KEPT_FOLDERS"):
        monkeypatch.setattr(shape, table, {})


@pytest.mark.parametrize(
    "text",
    ["def owed(): ...", "class Desk: ...", "def f(asked): ...", "lanes = 1", "class A:\n    def f(self): self.told = 1",
     "async def f():\n    async with g() as husk: ...", "for stranger in (): ...", "X = [(scene := 1)]"],
)  # fmt: skip
def test_a_struck_word_is_found_wherever_a_name_is_given(text: str, tmp_path: Path) -> None:
    [fault] = shape.faults(package(tmp_path, one=text))
    assert "say " in fault


def test_a_name_that_is_only_used_is_its_owners(tmp_path: Path) -> None:
    assert shape.faults(package(tmp_path, one="import other\nother.owed(asked=1)\nprint(other.told)")) == []


def test_a_name_that_stays_has_a_reason_and_a_reason_has_a_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shape, "KEPT_NAMES", {"one.py: asked": "stored", "told": "nobody has it"})
    [fault] = shape.faults(package(tmp_path, one="asked = 1"))
    assert "told, which no name needs" in fault


def test_two_public_classes_of_one_name_are_found(tmp_path: Path) -> None:
    [fault] = shape.faults(
        package(tmp_path, one="class Run: ...\nclass _Own: ...", two="class Run: ...\nclass _Own: ...")
    )
    assert fault == "class Run has 2 meanings: one.py, two.py"


def test_a_large_port_is_found_with_what_it_inherits(tmp_path: Path) -> None:
    few = port("Few", "Protocol", *"abcdefgh")
    assert shape.faults(package(tmp_path, one=few)) == []
    more = package(tmp_path, two=port("More", "Few, Protocol", "i"), three="class NoPort:\n    def f(self): ...")
    [fault] = shape.faults(more)
    assert "port More has 9 methods" in fault


def test_a_large_folder_is_found(tmp_path: Path) -> None:
    files = {f"folder__m{number}": "" for number in range(20)}
    assert shape.faults(package(tmp_path, folder____init__="", **files)) == []
    [fault] = shape.faults(package(tmp_path, folder__last=""))
    assert "folder/ has 21 modules" in fault


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("_RunView", ["run", "view"]),
        ("HTTPServer2", ["http", "server", "2"]),
        ("LOOK_S", ["look", "s"]),
        ("__x", ["x"]),
    ],
)
def test_the_words_of_an_identifier(name: str, expected: list[str]) -> None:
    assert shape.words(name) == expected


def test_a_port_s_fields_and_properties_count(tmp_path: Path) -> None:
    fields = (
        "class Wide(Protocol):\n"
        + "\n".join(f"    f{n}: int" for n in range(8))
        + "\n    @property\n    def g(self): ..."
    )
    [fault] = shape.faults(package(tmp_path, one=f"from typing import Protocol\n{fields}"))
    assert "port Wide has 9 methods" in fault
