"""Who makes vectors is one provider that can, or one address, and nothing by default."""

import pytest
from pydantic import ValidationError

from ompycord.settings import Settings

HOUSE = {"kind": "compatible", "base_url": "http://127.0.0.1:1/v1", "dialects": ["chat"]}
CLOUD = {"kind": "anthropic"}


def settings(**embeddings: object) -> Settings:
    providers = {"house": HOUSE, "cloud": CLOUD}
    return Settings.model_validate({"providers": providers, "memory": {"embeddings": {"model": "m", **embeddings}}})


def test_nothing_is_sent_anywhere_by_default() -> None:
    assert Settings().memory.embeddings is None


@pytest.mark.parametrize("where", [{"provider": "house"}, {"address": "http://127.0.0.1:1/embeddings", "price": 0}])
def test_a_provider_or_an_address_makes_vectors(where: dict[str, object]) -> None:
    found = settings(**where).memory.embeddings
    assert found is not None
    assert (found.batch, found.normalised, found.dimensions) == (64, True, None)


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({}, "name a provider or an address"),
        ({"provider": "house", "address": "http://127.0.0.1:1"}, "and not both"),
        ({"provider": "house", "price": 1}, "belong to an address"),
        ({"provider": "house", "key_file": "key"}, "belong to an address"),
        ({"provider": "nobody"}, "none of the providers"),
        ({"provider": "cloud"}, "not spoken to as OpenAI's API"),
        ({"address": "http://user:secret@127.0.0.1"}, "pattern"),
        ({"provider": "house", "dimensions": 20_000}, "16384"),
    ],
)
def test_what_makes_no_vectors_is_refused_in_words(given: dict[str, object], words: str) -> None:
    with pytest.raises(ValidationError, match=words):
        settings(**given)
