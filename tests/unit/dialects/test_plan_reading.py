"""Plans that agents write: what is right is taken however it is wrapped, what is wrong is named for its author.

Each malformed plan is refused with a sentence that its author can act on: what, where, and what to do.
"""

import copy
import json
from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ompycord.dialects.prompts.report_text import REFUSED, plan_text, planning_text
from ompycord.dialects.reports.reading import read_report
from ompycord.domain.folds.planning import PlanningFacts, PlanRequest, RefusedReport
from ompycord.domain.ports.trees import GITLINK, LINK, TreeEntry
from ompycord.domain.reports.plan import Plan, plan_hash
from ompycord.domain.reports.plan_faults import plan_faults

GOOD: dict[str, Any] = {
    "summary": "The discount counts every piece.",
    "steps": [
        {"title": "Write a failing test", "files": ["tests/test_total.py"]},
        {"title": "Repair the total", "files": ["cart/total.py"]},
    ],
    "files": [
        {"path": "cart/total.py", "change": "modify", "why": "it takes one piece"},
        {"path": "tests/test_total.py", "change": "modify"},
        {"path": "docs/discount.md", "change": "add"},
    ],
    "checks": ["unittest"],
    "risks": ["Rounding."],
}
TREE = {
    "cart/total.py": TreeEntry("100644", "1" * 40),
    "tests/test_total.py": TreeEntry("100644", "2" * 40),
    "README.md": TreeEntry("100644", "3" * 40),
    "latest": TreeEntry(LINK, "4" * 40),
    "vendor": TreeEntry(GITLINK, "5" * 40),
}
CHECKS = ("unittest", "lint")


def verdict(text: str) -> tuple[str, ...]:
    """The sentences that its author gets; empty for a plan that is taken."""
    found = read_report(text, Plan, "plan")
    return plan_faults(found, TREE, CHECKS, protected=("deploy/**", "secret.txt")) if isinstance(found, Plan) else found


def fenced(plan: object) -> str:
    return f"Here is the plan.\n\n```json\n{json.dumps(plan, indent=1)}\n```\nDone."


def changed(**fields: Any) -> str:
    return fenced({**copy.deepcopy(GOOD), **fields})


def with_file(path: Any, change: Any = "modify", **more: Any) -> str:
    files = [*GOOD["files"], {"path": path, "change": change, **more}]
    return changed(files=files)


def without(*names: str) -> str:
    return fenced({name: value for name, value in GOOD.items() if name not in names})


