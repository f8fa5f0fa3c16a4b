"""What throws away what was not committed is danger; what only switches or unstages is not."""

import pytest

from ompycord.domain.risk.classify import classify_command


@pytest.mark.parametrize(
    ("command", "risk"),
    [
        ("git checkout -- .", "danger"),
        ("git checkout .", "danger"),
        ("git checkout HEAD~1 src/cart.py", "danger"),
        ("git checkout -- src/cart.py", "danger"),
        ("git restore src/cart.py", "danger"),
        ("git restore -S -W src/cart.py", "danger"),
        ("git restore --staged src/cart.py", "write"),
        ("git checkout -b fix/rounding origin/main", "write"),
        ("git checkout main", "write"),
    ],
)
def test_putting_files_back_is_danger(command: str, risk: str) -> None:
    assert classify_command(command).risk.word == risk
