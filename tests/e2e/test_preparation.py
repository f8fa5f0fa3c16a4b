"""What comes before an agent, in the product: set-up of the repository's own file over a kill, and what is missing."""

from pathlib import Path

import pytest

from tests.e2e.test_follow_up import result_of
from tests.e2e.test_journeys import REHEARSAL, branch_of, git
from tests.support.prepared_run import commit_files
from tests.support.product import running_product

pytestmark = pytest.mark.e2e

FILE = """schema: ompycord/repository@1
setup:
  - name: packages
    command: [sh, -c, "mkdir vendor; cp deps.lock vendor/made; sleep 5"]
    files: [deps.lock]
    keeps: [vendor]
checks:
  - {name: vendored, command: [grep, left-pad, vendor/made], parser: exit}
"""


async def test_set_up_over_a_kill_then_taken_as_it_is_kept_then_a_file_with_a_fault(tmp_path: Path) -> None:
    async with running_product(tmp_path, config=REHEARSAL) as product:
        ada, sample = product.playground.ada, product.data / "sample"
        commit_files(sample, {"deps.lock": "left-pad 1\n", ".ompycord.yml": FILE})
        await ada.command("omp new", "tasks", prompt="Fix the discount for several pieces.")
        await ada.wait_message(lambda m: "Setting up" in m.text and "packages" in m.text, 60)
        await product.kill()
        await product.start()
        first, result = await result_of(ada)
        assert "Done · checks passed" in result.text
        assert "vendored" in result.text
        changed = git(sample, "diff", "--name-only", "main", branch_of(sample, first)).splitlines()
        assert "cart/total.py" in changed
        assert not any(path.startswith("vendor") for path in changed)
        kept = [path.name for path in (product.data / "setups").iterdir()]
        assert len(kept) == 1

        await ada.command("omp new", "tasks", prompt="Fix the discount for several pieces.")
        second, result = await result_of(ada, (first,))
        assert "Done · checks passed" in result.text
        assert [path.name for path in (product.data / "setups").iterdir()] == kept

        commit_files(sample, {".ompycord.yml": f"{FILE}modes: [full]\nchecked: []\n"})
        await ada.command("omp new", "tasks", prompt="Fix the discount for several pieces.")
        _, result = await result_of(ada, (first, second))
        assert "Not started" in result.text
        await ada.wait_message(lambda m: "checked: there is no such key. Take it out" in m.text, 60)
