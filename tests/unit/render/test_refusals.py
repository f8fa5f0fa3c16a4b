"""Refusals in words: each code for each audience, none that sends a program to a button."""

import ast
import re
import string
from collections.abc import Iterator

import pytest
from syrupy.assertion import SnapshotAssertion

from ompycord.domain.refusals import RefusalCode
from ompycord.errors import Refused, RefusedInWords
from ompycord.render.refusals import REFUSALS, Audience, refusal_words
from tests.support.sources import product

pytestmark = pytest.mark.xdist_group("source")
DISCORD_ALONE = re.compile(r"`/omp|button|\bcard\b|\bpress|channel|Discord|\*[A-Z][a-z ]+\*|\*runner\*", re.IGNORECASE)
FACTS: dict[str, str | float] = {
    "action": "stop",
    "agent": "claude",
    "branch": "ompycord/ab12cd",
    "commit": "0123456789ab",
    "count": 5,
    "kind": "ogg",
    "known": "shop, bare",
    "length": 4001,
    "limit": 4000,
    "model": "'huge'",
    "name": "'shed'",
    "number": 3,
    "needs": "requester or approver",
    "part": "text",
    "path": "out.txt",
    "repository": "shop",
    "round": 2,
    "rounds": "1, 2",
    "run": "ab12cd",
    "source": "agent",
    "spent": "$0.55",
    "state": "cancelled",
    "ticket": "'T1'",
    "type": "run.state",
    "what": "An update",
    "who": "@lead",
    "whose": "You have",
    "why": "This machine is low on disk (3% free), so no new run will start.",
}


def facts_of(code: RefusalCode) -> set[str]:
    return {
        field
        for audience in Audience
        for _, field, _, _ in string.Formatter().parse(REFUSALS[code].of(audience))
        if field
    }


@pytest.mark.parametrize("audience", Audience)
@pytest.mark.parametrize("code", RefusalCode)
def test_every_code_has_words_for_every_audience(code: RefusalCode, audience: Audience) -> None:
    words = refusal_words(Refused(code, **FACTS), audience)
    assert words.strip()
    assert "{" not in words
    assert "!" not in words
    if audience is not Audience.DISCORD:
        assert not DISCORD_ALONE.search(words), words


def test_the_words_read_well(snapshot: SnapshotAssertion) -> None:
    said = {
        str(code): {str(audience): refusal_words(Refused(code, **FACTS), audience) for audience in Audience}
        for code in RefusalCode
    }
    assert said == snapshot


def raised() -> Iterator[tuple[str, ast.Call]]:
    """Every `Refused(...)` of the package, with the module that makes it."""
    for path, tree in product().items():
        for node in ast.walk(tree):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id.startswith("Refused"):
                yield path, node


def test_every_code_is_raised_with_the_facts_that_its_words_need() -> None:
    codes: set[RefusalCode] = set()
    for module, call in raised():
        code = ast.unparse(call.args[0]) if call.args else ""
        if call.func.id != "Refused" or not code.startswith("RefusalCode."):  # type: ignore[attr-defined]
            continue
        known = RefusalCode[code.removeprefix("RefusalCode.")]
        codes.add(known)
        given = {keyword.arg for keyword in call.keywords}
        optional = {"who"} if known in {RefusalCode.WATCH_ONLY, RefusalCode.NOT_PERMITTED} else set[str]()
        assert facts_of(known) - optional <= given, f"{module}, line {call.lineno}"
    by_policy = {RefusalCode.WATCH_ONLY, RefusalCode.NOT_PERMITTED, RefusalCode.OWN_REQUEST, RefusalCode.NEEDS_SCOPE}
    assert set(RefusalCode) - codes - by_policy == {RefusalCode.NOT_YOURS}  # an event's, which `BadEvent` carries


def test_only_surfaces_refuse_in_their_own_words() -> None:
    ours = {module.split("/", 1)[0] for module, call in raised() if ast.unparse(call.func) == "RefusedInWords"}
    assert ours <= {"bot", "cli", "app", "workspaces", "schedules"}  # the last: of times and names that people write
    others = [module for module, call in raised() if ast.unparse(call.func) == "RefusedInWords"]
    assert {module for module in others if module.startswith("workspaces/")} == {"workspaces/takeover_lock.py"}
    for audience in Audience:
        assert refusal_words(RefusedInWords("As it was said."), audience) == "As it was said."


def test_a_refusal_without_its_facts_is_a_defect() -> None:
    with pytest.raises(KeyError):
        refusal_words(Refused(RefusalCode.HAS_ENDED), Audience.HTTP)
