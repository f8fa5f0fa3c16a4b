"""Pure: what one changed path means for the evidence of the checks, and all of them together."""

import re
from collections import Counter
from collections.abc import Callable, Collection, Iterable
from pathlib import PurePosixPath
from typing import Final

from ompycord.checks.evidence.change import Blob, EvidenceScope, Finding, PathChange, text_of
from ompycord.checks.evidence.definitions import changed_parts, is_definition, is_installed
from ompycord.checks.evidence.other_acts import other_answers
from ompycord.checks.evidence.other_tests import changed_other_tests, holds_tests, inline_tests
from ompycord.checks.evidence.python_acts import acts_on_others, answers, is_too_much, parsed
from ompycord.checks.evidence.python_tests import changed_python_tests, python_tests
from ompycord.checks.evidence.shadows import is_compiled, is_empty_package, shadowed
from ompycord.checks.evidence.suppressions import suppressions
from ompycord.checks.evidence.test_paths import is_source, is_test
from ompycord.domain.events import ChangedEvidence

__all__ = ["judge"]

_PATH: Final = 1024
_NAME: Final = 200
_PYTHON: Final = (".py", ".pyi", ".pyw")


def judge(
    changes: Iterable[PathChange], scope: EvidenceScope, put_back: Collection[str] = ()
) -> tuple[ChangedEvidence, ...]:
    """What of a result lets the checks prove less than on its base, in the order of `changes`.

    Empty where existing tests and what defines the checks are as they were, whatever tests were added. `put_back` are
    the paths at which a second run of the checks has what the base has.
    """
    return tuple(
        _evidence(change.path, what, name, put_back=change.path in put_back)
        for change in changes
        for what, name in _findings(change, scope)
    )


def is_put_back(change: PathChange, scope: EvidenceScope) -> bool:
    """Whether a path belongs to the tests or to how they run, so that a run with the base's tests has the base's."""
    for rule in _RULES[:-1]:
        try:
            found = rule(change, scope)
        except RecursionError:
            return False
        if found is not None:
            return bool(found) or rule is not _definition
    return False


def _evidence(path: str, what: str, name: str | None, *, put_back: bool) -> ChangedEvidence:
    shown = path.encode("utf-8", "surrogateescape").decode("utf-8", "replace")[:_PATH]
    fields = {"path": shown, "what": what, "name": name.encode("utf-8", "replace").decode()[:_NAME] if name else None}
    return ChangedEvidence.model_validate({**fields, "put_back": True} if put_back else fields)


def _findings(change: PathChange, scope: EvidenceScope) -> list[Finding]:
    """By the first rule that has something to say of the path."""
    try:
        for rule in _RULES:
            found = rule(change, scope)
            if found is not None:
                return found
    except RecursionError:  # nested just so deep that it can be parsed and not compared
        return [("answer", "more than can be read")]
    return []


Rule = Callable[[PathChange, EvidenceScope], "list[Finding] | None"]
"""What it finds; None where the path is none of its business, so that the next rule is asked."""


def _definition(change: PathChange, scope: EvidenceScope) -> list[Finding] | None:
    """What a command names, what runners read by its name, what lies among installed packages."""
    is_named = change.path in scope.defining and not (change.old is not None and holds_tests(change.path))
    if not (is_named or is_definition(change.path) or is_installed(change.path)):
        return None
    if change.new is None:
        return [("check_removed", None)]
    if change.new.is_link and (change.old is None or not change.old.is_link or change.old != change.new):
        return [("check_linked", _target(change.new))]
    what = "check_added" if change.old is None else "check_changed"
    if is_named and not is_definition(change.path):
        return [(what, None)]
    parts = changed_parts(change.path, *_readable(change))
    if parts is None:
        return [(what, None)]
    return [(what, ", ".join(parts))] if parts else []


def _readable(change: PathChange) -> tuple[str | None, str | None]:
    return text_of(change.old), text_of(change.new)


def _target(blob: Blob) -> str | None:
    return None if blob.data is None else blob.data.decode("utf-8", "replace")


