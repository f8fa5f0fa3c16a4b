"""`tools/mutants.py`: which faults it knows, which it draws, and what it says of one that a test sees or does not."""

import shutil
from pathlib import Path

import pytest

from tests.support.patience import patient
from tools.mutants import Copy, Fault, judge, sample
from tools.mutations import Mutation, applied, is_different, mutations
from tools.nearest_tests import Imports, nearest

ROOT = Path(__file__).resolve().parents[3]


@pytest.fixture(autouse=True)
def pytest_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """What else is installed is no part of the runs that are judged: half of what each start of pytest takes."""
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")
    monkeypatch.setenv("PYTEST_PLUGINS", "xdist.plugin")


def faults(source: str) -> set[str]:
    """Every source with one fault in it."""
    raw = source.encode()
    return {applied(raw, one).decode() for one in mutations(raw) if is_different(raw, one)}


NONE: set[str] = set()


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("a < b", {"a <= b"}),
        ("a <= b > c", {"a < b > c", "a <= b >= c"}),
        ("a == b != c", {"a != b != c", "a == b == c"}),
        ("a in b", {"a not in b"}),
        ("a not in (b)", {"a in (b)"}),
        ("a is  not b", {"a is b"}),
        ("a is b", {"a is not b"}),
        ("a and b and c", {"a or b and c", "a and b or c"}),
        ("(a) or (b)", {"(a) and (b)"}),
        ("x = not a", {"x =  a"}),
        ("a + b - c", {"a - b - c", "a + b + c"}),
        ("'é', a + b", {"'é', a - b"}),
        ("a + 'text'", NONE),
        ("True", {"False"}),
        ("7", {"8", "6"}),
        ("'7', None", NONE),
        ("a = min(b)", {"a = max(b)"}),
        ("a = any(b)", {"a = all(b)"}),
        ("a = f(b, c)", {"a = f(c, b)"}),
        ("a = f(b, 'c')", NONE),
        ("a = f(*b, *c)", NONE),
        ("a = isinstance(b, c)", NONE),
        ("a if b else c", {"a if (not (b)) else c"}),
        ("a = [b for b in c if d]", {"a = [b for b in c if (not (d))]"}),
        ("f()", {"pass"}),
        ("raise a", {"pass"}),
        ("a.b = c", {"pass"}),
        ("a = c", NONE),
        ("a += c", {"pass"}),
        ("'''f(1)'''", NONE),
        ("__all__ = ['a']", NONE),
        ("a: f[1]", NONE),
        ("f'{a + b}'", NONE),
        ("async def f():\n    await a.sleep()", {"async def f():\n    pass"}),
        ("def f() -> g[1]:\n    return", {"def f() -> g[1]:\n    pass"}),
        ("if TYPE_CHECKING:\n    f()", NONE),
        ("if f(a):\n    b", {"if (not (f(a))):\n    b"}),
    ],
)
def test_a_line_has_these_faults(source: str, expected: set[str]) -> None:
    assert faults(source) == expected


def test_a_fault_names_its_line_and_what_stood_there() -> None:
    (fault,) = mutations("'é'\nx = (\n    a\n    < b\n)\n".encode())
    assert fault == Mutation("comparison", 4, 21, 22, "<", "<=")


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """A package of two modules; the tests see what `small` does, and not what `large` does at its border."""
    files = {
        "ompycord/__init__.py": "",
        "ompycord/area/__init__.py": "",
        "ompycord/area/small.py": "def is_small(size):\n    return size < 3\n",
        "ompycord/area/large.py": "from ompycord.area.small import is_small\n\n\ndef grow(a):\n    return a + 1\n",
        "ompycord/far.py": "from ompycord.area import large\n",
        "tests/unit/area/test_small.py": (
            "from ompycord.area.small import is_small\n\n\ndef test_border():\n"
            "    assert [is_small(size) for size in (2, 3)] == [True, False]\n"
        ),
        "tests/unit/area/test_other.py": "def test_other():\n    pass\n",
        "tests/unit/conftest.py": "from ompycord import far\n",
        "tests/integration/area/test_large.py": (
            "from ompycord.area.large import grow\n\n\ndef test_called():\n    grow(1)\n"
        ),
        "pytest.ini": "[pytest]\n",
    }
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    (tmp_path / "tools").mkdir()
    shutil.copy(ROOT / "tools/failures.py", tmp_path / "tools/failures.py")
    return tmp_path


