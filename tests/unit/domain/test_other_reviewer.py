"""Who counts as another reviewer: nobody who had a part in it, and no login that may be one of them."""

import pytest

from ompycord.domain.pull_requests.reviewers import OtherReview, ReviewApproval, approvals_of, other_review
from ompycord.domain.pull_requests.seen import SeenReview

LOGINS = {"ada": "1", "mo": "2", "anna": "3"}


@pytest.mark.parametrize(
    ("approved", "involved", "expected"),
    [
        ((), {"1": "Ada"}, OtherReview("pending", "needs another reviewer: anna, mo")),
        (("Ada",), {"1": "Ada"}, OtherReview("pending", "needs another reviewer: anna, mo")),
        (("anna",), {"1": "Ada"}, OtherReview("success", "approved by anna")),
        (("colleague",), {"1": "Ada"}, OtherReview("success", "approved by colleague")),
        (("stranger",), {"1": "Ada"}, OtherReview("pending", "needs another reviewer: anna, mo")),
        (("colleague",), {"1": "Ada", "9": "Zoe"}, OtherReview("pending", "needs another reviewer: anna, mo")),
        (
            ("colleague",),
            {"1": "Ada", "2": "Mo", "3": "Anna", "9": "Zoe"},
            OtherReview("pending", "needs another reviewer: access.forge has no login for Zoe"),
        ),
        (
            ("ada",),
            {"1": "Ada", "2": "Mo", "3": "Anna"},
            OtherReview("pending", "needs another reviewer: ada, anna, mo had a part in it"),
        ),
    ],
)
def test_who_counts(approved: tuple[str, ...], involved: dict[str, str], expected: OtherReview) -> None:
    given = [ReviewApproval(login, login == "colleague") for login in approved]
    assert other_review(given, involved=involved, logins=LOGINS) == expected


def test_an_approval_of_another_commit_a_withdrawn_one_and_a_programs_are_none() -> None:
    def review(number: int, login: str, verdict: str, commit: str = "b", *, is_bot: bool = False) -> SeenReview:
        author = sum(login.encode())
        return SeenReview.model_validate(
            {
                "id": number, "login": login, "author": author, "is_bot": is_bot, "verdict": verdict, "at": number,
                "commit": commit,
            }
        )  # fmt: skip

    reviews = [
        review(1, "old", "approved", "a"),
        review(2, "mind", "approved"),
        review(3, "mind", "refused"),
        review(4, "bot", "approved", is_bot=True),
        review(5, "good", "approved"),
        review(6, "good", "commented"),
    ]
    assert approvals_of(reviews, "b") == (("good", False),)
