"""Runs whose agent left work that is not in the result: named on the card, kept, and never green without it.

With real git, agents and checks.
"""

import subprocess
from pathlib import Path

import pytest

from ompycord.domain.folds.snapshot import Verification
from ompycord.domain.repository import RepositorySpec, Sandbox
from ompycord.domain.run import FailureClass, RunState
from ompycord.render.cards.blocks import card_fields
from ompycord.render.cards.cardview import Part
from ompycord.render.cards.verdicts import unchecked_sentence
from ompycord.render.render_context import RenderContext
from ompycord.render.result import result_message
from ompycord.render.sanitizer import Sanitizer
from tests.integration.conductor.conftest import MakeHouse
from tests.support.patience import patient
from tests.support.payloads import plain_sign

COMMIT = "git -c user.name=a -c user.email=a@b.example commit -qam mine"
ON_A_BRANCH = f"cat >/dev/null; git checkout -q -b {{name}} origin/main; echo {{name}} >README.md; {COMMIT}"
AWAY = "git checkout -q --detach origin/main"


def show(repository: RepositorySpec, what: str) -> str:
    shown = subprocess.run(
        ("git", "show", what), cwd=repository.path, capture_output=True, timeout=patient(30), check=True
    )
    return shown.stdout.decode()


async def test_work_on_a_branch_that_was_left_is_checked_and_published(real_house: MakeHouse) -> None:
    harness, sample = await real_house(f"{ON_A_BRANCH.format(name='fix')}; {AWAY}")
    async with harness.running():
        record = await harness.submit(repository="sample", agent="script")
        snapshot = await harness.ended(record.id)
    assert (snapshot.state, snapshot.verification) == (RunState.COMPLETE, Verification.VERIFIED)
    assert show(sample, f"{snapshot.branch}:README.md") == "fix\n"
    assert "script had left its work: the result is branch fix." in snapshot.notes


async def test_work_beside_the_result_is_named_and_the_run_is_not_green(real_house: MakeHouse) -> None:
    harness, sample = await real_house(f"{ON_A_BRANCH.format(name='fix')}; {AWAY}; echo x >litter.txt")
    async with harness.running():
        record = await harness.submit(repository="sample", agent="script")
        snapshot = await harness.ended(record.id)
    assert (snapshot.state, snapshot.verification) == (RunState.COMPLETE, Verification.UNVERIFIED)
    assert {check.status for check in snapshot.checks if check.ours} == {"passed"}
    (piece,) = snapshot.left_out
    assert piece.what == "branch fix"
    assert show(sample, f"{piece.ref}:README.md") == "fix\n"
    sanitizer = Sanitizer(lambda text: text)
    (field,) = [field for field in card_fields(snapshot, sanitizer) if field.part is Part.LEFT_OUT]
    assert field.lines == (f"⚠ branch fix: kept as {piece.ref}",)
    result = result_message(snapshot, RenderContext(), sign=plain_sign, redact=str)
    assert f"branch fix: kept as {piece.ref}" in str(result)
    why = unchecked_sentence(snapshot, RenderContext(), sanitizer)
    assert why.endswith("passed here, but not all of its work is in the result.")


async def test_work_that_lies_only_beside_the_result_is_partly_done(real_house: MakeHouse) -> None:
    both = "; ".join(ON_A_BRANCH.format(name=name) for name in ("one", "two"))
    harness, _ = await real_house(f"{both}; {AWAY}")
    async with harness.running():
        record = await harness.submit(repository="sample", agent="script")
        snapshot = await harness.ended(record.id)
    assert (snapshot.state, snapshot.outcome, snapshot.branch) == (RunState.PARTIAL, None, None)
    assert {piece.what for piece in snapshot.left_out} == {"branch one", "branch two"}
    assert snapshot.message is not None
    assert all(str(piece.ref) in snapshot.message for piece in snapshot.left_out)


async def test_what_cannot_be_taken_at_all_stays_in_its_clone(real_house: MakeHouse, tmp_path: Path) -> None:
    harness, _ = await real_house("cat >/dev/null; mkdir git~1; echo x >git~1/config")
    async with harness.running():
        record = await harness.submit(repository="sample", agent="script")
        snapshot = await harness.in_state(record.id, RunState.SUSPENDED)
    assert snapshot.message is not None
    assert "git~1/config" in snapshot.message
    assert (tmp_path / "runs" / snapshot.run / "clone/git~1/config").is_file()


@pytest.mark.timeout(60)
async def test_what_broke_a_bound_is_set_aside_and_not_published(real_house: MakeHouse, tmp_path: Path) -> None:
    script = "cat >/dev/null; echo half >README.md; head -c 40000000 /dev/urandom >large.bin; sleep 40"
    harness, _ = await real_house(script, sandbox=Sandbox(minimum="none", max_disk_mib=20))
    async with harness.running():
        record = await harness.submit(repository="sample", agent="script")
        snapshot = await harness.ended(record.id)
    assert (snapshot.state, snapshot.failure) == (RunState.FAILED, FailureClass.POLICY)
    assert (snapshot.files, snapshot.branch, snapshot.checks) == ((), None, ())
    assert snapshot.message is not None
    assert "filled more than 20 MiB of the disk" in snapshot.message
    assert "Nothing of it was published; its clone is kept in" in snapshot.message
    assert (tmp_path / "runs" / snapshot.run / "clone/README.md").read_text() == "half\n"
