"""Each limit names its source, and the ones that depend on one another agree."""

import ast
import inspect
from itertools import pairwise

from ompycord.bot.interactions.task_form import TYPED_PROMPT
from ompycord.domain.task import PROMPT_LIMIT
from ompycord.text import limits


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
    assert constants > 40


def test_a_whole_embed_cannot_be_filled_by_its_parts_alone() -> None:
    """Why the sum needs a budget of its own: the parts' limits allow five times as much."""
    parts = limits.EMBED_TITLE + limits.EMBED_DESCRIPTION + limits.EMBED_FOOTER + limits.EMBED_AUTHOR
    fields = limits.EMBED_FIELDS * (limits.EMBED_FIELD_NAME + limits.EMBED_FIELD_VALUE)
    assert parts + fields > 5 * limits.EMBEDS_TOTAL


def test_a_component_id_of_ours_fits() -> None:
    assert len("v1:" + ":".join(("a" * 8, "r" * 26, "n" * 8, "m" * 16))) <= limits.CUSTOM_ID


def test_the_longest_typed_prompt_fits_the_form_and_the_attached_one_the_event() -> None:
    assert TYPED_PROMPT <= limits.MODAL_INPUT_VALUE
    assert PROMPT_LIMIT <= limits.JSON_STRING
