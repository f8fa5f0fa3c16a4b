"""A file that shares one expensive thing among its tests stays on one worker."""

from pathlib import Path

from tests.support.worker_groups import MARK, group_of


def test_the_tests_of_a_file_that_marks_a_group_stay_together_and_all_others_do_not(tmp_path: Path) -> None:
    marked, plain = tmp_path / "test_marked.py", tmp_path / "test_plain.py"
    marked.write_text(f'pytestmark = [{MARK}"one")]')
    plain.write_text("pytestmark = []")
    assert {group_of(f"{marked}::test_{name}[a::b]") for name in "xyz"} == {str(marked)}
    assert group_of(f"{plain}::test_x") is None
    assert group_of("tests/gone.py::test_x") is None