FILES = ["ompycord/area/large.py", "ompycord/area/small.py"]
TESTS = [
    *("tests/integration/area/test_large.py", "tests/unit/area/test_other.py", "tests/unit/area/test_small.py"),
    "tests/unit/test_above.py",
]


def test_tests_that_import_the_module_come_first_then_those_of_its_area_then_those_that_reach_it(tree: Path) -> None:
    (tree / "tests/unit/test_above.py").write_text("")
    imports = Imports(tree)
    assert nearest(imports, "ompycord/area/small.py", TESTS) == [
        ["tests/unit/area/test_small.py"],
        ["tests/unit/area/test_other.py", "tests/integration/area/test_large.py"],
        ["tests/unit/test_above.py"],
    ]
    assert nearest(imports, "ompycord/far.py", TESTS[:1]) == [
        ["tests/unit/area/test_other.py", "tests/unit/area/test_small.py", "tests/unit/test_above.py"]
    ]


def test_a_sample_is_decided_by_its_seed_and_the_longer_begins_with_the_shorter(tree: Path) -> None:
    drawn = sample(tree, FILES, 7, 60)
    assert {fault.mutation.kind for fault in drawn} == {"comparison", "number", "arithmetic"}
    assert len({(fault.file, fault.mutation.start) for fault in drawn}) == len(drawn) == 4
    assert sample(tree, FILES, 7, 2) == drawn[:2]
    assert any(sample(tree, FILES, seed, 60) != drawn for seed in range(8, 20))


def test_a_change_of_one_file_moves_no_fault_of_another(tree: Path) -> None:
    def of_small() -> list[Fault]:
        return [fault for fault in sample(tree, FILES, 7, 60) if fault.file == FILES[1]]

    before = of_small()
    (tree / FILES[0]).write_text("def grow(size):\n    return size + 2 + 3 + 4\n")
    assert of_small() == before != []


def fault(tree: Path, file: str, kind: str) -> Fault:
    return next(each for each in sample(tree, [file], 1, 60) if each.mutation.kind == kind)


@pytest.mark.posix
def test_a_fault_is_killed_by_the_test_that_sees_it_and_survives_without_one(tree: Path) -> None:
    copy = Copy(tree, jobs="0", timeout_s=patient(60))
    source = (tree / FILES[1]).read_bytes()
    small = fault(tree, FILES[1], "comparison")
    assert judge(copy, small, [[TESTS[1]], [TESTS[2]]]) == ("killed", f"{TESTS[2]}::test_border")
    assert (tree / FILES[1]).read_bytes() == source
    assert judge(copy, fault(tree, FILES[0], "arithmetic"), [[TESTS[0]]]) == ("survived", None)
    assert judge(copy, small, []) == ("no tests", None)


@pytest.mark.posix
def test_a_test_that_fails_without_the_fault_kills_nothing(tree: Path) -> None:
    (tree / TESTS[1]).write_text("def test_other():\n    assert 1 == 2\n")
    copy = Copy(tree, jobs="0", timeout_s=patient(60))
    found = judge(copy, fault(tree, FILES[1], "comparison"), [[TESTS[1]], [TESTS[2]]])
    assert found == ("unsteady", f"{TESTS[1]}::test_other")


@pytest.mark.posix
def test_a_fault_with_which_no_test_can_start_is_killed(tree: Path) -> None:
    (tree / "ompycord/far.py").write_text("SIZE = 1 << 0\n")
    copy = Copy(tree, jobs="0", timeout_s=patient(60))
    stages = [[TESTS[1]]]
    below = Fault("ompycord/far.py", next(one for one in mutations(b"SIZE = 1 << 0\n") if one.after == "-1"))
    assert judge(copy, below, stages) == ("killed", "pytest, which could not start")
    (tree / "ompycord/far.py").write_text("SIZE = 1 << 0\nassert SIZE == 2\n")
    assert judge(copy, below, stages) == ("unsteady", "pytest, which could not start")


@pytest.mark.posix
def test_tests_that_do_not_end_are_ended_and_that_is_no_verdict(tree: Path) -> None:
    (tree / TESTS[1]).write_text("def test_other():\n    while True:\n        pass\n")
    copy = Copy(tree, jobs="0", timeout_s=patient(2))
    assert judge(copy, fault(tree, FILES[1], "comparison"), [[TESTS[1]]]) == ("timeout", None)
