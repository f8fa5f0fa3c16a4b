"""What a person at a terminal reads about its network."""

import pytest

from ompycord.agents.command import CommandOptions
from ompycord.agents.rehearsal.adapter import RehearsalOptions
from ompycord.app.takeover import network_words
from ompycord.app.terminal.terminal_way import OpenedWay
from ompycord.domain.repository import AgentSpec

WAY = OpenedWay(port=1, inside_port=2, environment={}, has_models=True, dialects={})
COMMAND = CommandOptions(name="patient", command=("./patient.sh",))


@pytest.mark.parametrize(
    ("spec", "way", "words"),
    [
        (RehearsalOptions(name="rehearsal"), None, "This terminal has no network: a rehearsal asks no model."),
        (COMMAND, None, "no Ompycord runs with this data folder"),
        (COMMAND, WAY, "Its network is Ompycord's own address"),
    ],
)
def test_they_say_why_there_is_none(spec: AgentSpec, way: OpenedWay | None, words: str) -> None:
    assert words in network_words(spec, way)
