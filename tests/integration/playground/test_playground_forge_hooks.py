"""What people and programs do on the playground's forge is told in GitHub's shapes, as the product reads them."""

from collections.abc import AsyncGenerator
from pathlib import Path
from typing import Any

import pytest

from ompycord.app.connection.local_discord import LocalDiscord
from ompycord.app.connection.playground_mode import with_playground
from ompycord.app.connection.sample_forge import receive_webhooks
from ompycord.app.data_folder import DataFolder
from ompycord.domain.issue_calls.reading import CalledIssue, ChangedPull, HookMessage, read_hook
from ompycord.domain.repository import RepositorySpec
from ompycord.forge.github_kind import GitHubOptions
from ompycord.playground.client import RefusedError
from ompycord.playground.forge import marking
from ompycord.playground.forge.forge import Forge
from ompycord.settings import Settings
from tests.support.forge_double import ForgeDouble, forge_double
from tests.support.playground import Playground
from tests.support.verified_run import make_repository

pytestmark = pytest.mark.posix
HERE = "acme/shop"


@pytest.fixture
async def double(tmp_path: Path) -> AsyncGenerator[ForgeDouble]:
    make_repository(tmp_path / "shop", {"total.py": b"x = 1\n"})
    async with forge_double(tmp_path / "forge", tmp_path / "shop") as made:
        who = ("-c", "user.name=a", "-c", "user.email=a@b.example")
        tree = made.git_line("rev-parse", "main^{tree}")
        made.git_line("update-ref", "refs/heads/fix", made.git_line(*who, "commit-tree", "-p", "main", "-m", "f", tree))
        made.forge.add_account("anna", number=5, permission="admin")
        yield made


class Heard:
    """The events of a forge."""

    def __init__(self, forge: Forge) -> None:
        self.events: list[tuple[str, Any]] = []
        forge.hooks.on_event = lambda event, payload: self.events.append((event, payload))

    def taken(self) -> list[tuple[str, str | None, HookMessage | None]]:
        """Name, action and what the product reads of each since the last call."""
        found = [(event, one.get("action"), read_hook(event, one)) for event, one in self.events]
        self.events.clear()
        return found


async def test_an_issue_that_is_labeled_and_assigned_calls_for_a_run(double: ForgeDouble) -> None:
    forge, heard = double.forge, Heard(double.forge)
    issue = forge.open_issue("anna", HERE, {"title": "Fix it", "body": "All of it."})
    marking.add_labels(forge, "anna", issue, ["agent", "bug"])
    marking.add_labels(forge, "anna", issue, ["agent"])  # it is there already
    marking.assign(forge, "anna", issue, ["anna", "nobody-here"])
    assert heard.events[1][1]["issue"]["labels"][0]["name"] == "agent"
    (opened, *called) = heard.taken()
    assert opened == ("issues", "opened", None)
    found = [one.issue for _, _, one in called if one is not None]
    assert [(one.kind, one.value, one.is_set, one.login) for one in found if one is not None] == [
        ("label", "agent", True, "anna"), ("label", "bug", True, "anna"), ("assigned", "anna", True, "anna"),
    ]  # fmt: skip
    assert {one.repository for _, _, one in called if one is not None} == {HERE}
    marking.remove_label(forge, "anna", issue, "agent")
    [(_, action, message)] = heard.taken()
    assert action == "unlabeled"
    assert message is not None
    assert isinstance(message.issue, CalledIssue)
    assert not message.issue.is_set
    forge.change_pull("anna", issue, {"state": "closed"})
    assert heard.taken() == [("issues", "closed", None)]


