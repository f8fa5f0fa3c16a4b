"""The operator's page has a section for each alert, with the time after which it is sent."""

import re
from pathlib import Path

from ompycord.app.alerting.rules import RULES
from ompycord.domain.alerting.options import ALERTS

PAGE = Path("docs/how-to/when-an-alert-comes.md").read_text(encoding="utf-8")
SECONDS = {"at once": 0, "30 s": 30, "1 min": 60, "2 min": 120, "5 min": 300, "10 min": 600}


def test_every_alert_has_a_rule_a_row_and_a_section_that_says_what_to_do() -> None:
    rows = dict(re.findall(r"^\| `(\w+)` \| ([^|]+?) \|", PAGE, re.MULTILINE))
    sections = re.split(r"^### `(\w+)`\n", PAGE, flags=re.MULTILINE)[1:]
    said = dict(zip(sections[::2], sections[1::2], strict=True))
    assert sorted(rows) == sorted(said) == sorted(ALERTS) == sorted(rule.name for rule in RULES)
    assert {name: SECONDS[after] for name, after in rows.items()} == {rule.name: rule.after_s for rule in RULES}
    assert [name for name, text in said.items() if len(text.split()) < 20] == []


def test_a_rule_says_what_to_do_in_one_line() -> None:
    for rule in RULES:
        assert rule.remedy.endswith("."), rule.name
        assert 20 <= len(rule.remedy) <= 120, rule.name