WHOLE = json.dumps(GOOD)
MALFORMED: Mapping[str, tuple[str, str]] = {
    # no JSON that can be read
    "nothing at all": ("", "The answer holds no JSON object:"),
    "only prose": ("I would repair the total and test it.", "one JSON object in a block that begins with ```json"),
    "cut off in the middle": (f"```json\n{WHOLE[:80]}\n```", "cannot be read"),
    "a comma too many": (f"```json\n{WHOLE[:-1]},}}\n```", "cannot be read"),
    "single quotes": ("```json\n{'summary': 'x'}\n```", "Close every bracket and quote"),
    "comments": (f"```json\n// a plan\n{WHOLE}\n```\n{{ // }}", "write no comments"),
    "a key twice": ('```json\n{"summary": "a", "summary": "b"}\n```', "cannot be read"),
    "not a number": ('```json\n{"summary": NaN}\n```', "cannot be read"),
    "a list": (f"```json\n[{WHOLE}]\n```", "must be one JSON object, not a list"),
    # parts that are missing or too much
    "an empty object": ("```json\n{}\n```", "summary is missing."),
    "no summary": (without("summary"), "summary is missing."),
    "no steps": (without("steps"), "steps is missing."),
    "no files": (without("files"), "files is missing."),
    "an empty summary": (changed(summary="   "), "summary is empty."),
    "a summary like a book": (changed(summary="x" * 601), "summary is longer than 600 characters."),
    "a summary that is a list": (changed(summary=["a"]), "summary must be a text, not a list."),
    "a summary of null": (changed(summary=None), "summary must be a text, not null."),
    "a field of its own": (changed(estimate="2 h"), "estimate is no field of a plan: leave it out."),
    "steps as one text": (changed(steps="first this"), "steps must be a list, not a text."),
    "no step in the list": (changed(steps=[]), "steps is empty: name at least 1."),
    "a step that is a text": (changed(steps=["Repair it"]), "steps[0] must be an object, not a text."),
    "a step without a title": (changed(steps=[{"files": []}]), "steps[0].title is missing."),
    "a step with an empty title": (changed(steps=[{"title": ""}]), "steps[0].title is empty."),
    "a step with a number for a title": (changed(steps=[{"title": 3}]), "steps[0].title must be a text, not a number."),
    "a step with a long title": (changed(steps=[{"title": "x" * 201}]), "steps[0].title is longer than 200"),
    "a step with a field of its own": (changed(steps=[{"title": "x", "done": True}]), "steps[0].done is no field"),
    "a step whose files are one text": (changed(steps=[{"title": "x", "files": "a"}]), "steps[0].files must be a list"),
    "a hundred steps": (changed(steps=[{"title": str(n)} for n in range(100)]), "steps has more than 20 entries"),
    "two steps of one title": (changed(steps=[{"title": "Fix"}, {"title": "fix"}]), "2 steps have the title"),
    "a step about a file that is not planned": (
        *(changed(steps=[{"title": "x", "files": ["README.md"]}]), 'names "README.md", which is not among files'),
    ),
    "no file in the list": (changed(files=[]), "files is empty: name at least 1."),
    "files as an object": (changed(files={"cart/total.py": "modify"}), "files must be a list, not an object."),
    "a file that is a text": (changed(files=["cart/total.py"]), "files[0] must be an object, not a text."),
    "a file without a change": (changed(files=[{"path": "cart/total.py"}]), "files[0].change is missing."),
    "a change that is none": (with_file("README.md", "rewrite"), "files[3].change must be one of"),
    "sixty files": (
        *(changed(files=[{"path": f"n{n}", "change": "add"} for n in range(60)]), "files has more than 50 entries"),
    ),
    "checks as one text": (changed(checks="unittest"), "checks must be a list, not a text."),
    "a risk that is no text": (changed(risks=[{"what": "x"}]), "risks[0] must be a text, not an object."),
    "eleven risks": (changed(risks=[f"r{n}" for n in range(11)]), "risks has more than 10 entries"),
    # files that cannot be
    "an empty path": (with_file(""), "files[3].path is empty."),
    "an absolute path": (with_file("/etc/passwd"), "is absolute: name it relative to the root"),
    "a path of Windows": (with_file("C:/code/a.py", "add"), "is absolute"),
    "a path out of the repository": (with_file("../other/a.py"), "leads out of its folder with .."),
    "a path out of it and back": (with_file("cart/../../x.py", "add"), "leads out of its folder with .."),
    "backslashes": (with_file("cart\\total.py"), "has a backslash: write / between folders."),
    "a folder": (with_file("cart/", "add"), "is a folder: name the files in it."),
    "a folder without a slash": (with_file("cart", "add"), "is a folder: name the files in it."),
    "an empty part": (with_file("cart//total.py"), "has an empty part"),
    "a dot": (with_file("./README.md"), "a . between its slashes"),
    "a line break": (with_file("a\nb.py", "add"), "has a character that cannot be written"),
    "git's own": (with_file(".git/config"), "belongs to git itself"),
    "git's own in capitals": (with_file("x/.GIT/hooks/post-commit", "add"), "belongs to git itself"),
    "a file that is not there": (with_file("cart/totals.py"), 'no such file; did you mean "cart/total.py"?'),
    "a file to delete that is not there": (with_file("zzz", "delete"), "is to be deleted, and the repository has no"),
    "a file to add that is there": (with_file("README.md", "add"), "has it already: say modify."),
    "only another case": (with_file("readme.MD", "add"), 'differs from "README.md" only by the case'),
    "through a link": (with_file("latest/x.py", "add"), 'goes through the link "latest"'),
    "in a submodule": (with_file("vendor/x.py", "add"), 'lies in the submodule "vendor"'),
    "a submodule itself": (with_file("vendor"), "is a submodule, which is another repository."),
    "below a file": (with_file("README.md/x.py", "add"), 'lies below "README.md", which is a file'),
    "the same file twice": (with_file("cart/total.py"), 'names "cart/total.py" 2 times'),
    "a protected file": (with_file("deploy/prod.yml", "add"), "is protected: no run may change it."),
    # checks that cannot be
    "a check of another project": (
        changed(checks=["pytest"]),
        "is no check of this repository. It has: unittest, lint.",
    ),
}


