"""The sections `schedules` and `digests`: what cannot be read ends the start with the key."""

from pathlib import Path

import pytest

from ompycord.errors import ConfigurationError
from ompycord.settings.layers import load_settings

TEXT = """
repositories: {shop: {path: /srv/shop}}
schedules:
  nightly: {when: "%s", zone: %s, prompt: Look after it, repository: %s, branch: %s}
"""


def load(
    folder: Path,
    when: str = "daily 02:30",
    zone: str = "Europe/Berlin",
    repository: str = "shop",
    branch: str = "main",
) -> object:
    (folder / "ompycord.yml").write_text(TEXT % (when, zone, repository, branch))
    return load_settings(environ={}, folder=folder).schedules["nightly"]


def test_a_schedule_is_read(tmp_path: Path) -> None:
    spec = load(tmp_path)
    assert getattr(spec, "name", None) == "nightly"


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"when": "0 0 30 2 *"}, "schedules.nightly.when: No such day"),
        ({"when": "soon"}, "five fields"),
        ({"zone": "europe/berlin"}, "did you mean Europe/Berlin"),
        ({"zone": "../x"}, "is no time zone"),
        ({"repository": "shoe"}, "schedules.nightly.repository"),
        ({"branch": "a..b"}, "schedules.nightly.branch"),
    ],
)
def test_what_cannot_be_read_is_named(tmp_path: Path, given: dict[str, str], words: str) -> None:
    with pytest.raises(ConfigurationError, match=words):
        load(tmp_path, **given)
