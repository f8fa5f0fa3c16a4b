"""What is said of rounds and of the machine: spreads, how quiet it was, and which size is asked for."""

import os
from pathlib import Path

import pytest

from bench.__main__ import options_of
from bench.environment import is_quiet
from bench.journey import make_repository, plain_git
from bench.rounds import Size, spread
from bench.webhook import pinned


def test_a_spread_has_a_median_between_its_quartiles_and_one_round_is_all_three() -> None:
    assert spread([1.0, 2.0, 3.0, 4.0, 5.0]) == {"median": 3.0, "q1": 2.0, "q3": 4.0, "rounds": 5}
    assert spread([7.0]) == {"median": 7.0, "q1": 7.0, "q3": 7.0, "rounds": 1}


@pytest.mark.parametrize(("load", "cores", "quiet"), [(0.0, 1, True), (1.0, 2, True), (1.1, 2, False), (2.0, 8, True)])
def test_a_machine_is_quiet_while_at_most_half_of_its_cores_are_wanted(load: float, cores: int, quiet: bool) -> None:
    assert is_quiet(load, cores) is quiet


@pytest.mark.parametrize(
    ("arguments", "size", "rounds"),
    [
        ([], Size.NORMAL, 7),
        (["--full"], Size.FULL, 7),
        (["--size", "full", "--rounds", "2"], Size.FULL, 2),
        (["render", "--size", "smallest"], Size.SMALLEST, 1),
        (["render", "--size", "smallest", "--rounds", "3"], Size.SMALLEST, 3),
    ],
)
def test_a_size_has_its_rounds_unless_others_are_asked_for(arguments: list[str], size: Size, rounds: int) -> None:
    options = options_of(arguments)
    assert (options.size, options.rounds) == (size, rounds)


@pytest.mark.posix
def test_a_pinned_process_is_where_it_was_afterwards() -> None:
    if not hasattr(os, "sched_getaffinity"):
        pytest.skip("this platform pins no process")
    before = os.sched_getaffinity(0)
    with pinned(min(before)):
        assert os.sched_getaffinity(0) == {min(before)}
    assert os.sched_getaffinity(0) == before


@pytest.mark.posix
def test_the_bare_probe_leaves_a_branch_with_the_agents_work_and_no_clone(tmp_path: Path) -> None:
    repository = make_repository(tmp_path / "small", 3)
    assert len(list(repository.rglob("file*.txt"))) == 3
    probe = plain_git(repository, tmp_path / "clone", 4)
    assert 0 < probe.agent_starts_s < probe.branch_is_there_s < probe.ends_s
    assert probe.cpu_s > 0
    assert (repository / ".git/refs/heads/bare/4").is_file()
    assert not (tmp_path / "clone").exists()