def test_there_are_fifty_of_them() -> None:
    assert len(MALFORMED) >= 50
    assert len({text for text, _ in MALFORMED.values()}) == len(MALFORMED)


@pytest.mark.parametrize("name", MALFORMED)
def test_a_malformed_plan_is_refused_with_a_reason_that_its_author_can_use(name: str) -> None:
    text, reason = MALFORMED[name]
    faults = verdict(text)
    assert any(reason in fault for fault in faults), faults
    assert all(fault.strip() and len(fault) <= 600 and "pydantic" not in fault for fault in faults)
    assert len(faults) <= 20
    told = "\n\n".join(
        planning_text(("Fix it.",), PlanningFacts(refused=RefusedReport(text=text, faults=faults)), CHECKS)
    )
    assert REFUSED in told
    assert all(fault in told for fault in faults)


@pytest.mark.parametrize(
    "text",
    [
        fenced(GOOD),
        WHOLE,
        f"Let me think {{about it}}.\n\n```\n{WHOLE}\n```",
        f'```json\n{{"summary": "a first thought"}}\n```\nNo, better:\n~~~json\n{WHOLE}\n~~~',
        f"The plan: {WHOLE} I hope that helps.",
        f"```python\nx = {{}}\n```\n\n```JSON\n{WHOLE}\n```",
    ],
    ids=["fenced", "bare", "fence without a name", "the last one counts", "in a sentence", "beside other code"],
)
def test_a_good_plan_is_taken_however_it_is_wrapped(text: str) -> None:
    assert verdict(text) == ()


def test_all_faults_come_at_once() -> None:
    both = verdict(
        changed(checks=["pytest"], files=[{"path": "/x", "change": "add"}, {"path": "zz", "change": "delete"}])
    )
    assert len(both) >= 4  # the two files, both steps' files, the check


@given(st.text(max_size=400))
def test_whatever_an_agent_writes_is_refused_in_sentences(text: str) -> None:
    assert verdict(text)
    assert verdict(f"```json\n{text}\n```")


@given(st.recursive(st.none() | st.booleans() | st.integers() | st.text(max_size=9), lambda inner: (
    st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from([*GOOD, "title", "path"]), inner, max_size=5)
), max_leaves=20))  # fmt: skip
def test_whatever_json_it_writes_is_a_plan_or_sentences(value: object) -> None:
    assert all(isinstance(fault, str) and fault for fault in verdict(fenced(value)))


def test_a_plans_hash_is_that_of_what_a_person_reads() -> None:
    plan = Plan.model_validate_json(WHOLE)
    assert plan_hash(plan) == plan_hash(Plan.model_validate_json(json.dumps(GOOD, indent=3)))
    assert plan_hash(plan) != plan_hash(plan.model_copy(update={"risks": ()}))


def test_the_builder_and_the_next_planner_read_the_whole_plan() -> None:
    plan = Plan.model_validate_json(WHOLE)
    (text,) = plan_text(plan, "Ada")
    assert text.startswith("Ada approved this plan for it.")
    assert all(
        part in text for part in ("1. Write a failing test", "add docs/discount.md", "Checks: unittest", "Rounding.")
    )
    wanted = PlanRequest(plan=plan, words="No docs, please.", by="Ada")
    told = "\n\n".join(planning_text(("Fix it.",), PlanningFacts(wanted=(wanted,)), CHECKS))
    assert "Ada wants it to be different:\n> No docs, please." in told
    assert "unittest, lint" in told
