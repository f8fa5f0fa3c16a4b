"""What is said of open rounds: each ratio is one of the same round."""

from bench.open_loop import Level, OpenRound, measured


def level(*, p99_ms: float = 1.0, commit_p99_ms: float = 1.0, cpu_us: float = 1.0) -> Level:
    return Level(p99_ms=p99_ms, commit_p99_ms=commit_p99_ms, utilisation=0.5, cpu_us=cpu_us)


def test_ratios_are_of_one_round_and_their_median_is_printed() -> None:
    rounds = [
        OpenRound(
            capacity,
            {30: level(), 60: level(p99_ms=p99_ms, commit_p99_ms=commit), 90: level(p99_ms=9.0)},
            {100: (level(cpu_us=hello), level(cpu_us=durable)), 300: (level(), level(cpu_us=3.0))},
        )
        for capacity, p99_ms, commit, hello, durable in ((900.0, 6.0, 2.0, 1.0, 4.0), (1000.0, 8.0, 2.0, 2.0, 4.0))
    ]
    result = measured(rounds)
    assert result["p99_over_commit_at_60"] == 3.5
    assert (result["cpu_over_hello_at_100"], result["cpu_over_hello_at_300"]) == (3.0, 3.0)
    assert result["open_loop_capacity_per_s"]["median"] == 950.0
    assert result["at_90"]["p99_ms"]["median"] == 9.0
    assert result["at_60"]["utilisation"]["median"] == 0.5
