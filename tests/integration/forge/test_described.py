"""The double answers as GitHub describes its answers, and is asked as GitHub describes its requests.

The description is GitHub's own, from npm's `@octokit/openapi`; none of it is kept here.
"""

import asyncio
import json
import re
import shutil
import tarfile
from pathlib import Path
from typing import Any, cast

import jsonschema_rs
import pytest

from ompycord.errors import ForgeFailed
from ompycord.forge.github import GitHub
from tests.integration.forge.test_github import PROPOSED
from tests.support.forge_double import ForgeDouble, Received

pytestmark = [
    pytest.mark.long,
    pytest.mark.timeout(400),
    pytest.mark.skipif(shutil.which("npm") is None, reason="npm is not here"),
]
FILE = "package/generated/api.github.com.json"


async def description(folder: Path) -> dict[str, Any]:
    words = ("npm", "pack", "--silent", "@octokit/openapi@23.0.2")
    packing = await asyncio.create_subprocess_exec(*words, cwd=folder, stdout=asyncio.subprocess.DEVNULL)
    assert await packing.wait() == 0
    with tarfile.open(next(folder.glob("*.tgz"))) as packed:
        file = packed.extractfile(FILE)
        assert file is not None
        return json.load(file)


def nullable(schema: Any) -> Any:
    """OpenAPI 3.0 writes `nullable: true` where JSON Schema has another type."""
    if isinstance(schema, list):
        return [nullable(one) for one in cast("list[Any]", schema)]
    if not isinstance(schema, dict):
        return schema
    plain = {name: nullable(value) for name, value in cast("dict[str, Any]", schema).items()}
    return {"anyOf": [plain, {"type": "null"}]} if plain.get("nullable") is True else plain


def faults(whole: dict[str, Any], schema: Any, value: Any) -> list[str]:
    validator = jsonschema_rs.Draft7Validator({**nullable(schema), "components": whole["components"]})
    return [f"{list(error.instance_path)}: {error.message}" for error in validator.iter_errors(value)]


def operation(whole: dict[str, Any], asked: Received) -> dict[str, Any]:
    def fits(pattern: str) -> bool:
        return re.fullmatch(re.sub(r"\{\w+\}", "[^/]+", pattern), asked.path) is not None

    path = min((pattern for pattern in whole["paths"] if fits(pattern)), key=lambda pattern: pattern.count("{"))
    return whole["paths"][path][asked.method.lower()]


async def test_every_request_and_every_answer_is_as_github_describes_it(
    github: GitHub, forge: ForgeDouble, tmp_path: Path
) -> None:
    given = await description(tmp_path)
    whole = {**given, "components": {"schemas": nullable(given["components"]["schemas"])}}
    await github.examine()
    number = (await github.open(PROPOSED)).number
    await github.open(PROPOSED)
    await github.marks.add_labels(number, ("agent", "made-up"))
    await github.marks.ask_reviewers(number, ("anna", "gone"))
    with pytest.raises(ForgeFailed):
        await github.open(PROPOSED.model_copy(update={"head": "none"}))
    seen = 0
    for asked in forge.asked:
        about = operation(given, asked)
        if asked.body is not None:
            schema = about["requestBody"]["content"]["application/json"]["schema"]
            assert faults(whole, schema, asked.body) == [], asked.path
        answer = about["responses"][str(asked.status)]
        if "$ref" in answer:
            answer = given["components"]["responses"][answer["$ref"].rpartition("/")[2]]
        if "content" in answer:
            schema = answer["content"]["application/json"]["schema"]
            assert faults(whole, schema, asked.answer) == [], (asked.method, asked.path, asked.status)
            seen += 1
    assert seen >= 10
