"""`python -m bench [NAME|all] [--full] [--rounds N]`: one JSON object for each benchmark."""

import argparse
import json
import time

from bench.ack import ack
from bench.footprint import footprint
from bench.freshness import freshness
from bench.growth import growth
from bench.recovery import recovery
from bench.render import render_time
from bench.webhook import webhook

BENCHMARKS = {
    "webhook": webhook,
    "growth": growth,
    "recovery": recovery,
    "freshness": freshness,
    "ack": ack,
    "render": render_time,
    "footprint": footprint,
}
ROUNDS = 7


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("which", nargs="?", default="all", choices=[*BENCHMARKS, "all"])
    parser.add_argument("--full", action="store_true", help="longer rounds")
    parser.add_argument("--rounds", type=int, default=ROUNDS, help="how many rounds are counted (7)")
    options = parser.parse_args()
    for name, benchmark in BENCHMARKS.items():
        if options.which in {name, "all"}:
            start = time.monotonic()
            result = benchmark(rounds=options.rounds, full=options.full)
            print(json.dumps({**result, "took_s": round(time.monotonic() - start, 1)}), flush=True)


if __name__ == "__main__":
    main()
