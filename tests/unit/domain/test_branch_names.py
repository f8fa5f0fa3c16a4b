"""A branch may have every name that git takes and none that it refuses: git itself is the judge."""

import subprocess
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from ompycord.domain.repository import BRANCH_LIMIT, BranchName, BranchPrefix, branch_fault
from ompycord.errors import WorkspaceError
from ompycord.workspaces.git import require_branch

TAKEN = (
    *("main", "ompycord/7f3k2m", "release-1.2", "a/b/c", "x+y", "A_b", "feature/#12-fix", "user@host", "é", "日本/語"),
    *("a/-x", "a'b", 'a"b', "$(x)", "a;b", "a&b", "100%", "x!", "a./b", "refs/heads/x", "]", "{", "head"),
)
REFUSED = (
    *("", "-x", "/x", "x/", "a//b", ".x", "a/.x", "x.", "x.lock", "a.lock/b", "a..b", "a b", "a~1", "a^", "a:b", "a?"),
    *("a*", "a[b", "a\\b", "@", "a@{1}", "@{-1}", "x\n", "x\t", "x\x7f", "refs/../x", "HEAD", "/", "..", "."),
)
OTHER = ("@", "@{-1}")
"""What git takes for another branch than the one of that name: HEAD, and the one before."""
SIGNS = st.one_of(
    st.sampled_from("a.b/-@{}lock~^:?*[\\ #'é"), st.characters(exclude_characters="\0", exclude_categories=["Cs"])
)
NAMES = st.one_of(
    st.text(SIGNS, max_size=8),
    st.lists(st.sampled_from(["a", ".", "..", "/", "-", "@", "{", ".lock", "HEAD"])).map("".join),
)


def git_takes(name: str) -> bool:
    done = subprocess.run(
        ["git", "check-ref-format", "--branch", name], capture_output=True, check=False, cwd=Path(__file__).parent
    )
    return done.returncode == 0


@pytest.mark.parametrize("name", TAKEN)
def test_every_name_that_git_takes_may_be_a_branch(name: str) -> None:
    assert git_takes(name)
    assert require_branch(name) == name
    assert TypeAdapter(BranchName).validate_python(name) == name


@pytest.mark.parametrize("name", REFUSED)
def test_a_name_that_git_refuses_is_refused_with_what_is_wrong(name: str) -> None:
    assert name in OTHER or not git_takes(name)
    with pytest.raises(WorkspaceError, match="no name of a branch: "):
        require_branch(name)
    with pytest.raises(ValidationError, match="git takes no such name of a branch: "):
        TypeAdapter(BranchName).validate_python(name)


@given(NAMES)
@example("a/@")
@example(".lock")
@example("a.lock")
@settings(deadline=None)
def test_git_and_we_agree_on_any_name(name: str) -> None:
    assert (branch_fault(name) is None) == (git_takes(name) and name != "@" and "@{" not in name)


def test_a_name_has_at_most_two_hundred_characters() -> None:
    assert require_branch("x" * BRANCH_LIMIT)
    with pytest.raises(WorkspaceError, match="at most 200 characters"):
        require_branch("x" * (BRANCH_LIMIT + 1))


def test_half_of_a_character_is_no_name() -> None:
    assert branch_fault("a\ud800") == "it has half of a character"


@pytest.mark.parametrize("prefix", ["ompycord/", "bot-", "agents/#", "é/"])
def test_a_prefix_may_be_what_makes_a_name_with_a_run_behind_it(prefix: str) -> None:
    assert TypeAdapter(BranchPrefix).validate_python(prefix) == prefix


@pytest.mark.parametrize("prefix", ["", "/", "-", "a b/", "a..", "a/.", "a//", "+x/", "x" * 65])
def test_a_prefix_that_spoils_the_name_is_refused(prefix: str) -> None:
    with pytest.raises(ValidationError):
        TypeAdapter(BranchPrefix).validate_python(prefix)
