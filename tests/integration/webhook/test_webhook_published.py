"""What is published for other programs: the OpenAPI document and the schemas, word for word in docs/reference."""

from pathlib import Path
from typing import Any

import httpx
import jsonschema_rs
import pytest
from syrupy.assertion import SnapshotAssertion
from syrupy.extensions.json import JSONSnapshotExtension
from syrupy.location import PyTestLocation
from syrupy.types import SnapshotIndex

from ompycord.webhook.schemas import published
from tests.integration.webhook.senders import envelope, refusal

# syrupy expects a test's name in a snapshot's; these are named for their readers instead.
pytestmark = pytest.mark.filterwarnings("ignore:\\s*Can not relate snapshot:UserWarning")

REFERENCE = Path(__file__).parents[3] / "docs" / "reference"


class ReferenceFile(JSONSnapshotExtension):
    """`docs/reference/<name>.json`; a difference is read by a person and then accepted with --snapshot-update."""

    @classmethod
    def dirname(cls, *, test_location: PyTestLocation) -> str:
        return str(REFERENCE)

    @classmethod
    def get_snapshot_name(cls, *, test_location: PyTestLocation, index: SnapshotIndex = 0) -> str:
        return str(index)


@pytest.fixture
def reference(snapshot: SnapshotAssertion) -> SnapshotAssertion:
    return snapshot.use_extension(ReferenceFile)


@pytest.mark.parametrize("name", ["alert", "event", "notification", "snapshot"])
async def test_a_schema_is_as_it_is_written_down(
    http: httpx.AsyncClient, reference: SnapshotAssertion, name: str
) -> None:
    answer = await http.get(f"/schemas/{name}.json")
    assert (answer.status_code, answer.headers["content-type"]) == (200, "application/schema+json")
    assert answer.json() == reference(name=name)


async def test_the_openapi_document_is_as_it_is_written_down(
    http: httpx.AsyncClient, reference: SnapshotAssertion
) -> None:
    document = (await http.get("/openapi.json")).json()
    document["info"]["version"] = "the version"
    assert document == reference(name="openapi")


async def test_no_other_schema_is_there(http: httpx.AsyncClient) -> None:
    for name in ("nothing", "..%2fevent", ""):
        assert refusal(await http.get(f"/schemas/{name}.json")) == (404, "not-found")


@pytest.mark.parametrize(
    ("event", "is_valid"),
    [
        (envelope(), True),
        (envelope("x.rocket", data={"anything": 1}), True),
        (envelope("tool.started", data={"tool": "edit"}), True),
        (envelope("tool.started", data={"tool": "edit", "surprise": 1}), False),
        (envelope(data={}), False),
        (envelope(surprise=1), False),
    ],
)
def test_the_event_schema_says_what_is_taken(event: dict[str, Any], is_valid: bool) -> None:
    assert jsonschema_rs.validator_for(published()["event"]).is_valid(event) is is_valid
