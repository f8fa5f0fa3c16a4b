"""From a POST to the edit of a card nobody is called back: the projector publishes, subscribers pull.

ARCHITECTURE.md, *Rules*.
"""

import ast
from collections.abc import Iterator

import pytest

from tests.support.sources import PRODUCT, product

pytestmark = pytest.mark.xdist_group("source")

PATH = (
    "webhook/ingest.py",
    "webhook/backlog.py",
    "webhook/hooks.py",
    "webhook/hook_approvals.py",
    "webhook/hook_runs.py",
    "conductor/projector.py",
    "conductor/snapshots.py",
    "conductor/bus.py",
    "bot/message_renderer.py",
    "bot/run_contexts.py",
    *(f"bot/delivery/{path.name}" for path in sorted((PRODUCT / "bot" / "delivery").glob("*.py"))),
)
ALLOWED = {
    ("webhook/backlog.py", "wake"): "sets the projector's alarm, inward, and returns",
    ("bot/message_renderer.py", "redact"): "a pure function of text",
    ("bot/message_renderer.py", "paused_by"): "whether an admin paused everything, which no event of a run holds",
    ("bot/message_renderer.py", "shortage"): "whether the disk is low, which no event of a run holds",
    ("bot/message_renderer.py", "rests"): "whether a provider rests, which no event holds",
    ("bot/message_renderer.py", "forge_rests"): "whether a forge rests, which no event holds",
    ("bot/message_renderer.py", "url"): "a pure function of the bot's own REST client",
    ("bot/message_renderer.py", "channel_name"): "reads the bot's own cache",
    ("bot/message_renderer.py", "is_connected"): "reads the bot's own socket",
    ("bot/message_renderer.py", "forecast"): "what other runs cost, which no event of this one holds",
    ("bot/run_contexts.py", "forecast"): "handed on by `message_renderer.py`",
    ("bot/run_contexts.py", "paused_by"): "handed on by `message_renderer.py`",
    ("bot/run_contexts.py", "shortage"): "handed on by `message_renderer.py`",
    ("bot/run_contexts.py", "rests"): "handed on by `message_renderer.py`",
    ("bot/run_contexts.py", "forge_rests"): "handed on by `message_renderer.py`",
    ("bot/run_contexts.py", "url"): "handed on by `message_renderer.py`",
    ("bot/run_contexts.py", "channel_name"): "handed on by `message_renderer.py`",
    ("bot/run_contexts.py", "is_connected"): "handed on by `message_renderer.py`",
    ("bot/delivery/deliver.py", "artifact"): "the bytes of a file, which no event holds",
    ("bot/delivery/channel_access.py", "sign"): "a pure function of text",
    ("bot/delivery/announcing.py", "sign"): "a pure function of text",
    ("bot/delivery/channel_access.py", "now_ms"): "the clock",
}


def aliases() -> set[str]:
    """Names that the package gives to a `Callable`."""
    found: set[str] = set()
    for tree in product().values():
        for node in tree.body:
            if isinstance(node, ast.Assign) and "Callable[" in ast.unparse(node.value):
                found |= {target.id for target in node.targets if isinstance(target, ast.Name)}
    return found


def given(tree: ast.Module) -> Iterator[tuple[str, ast.expr]]:
    """What the classes of a module are made with: parameters of constructors, fields of records."""
    for node in ast.walk(tree):
        if not isinstance(node, ast.ClassDef):
            continue
        for part in node.body:
            if isinstance(part, ast.AnnAssign) and isinstance(part.target, ast.Name):
                yield part.target.id, part.annotation
            if isinstance(part, ast.FunctionDef) and part.name == "__init__":
                for argument in (*part.args.args, *part.args.kwonlyargs):
                    if argument.annotation is not None:
                        yield argument.arg, argument.annotation


def test_nothing_on_the_way_from_a_post_to_an_edit_is_given_a_function_to_call() -> None:
    known = aliases() | {"Callable"}
    found = {
        (name, field)
        for name in PATH
        for field, annotation in given(product()[name])
        if known & {node.id for node in ast.walk(annotation) if isinstance(node, ast.Name)}
    }
    assert found == ALLOWED.keys()
