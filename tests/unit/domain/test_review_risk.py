"""Which files of a result ask for a second look, by fixed rules."""

import pytest

from ompycord.domain.checking.review_risk import FilePart, Risk, public_names, risks
from ompycord.domain.events import ChangedEvidence, ChangedFile


def judged(path: str, *, status: str = "modified", added: int | None = 3, removed: int | None = 1, **more: object):  # noqa: ANN201
    file = ChangedFile.model_validate({"path": path, "status": status, "added": added, "removed": removed})
    what = more.get("what")
    evidence = (ChangedEvidence.model_validate({"path": path, "what": what}),) if what else ()
    names = {path: more["names"]} if "names" in more else {}
    [one] = risks((file,), evidence, names)  # type: ignore[arg-type]
    return one


@pytest.mark.parametrize(
    ("path", "part", "risk"),
    [
        ("cart/total.py", FilePart.SOURCES, Risk.LOW),
        ("db/migrations/0007_drop.py", FilePart.DATA, Risk.HIGH),
        ("schema.sql", FilePart.DATA, Risk.HIGH),
        (".github/workflows/ci.yml", FilePart.DATA, Risk.HIGH),
        ("pyproject.toml", FilePart.DEPENDENCIES, Risk.HIGH),
        ("package-lock.json", FilePart.LOCKS, Risk.LOW),
        ("tests/test_total.py", FilePart.TESTS, Risk.LOW),
        ("web/total.test.ts", FilePart.TESTS, Risk.LOW),
        ("docs/total.md", FilePart.TEXTS, Risk.LOW),
    ],
)
def test_a_file_is_judged_by_its_path(path: str, part: FilePart, risk: Risk) -> None:
    one = judged(path)
    assert (one.part, one.risk) == (part, risk)


def test_an_existing_test_that_changed_and_what_defines_checks_need_a_decision() -> None:
    assert judged("tests/test_total.py", what="test_changed").decision == "Whether the existing tests may change"
    one = judged("conftest.py", what="check_changed")
    assert (one.part, one.risk, one.decision) == (FilePart.CHECKS, Risk.HIGH, "Whether the checks may change")


def test_size_and_names_that_others_use_raise_the_risk() -> None:
    assert judged("a.py", added=199, removed=0).risk is Risk.LOW
    assert judged("a.py", added=200, removed=0).reasons == ("200 lines",)
    one = judged("a.py", names=["total"])
    assert (one.risk, one.reasons) == (Risk.MEDIUM, ("changes names that others use: total",))
    assert judged("a.py", names=["total"], status="deleted").risk is Risk.HIGH
    assert judged("a.bin", added=None, removed=None).reasons == ("not text, so no diff shows it",)


def test_the_order_of_reading_is_what_defines_checks_first_and_what_programs_made_last() -> None:
    paths = ("uv.lock", "README.md", "tests/test_a.py", "small.py", "large.py", "pyproject.toml", "m.sql", "tox.ini")
    files = [ChangedFile(path=path, added=90 if path == "large.py" else 1, removed=0) for path in paths]
    evidence = (ChangedEvidence(path="tox.ini", what="check_changed"),)
    assert [one.path for one in risks(files, evidence, {})] == [
        "tox.ini", "m.sql", "pyproject.toml", "large.py", "small.py", "tests/test_a.py", "README.md", "uv.lock",
    ]  # fmt: skip


def test_only_lines_that_go_or_change_name_something_that_others_use() -> None:
    diff = (
        "diff --git a/a.py b/a.py\n--- a/a.py\n+++ b/a.py\n@@ -1,4 +1,4 @@\n"
        "-def total(lines):\n+def total(lines, tax):\n-    def inner():\n-def _own():\n+class New:\n"
        "diff --git a/web/a.ts b/web/a.ts\n--- a/web/a.ts\n+++ b/web/a.ts\n-export function add(a) {\n"
        "diff --git a/a.go b/a.go\n-func Sum(a int) int {\n-func sum() {\n"
        "diff --git a/lib.rs b/lib.rs\n-pub fn take() {}\n-fn own() {}\n"
    )
    assert public_names(diff) == {"a.py": ("total",), "web/a.ts": ("add",), "a.go": ("Sum",), "lib.rs": ("take",)}
