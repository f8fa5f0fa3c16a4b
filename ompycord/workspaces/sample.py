"""Makes the playground's `sample` repository: a small cart with a real fault.

The rehearsal agent knows how to repair it.
"""

from pathlib import Path
from typing import Final

from ompycord.domain.repository import CheckSpec, RepositorySpec
from ompycord.errors import WorkspaceError
from ompycord.workspaces.folders import remove
from ompycord.workspaces.git import Git

__all__ = ["make_sample", "sample_repository"]

FILES: Final = {
    "README.md": """\
# Cart

What a shopping cart costs: lines, a discount in percent, tax. Run the tests with `python -m unittest`.
""",
    ".gitignore": "__pycache__/\n",
    "cart/__init__.py": '''\
"""A shopping cart."""

from cart.total import Line, discount, subtotal, total

__all__ = ["Line", "discount", "subtotal", "total"]
''',
    "cart/total.py": '''\
"""What a cart costs."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal

CENT = Decimal("0.01")


@dataclass(frozen=True)
class Line:
    """So many pieces of one article."""

    article: str
    price: Decimal
    quantity: int = 1

    @property
    def cost(self) -> Decimal:
        return self.price * self.quantity


def subtotal(lines: Sequence[Line]) -> Decimal:
    """Before discount and tax."""
    return sum((line.cost for line in lines), Decimal())


def discount(lines: Sequence[Line], percent: Decimal) -> Decimal:
    """What `percent` takes off the subtotal."""
    return sum((line.price * percent / 100 for line in lines), Decimal())


def total(lines: Sequence[Line], *, percent: Decimal = Decimal(), tax: Decimal = Decimal()) -> Decimal:
    """What is paid: the subtotal less the discount, plus `tax` percent of that, rounded to cents."""
    net = subtotal(lines) - discount(lines, percent)
    return (net * (100 + tax) / 100).quantize(CENT, ROUND_HALF_UP)
''',
    "tests/__init__.py": "",
    "tests/test_total.py": """\
import unittest
from decimal import Decimal

from cart import Line, total


class TotalTest(unittest.TestCase):
    def test_an_empty_cart_costs_nothing(self) -> None:
        self.assertEqual(total([]), Decimal("0.00"))

    def test_lines_are_added(self) -> None:
        self.assertEqual(total([Line("mug", Decimal("10.00"), 2), Line("pen", Decimal("1.50"))]), Decimal("21.50"))

    def test_a_discount_is_taken_off(self) -> None:
        self.assertEqual(total([Line("mug", Decimal("10.00"))], percent=Decimal(10)), Decimal("9.00"))

    def test_tax_comes_after_the_discount(self) -> None:
        lines = [Line("mug", Decimal("10.00"))]
        self.assertEqual(total(lines, percent=Decimal(10), tax=Decimal(20)), Decimal("10.80"))
""",
}


def sample_repository(path: Path) -> RepositorySpec:
    """Its configuration: its tests are its check and need nothing installed."""
    unittest = CheckSpec(name="unittest", command=("{python}", "-m", "unittest"), timeout_s=60)
    return RepositorySpec(name="sample", path=path, checks=(unittest,))


async def make_sample(path: Path, *, git: Git) -> RepositorySpec:
    """The sample as a git repository at `path`, with one commit on `main`. An existing one is not changed.

    Raises WorkspaceError where it cannot be made, or where something else is in the way.
    """
    if await git.is_repository(path):
        return sample_repository(path)
    if _is_occupied(path):
        raise WorkspaceError(f"{path} is no git repository and not empty; move it away, the sample is made there.")
    building = path.with_name(f".{path.name}.new")
    await remove(building)
    _write(building)
    await git.run("init", "--quiet", "--initial-branch=main", "--template=", cwd=building)
    await git.run("add", "--all", cwd=building)
    await git.run("commit", "--quiet", "--no-verify", "--message=A cart with lines, discount and tax", cwd=building)
    await remove(path)
    building.rename(path)
    return sample_repository(path)


def _is_occupied(path: Path) -> bool:
    return path.exists() and any(path.iterdir())


def _write(folder: Path) -> None:
    for name, text in FILES.items():
        file = folder / name
        file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")
