"""The table of libraries says what passed, what it took and what failed."""

import json

from tests.e2e.clients.table import Outcome, Row, lines

GOOD = Row("nextcord", (Outcome("log in", "", 12, 0), Outcome("file", "", 3, 1)))
BAD = Row("hikari", (Outcome("log in", "", 1, 0), Outcome("file", "NotSeenError: no such message", 2, 0)))


def test_a_row_comes_through_a_workers_json() -> None:
    assert Row.from_property(json.loads(json.dumps(GOOD.to_property()))) == GOOD


def test_the_table_names_what_failed_beneath_it() -> None:
    assert lines([GOOD, BAD]) == [
        "library   log in  file    requests  4xx",
        "hikari    ok 1    FAILED  3         0",
        "nextcord  ok 12   ok 3    15        1",
        "hikari, file: NotSeenError: no such message",
    ]