def _existing_test(change: PathChange, scope: EvidenceScope) -> list[Finding] | None:
    """A file of tests that the base has."""
    if change.old is None or not is_test(change.path):
        return None
    if change.new is None:
        return [("test_moved", change.moved_to)] if change.moved_to and change.old.data else [("test_removed", None)]
    if change.new.is_link:
        return [("test_linked", _target(change.new))]
    if change.old.is_link:
        return [("test_changed", "it was a link")]
    if change.old.data == change.new.data:
        return [("test_changed", f"mode {change.old.mode} to {change.new.mode}")]
    old, new = _readable(change)
    if old is None or new is None or not is_source(change.path) or PurePosixPath(change.path).name == "__init__.py":
        return [("test_changed", None)]  # what every test of a package loads is judged as a whole
    found = (
        changed_python_tests(old, new) if change.path.endswith(_PYTHON) else changed_other_tests(change.path, old, new)
    )
    return found or ([] if change.old.mode == change.new.mode else [("test_changed", f"mode {change.new.mode}")])


def _shadow(change: PathChange, scope: EvidenceScope) -> list[Finding] | None:
    """A new file that is loaded instead of what a runner should load."""
    if change.new is None or is_installed(change.path):
        return None
    is_new_link = change.new.is_link and (change.old is None or not change.old.is_link)
    if change.old is not None and not is_new_link:
        return None
    module = shadowed(change.path, scope, is_link=change.new.is_link)
    return None if module is None else [("shadow", module)]


def _compiled(change: PathChange, scope: EvidenceScope) -> list[Finding] | None:
    return [("compiled", None)] if change.new is not None and is_compiled(change.path) else None


def _new_test(change: PathChange, scope: EvidenceScope) -> list[Finding] | None:
    """A new file of tests: welcome, unless it acts on other tests."""
    if change.old is not None or change.new is None or not is_test(change.path):
        return None
    text = text_of(change.new)
    if PurePosixPath(change.path).name == "__init__.py":
        return [] if is_empty_package(change.path, text) else [("check_added", None)]
    if text is None or not is_source(change.path):
        return []
    if not change.path.endswith(_PYTHON):
        return [("answer", name) for name in other_answers(change.path, None, text, is_new_test=True)[:1]]
    tree = parsed(text)
    if tree is None:
        return [("answer", "more than can be read")] if is_too_much(text) else []
    acts = [*acts_on_others(tree.body, ()), *_hooks(text)]
    return [("answer", acts[0])] if acts else []


_HOOK: Final = re.compile(r"^(?:async\s+)?(?:def\s+(load_tests)\b|(pytest_plugins)\s*=)", re.MULTILINE)


def _hooks(text: str) -> list[str]:
    return [next(filter(None, found.groups())) for found in _HOOK.finditer(text)]


def _product(change: PathChange, scope: EvidenceScope) -> list[Finding] | None:
    """Any other file: the tests inside of it, and what it does to the run of the tests."""
    old, new = _readable(change)
    found = list(_inline(change.path, old or "", new or "", scope)) if old is not None else []
    if new is None or not is_source(change.path):
        return found
    found += [("suppression", name) for name in suppressions(old or "", new)]
    if change.path.endswith(_PYTHON):
        acts = answers(old, new, scope.test_names)
    else:
        acts = other_answers(change.path, old, new, is_new_test=False)
    return found + ([("answer", ", ".join(acts[:3]))] if acts else [])


def _inline(path: str, old: str, new: str, scope: EvidenceScope) -> Iterable[Finding]:
    """Tests that stand in the source itself: Python's functions, Rust's `#[test]`, examples in docstrings."""
    for name, text in _tests_inside(path, old).items():
        now = _tests_inside(path, new).get(name)
        if now != text:
            yield ("test_removed" if now is None else "test_changed"), name
            break
    if scope.has_doctests and Counter(_examples(old)) - Counter(_examples(new)):
        yield "test_changed", "examples in docstrings"


def _tests_inside(path: str, text: str) -> dict[str, str]:
    if not path.endswith(_PYTHON):
        return inline_tests(path, text)
    if "def test" not in text:
        return {}
    tree = parsed(text)
    if tree is None:
        return {}
    # `def test_connection` of a product's class is none
    return {name: body for name, body in python_tests(tree).items() if "." not in name or "Test" in name.split(".")[-2]}


_EXAMPLE: Final = re.compile(r"^[ \t]*>>> .*\n(?:[ \t]*\.\.\. .*\n)*(?:[ \t]*(?!>>>|\"\"\"|''\')\S.*\n)*", re.MULTILINE)


def _examples(text: str) -> list[str]:
    return [" ".join(found.split()) for found in _EXAMPLE.findall(text + "\n")]


_RULES: Final[tuple[Rule, ...]] = (_shadow, _definition, _existing_test, _compiled, _new_test, _product)
"""In order; a file with tests that a command names is judged as tests."""
