"""Each limit names its source, and the ones that depend on one another agree."""

import ast
import inspect
import re
from itertools import pairwise
from pathlib import Path

from ompycord.bot.interactions.task_form import TYPED_PROMPT
from ompycord.conductor import MESSAGE_LENGTH
from ompycord.domain.task import PROMPT_LIMIT
from ompycord.text import limits, strict_json


def test_every_limit_is_final_and_names_its_source() -> None:
    body = ast.parse(inspect.getsource(limits)).body
    constants = 0
    for node, following in pairwise(body):
        if not isinstance(node, ast.AnnAssign):
            continue
        constants += 1
        assert ast.unparse(node.annotation) == "Final"
        assert isinstance(following, ast.Expr)
        assert any(page in ast.unparse(following) for page in ("docs/platform/", "docs/contracts/"))
    assert constants > 25


def test_a_whole_embed_cannot_be_filled_by_its_parts_alone() -> None:
    """Why the sum needs a budget of its own: the parts' limits allow five times as much."""
    parts = limits.EMBED_TITLE + limits.EMBED_DESCRIPTION + limits.EMBED_FOOTER + limits.EMBED_AUTHOR
    fields = limits.EMBED_FIELDS * (limits.EMBED_FIELD_NAME + limits.EMBED_FIELD_VALUE)
    assert parts + fields > 5 * limits.EMBEDS_TOTAL


def test_a_component_id_of_ours_fits() -> None:
    assert len("v1:" + ":".join(("a" * 8, "r" * 26, "n" * 8, "m" * 16))) <= limits.CUSTOM_ID


def test_the_longest_typed_prompt_fits_the_form_and_the_attached_one_the_event() -> None:
    assert TYPED_PROMPT <= limits.MODAL_INPUT_VALUE
    assert MESSAGE_LENGTH <= limits.MODAL_INPUT_VALUE
    assert PROMPT_LIMIT <= strict_json.STRING


def test_no_limit_is_named_that_nothing_keeps() -> None:
    """The product, the judge of its messages or a benchmark uses each by its name."""
    files = (file for root in ("ompycord", "tests/support", "bench") for file in Path(root).rglob("*.py"))
    texts = [file.read_text(encoding="utf-8") for file in files if file.name != "limits.py"]
    words = {word for text in texts for word in re.findall(r"[A-Z][A-Z_0-9]+", text)}
    assert [name for name in vars(limits) if name.isupper() and name not in words] == []