async def test_what_happens_to_a_pull_request_has_it_looked_at(double: ForgeDouble) -> None:
    forge, heard = double.forge, Heard(double.forge)
    this = HookMessage(HERE, pull=ChangedPull(1, None))
    pull = await forge.open_pull("anna", HERE, {"title": "Fix", "head": "fix", "base": "main", "draft": True})
    forge.ready("anna", pull, is_draft=False)
    forge.discussion.add_comment("anna", pull, "well")
    forge.discussion.add_review("ompycord-bot", pull, event="COMMENT", body="hm", commit=None)
    forge.change_pull("anna", pull, {"title": "Fixed"})
    marking.add_labels(forge, "anna", pull, ["agent"])
    assert heard.taken() == [
        ("pull_request", "opened", this), ("pull_request", "ready_for_review", this),
        ("issue_comment", "created", this), ("pull_request_review", "submitted", this),
        ("pull_request", "edited", this), ("pull_request", "labeled", this),
    ]  # fmt: skip
    commit = forge.git(HERE).tip("fix") or ""
    forge.checks.set_status("anna", HERE, commit, {"state": "success", "context": "ci"})
    made = forge.checks.set_check(HERE, commit, {"name": "test"})
    forge.checks.change_check(HERE, made, {"conclusion": "success"})
    that = HookMessage(HERE, pull=ChangedPull(None, commit))
    assert heard.taken() == [("status", None, that), ("check_run", "created", that), ("check_run", "completed", that)]
    who = ("-c", "user.name=a", "-c", "user.email=a@b.example")
    moved = double.git_line(*who, "commit-tree", "-p", "fix", "-m", "more", double.git_line("rev-parse", "fix^{tree}"))
    double.git_line("update-ref", "refs/heads/fix", moved)
    await forge.after_push(HERE)
    await forge.merge("anna", pull)
    assert [(event, action) for event, action, _ in heard.taken()] == [
        ("pull_request", "synchronize"), ("pull_request", "closed"),
    ]  # fmt: skip


async def test_a_person_opens_and_labels_an_issue_and_no_receiver_is_elsewhere(playground: Playground) -> None:
    here = {"repository": "playground/sample"}
    issue = await playground.post("/app/forge/issue", {**here, "user": playground.olu.id, "title": "It is wrong"})
    label = {**here, "number": issue["number"], "label": "ompycord"}
    with pytest.raises(RefusedError, match="no write access"):
        await playground.post("/app/forge/label", {**label, "user": playground.olu.id})
    await playground.post("/app/forge/label", {**label, "user": playground.ada.id})
    found = await playground.get("/app/forge/issues?repository=playground/sample")
    assert [(one["title"], one["user"]["login"], one["labels"][0]["name"]) for one in found["issues"]] == [
        ("It is wrong", "olu", "ompycord")
    ]
    for url in (
        "https://127.0.0.1/x",
        "http://example.org/hooks",
        "http://127.0.0.1.example.org/",
        "file:///etc/passwd",
    ):
        with pytest.raises(RefusedError, match="an http address of this machine"):
            await playground.post("/control/forge-hook", {"url": url, "secret": "x"})


async def test_a_sidecar_that_is_not_on_this_machine_is_told_nothing_and_that_is_said(
    playground: Playground, tmp_path: Path
) -> None:
    local = LocalDiscord(address=playground.address, info=playground.info)
    forge = GitHubOptions.model_validate({"repository": "playground/sample", "token_file": "t"})
    sample = RepositorySpec(name="sample", path=tmp_path, forge=forge)
    settings, data = with_playground(Settings(), playground.info, sample), DataFolder(tmp_path / "data")
    words = await receive_webhooks(local, "http://192.0.2.1:8787", settings, data)
    assert words is not None
    assert words.startswith("The playground's forge sends no webhooks: ")
    assert words.endswith("Its pull requests are looked at every 3 s, and its labels start nothing.")
    assert await receive_webhooks(local, "http://127.0.0.1:1", settings, data) is None
    assert await receive_webhooks(local, "http://192.0.2.1:8787", Settings(), data) is None
    assert with_playground(Settings(), playground.info, sample.model_copy(update={"forge": None})).forge_hooks == {}
    own = Settings(repositories={"sample": RepositorySpec(name="sample", path=tmp_path)})
    assert with_playground(own, playground.info, sample).forge_hooks == {}
