"""Files that share one expensive thing among their tests stay on one worker; the longest begin first."""

from collections import OrderedDict
from pathlib import Path

from tests.support.worker_groups import LONGEST, MARK, group_of, put_first, read_longest


def test_the_tests_of_files_that_mark_a_group_stay_together_and_all_others_do_not(tmp_path: Path) -> None:
    marked, also, plain = (tmp_path / f"test_{name}.py" for name in ("marked", "also", "plain"))
    marked.write_text(f'pytestmark = [{MARK}"one thing")]')
    also.write_text(f"pytestmark = [\n    {MARK}'one thing'),\n]")
    plain.write_text("pytestmark = []")
    assert {group_of(f"{file}::test_{name}[a::b]") for file in (marked, also) for name in "xyz"} == {"one thing"}
    assert group_of(f"{plain}::test_x") is None
    assert group_of("tests/gone.py::test_x") is None


def test_the_longest_begin_first_and_the_others_keep_their_order() -> None:
    ids = ("a.py::one", "long.py::two", "b.py::three", "long.py::four")
    work: OrderedDict[str, dict[str, bool]] = OrderedDict((name, {name: False}) for name in ids)
    work["a group"] = {"b.py::five": False, "long.py::six": False}
    put_first(work, {"long.py"})
    assert set(list(work)[:3]) == {"long.py::two", "long.py::four", "a group"}
    assert list(work)[3:] == ["a.py::one", "b.py::three"]


def test_the_longest_are_files_that_there_are() -> None:
    files = read_longest(LONGEST)
    assert files
    assert [name for name in sorted(files) if not (LONGEST.parents[1] / name).is_file()] == []
