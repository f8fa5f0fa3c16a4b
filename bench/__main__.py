"""`python -m bench [NAME|all] [--size smallest|normal|full] [--rounds N]`: one JSON object for each benchmark."""

import argparse
import json
import time
from collections.abc import Sequence

from bench.ack import ack
from bench.backup import backup
from bench.chatty import chatty
from bench.cheats import cheats
from bench.conductor import conductor
from bench.environment import environment
from bench.footprint import footprint
from bench.freshness import freshness
from bench.gateway import gateway
from bench.growth import growth
from bench.guardian import guardian
from bench.idle import idle
from bench.journey import journey
from bench.memory import memory
from bench.parallel import parallel
from bench.recovery import recovery
from bench.render import render_time
from bench.rounds import Size
from bench.webhook import webhook
from ompycord.telemetry import configure_logging

__all__ = ["BENCHMARKS", "options_of"]

BENCHMARKS = {
    "webhook": webhook,
    "growth": growth,
    "recovery": recovery,
    "freshness": freshness,
    "ack": ack,
    "journey": journey,
    "chatty": chatty,
    "conductor": conductor,
    "parallel": parallel,
    "render": render_time,
    "footprint": footprint,
    "guardian": guardian,
    "gateway": gateway,
    "cheats": cheats,
    "memory": memory,
    "backup": backup,
    "idle": idle,
}
ROUNDS = {Size.SMALLEST: 1, Size.NORMAL: 7, Size.FULL: 7}


def options_of(arguments: Sequence[str] | None = None) -> argparse.Namespace:
    """`which`, `size` and `rounds`; of the process's own command line if none is given.

    Ends the process over a wrong one.
    """
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("which", nargs="?", default="all", choices=[*BENCHMARKS, "all"])
    sizes = [size.value for size in Size]
    help_ = "smallest: whether it runs at all; full: longer rounds (normal)"
    parser.add_argument("--size", default=Size.NORMAL, choices=sizes, help=help_)
    parser.add_argument("--full", dest="size", action="store_const", const=Size.FULL, help="the same as --size full")
    parser.add_argument("--rounds", type=int, help="how many rounds are counted (7; with --size smallest 1)")
    options = parser.parse_args(arguments)
    options.size = Size(options.size)
    options.rounds = options.rounds or ROUNDS[options.size]
    return options


def main() -> None:
    options = options_of()
    configure_logging(level="info", json_lines=False, redact=str)  # to stderr: the objects alone are on stdout
    for name, benchmark in BENCHMARKS.items():
        if options.which in {name, "all"}:
            place = environment()
            start = time.monotonic()
            result = benchmark(rounds=options.rounds, size=options.size)
            took = round(time.monotonic() - start, 1)
            print(json.dumps({**result, "size": options.size, "took_s": took, "environment": place}), flush=True)


if __name__ == "__main__":
    main()
