"""Files that share one expensive thing among their tests stay on one worker."""

from pathlib import Path

from tests.support.worker_groups import MARK, group_of


def test_the_tests_of_files_that_mark_a_group_stay_together_and_all_others_do_not(tmp_path: Path) -> None:
    marked, also, plain = (tmp_path / f"test_{name}.py" for name in ("marked", "also", "plain"))
    marked.write_text(f'pytestmark = [{MARK}"one thing")]')
    also.write_text(f"pytestmark = [\n    {MARK}'one thing'),\n]")
    plain.write_text("pytestmark = []")
    assert {group_of(f"{file}::test_{name}[a::b]") for file in (marked, also) for name in "xyz"} == {"one thing"}
    assert group_of(f"{plain}::test_x") is None
    assert group_of("tests/gone.py::test_x") is None
