"""What webhooks of forges say: GitHub's own published examples, and what reads no word too much of them."""

import json
import shutil
import subprocess
import tarfile
from typing import Any

import pytest

from ompycord.domain.issue_calls.reading import ChangedPull, about, read_hook
from ompycord.domain.issues.snapshot import text_hash

EXAMPLES = "@octokit/webhooks-examples@7.6.1"
"""GitHub's webhook payloads as its clients keep them; none of it is kept here."""


@pytest.fixture(scope="module")
def examples(tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[dict[str, Any]]]:
    folder = tmp_path_factory.mktemp("examples")
    subprocess.run(["npm", "pack", "--silent", EXAMPLES], cwd=folder, check=True, capture_output=True)
    with tarfile.open(next(folder.glob("*.tgz"))) as packed:
        file = packed.extractfile("package/api.github.com/index.json")
        assert file is not None
        return {one["name"]: one["examples"] for one in json.load(file)}


@pytest.mark.long
@pytest.mark.skipif(shutil.which("npm") is None, reason="npm is not here")
def test_every_published_example_is_read_and_none_means_more_than_it_says(
    examples: dict[str, list[dict[str, Any]]],
) -> None:
    found = {
        (event, payload.get("action", ""), "issue" if message.issue else "pull")
        for event, payloads in examples.items()
        for payload in payloads
        if (message := read_hook(event, payload)) is not None
    }
    assert {(event, action) for event, action, kind in found if kind == "issue"} == {
        ("issues", action) for action in ("labeled", "unlabeled", "assigned", "unassigned")
    }
    assert {event for event, _, kind in found if kind == "pull"} >= {
        "pull_request", "pull_request_review", "pull_request_review_comment", "check_suite", "check_run", "status",
        "workflow_run",
    }  # fmt: skip
    labeled = next(one for one in examples["issues"] if one["action"] == "labeled")
    message = read_hook("issues", labeled)
    assert message is not None
    assert message.issue is not None
    assert message.repository == "codertocat/hello-world"
    assert (message.issue.number, message.issue.kind, message.issue.login) == (1, "label", "Codertocat")
    issue = labeled["issue"]
    assert message.issue.text_sha256 == text_hash(issue["title"], issue["body"])


REPOSITORY = {"repository": {"full_name": "Acme/Shop"}}


@pytest.mark.parametrize(
    ("event", "payload", "expected"),
    [
        ("pull_request", {"pull_request": {"number": 7}}, ChangedPull(7, None)),
        ("pull_request_review", {"pull_request": {"number": 7}}, ChangedPull(7, None)),
        ("issue_comment", {"issue": {"number": 7, "pull_request": {}}}, ChangedPull(7, None)),
        ("issue_comment", {"issue": {"number": 7}, "is_pull": True}, ChangedPull(7, None)),
        ("issue_comment", {"issue": {"number": 7}}, None),
        ("check_suite", {"check_suite": {"head_sha": "c0ffee"}}, ChangedPull(None, "c0ffee")),
        ("check_run", {"check_run": {"head_sha": "c0ffee"}}, ChangedPull(None, "c0ffee")),
        ("status", {"sha": "c0ffee"}, ChangedPull(None, "c0ffee")),
        ("status", {"sha": 7}, None),
        ("pull_request_approved", {"pull_request": {"number": 7}, "action": "reviewed"}, ChangedPull(7, None)),
        ("pull_request_comment", {"number": 7, "pull_request": {"number": 7}}, ChangedPull(7, None)),
        ("push", {"after": "c0ffee"}, None),
        ("pull_request", {"pull_request": {"number": -1}, "number": 1.5}, None),
    ],
)
def test_a_pull_request_is_named_by_its_number_or_its_commit(
    event: str, payload: dict[str, Any], expected: ChangedPull | None
) -> None:
    message = read_hook(event, {**REPOSITORY, **payload})
    assert (message.pull if message is not None else None) == expected


@pytest.mark.parametrize("text", ["a\0b", "\ud800", "x" * 201, 7, None])
def test_a_label_that_cannot_be_kept_is_none(text: object) -> None:
    issue = {"number": 1, "state": "open", "title": "t", "body": "b", "updated_at": "2026-11-30T02:00:00Z"}
    payload = {
        **REPOSITORY, "action": "labeled", "issue": issue, "label": {"name": text}, "sender": {"login": "anna"},
    }  # fmt: skip
    assert read_hook("issues", payload) is None


def gitea(action: str, **more: object) -> dict[str, Any]:
    """What Gitea and Forgejo tell of an issue with two labels that is assigned to nobody."""
    labels = [{"id": 1, "name": "bug"}, {"id": 2, "name": "Ompycord"}]
    issue = {
        "number": 1, "state": "open", "title": "t", "body": "b", "updated_at": "2026-11-30T02:00:00+01:00",
        "labels": labels, "assignees": None, "pull_request": None,
    }  # fmt: skip
    return {**REPOSITORY, "action": action, "issue": issue, "sender": {"login": "anna"}, **more}


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        (None, ("ompycord", True)),
        ({"added_labels": [{"name": "Ompycord"}], "removed_labels": []}, ("ompycord", True)),
        ({"added_labels": [{"name": "bug"}], "removed_labels": None}, None),
        ({"added_labels": None, "removed_labels": None}, ("ompycord", True)),
    ],
)
def test_a_delivery_of_gitea_is_about_one_label_where_it_may_be(
    changes: object, expected: tuple[str, bool] | None
) -> None:
    message = read_hook("issues", gitea("label_updated", changes=changes))
    assert message is not None
    assert message.issue is not None
    found = about(message.issue, "ompycord")
    assert ((found.value, found.is_set) if found is not None else None) == expected


@pytest.mark.parametrize(("action", "wanted"), [("label_cleared", "gone"), ("unassigned", "bot"), ("assigned", "bot")])
def test_what_does_not_stand_at_the_issue_was_taken_away(action: str, wanted: str) -> None:
    message = read_hook("issues", gitea(action))
    assert message is not None
    assert message.issue is not None
    found = about(message.issue, wanted)
    assert found is not None
    assert (found.value, found.is_set, about(message.issue, None)) == (wanted, False, None)
