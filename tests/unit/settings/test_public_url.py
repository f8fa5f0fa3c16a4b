"""The public address: https alone, and its parts as browsers and proxies name them."""

import pytest
from pydantic import TypeAdapter, ValidationError

from ompycord.settings.public_url import PublicUrl, host_of, origin_of, path_of

READ = TypeAdapter[str](PublicUrl)


@pytest.mark.parametrize(
    ("written", "origin", "host", "path"),
    [
        ("https://bot.example.com", "https://bot.example.com", "bot.example.com", ""),
        ("https://Bot.Example.com:443/", "https://bot.example.com", "bot.example.com", ""),
        ("https://bot.example.com:8443/omp/", "https://bot.example.com:8443", "bot.example.com", "/omp"),
        ("https://[2001:db8::1]:444/a/b", "https://[2001:db8::1]:444", "[2001:db8::1]", "/a/b"),
    ],
)
def test_an_address_has_an_origin_a_host_and_a_path(written: str, origin: str, host: str, path: str) -> None:
    url = READ.validate_python(written)
    assert (origin_of(url), host_of(url), path_of(url)) == (origin, host, path)


@pytest.mark.parametrize(
    "written",
    [
        "http://bot.example.com",
        "bot.example.com",
        "https://",
        "https://me:pw@bot.example.com",
        "https://@bot.example.com",
        "https://bot.example.com/?a=b",
        "https://bot.example.com/#a",
        "https://bot.example.com:port",
        "https://bot.example.com:0",
        "https://bot.example.com/a b",
        'https://bot.example.com/"><script>',
        "https://b\u00f6t.example.com",
    ],
)
def test_anything_else_is_refused_with_how_to_write_it(written: str) -> None:
    with pytest.raises(ValidationError, match="write it as https://bot"):
        READ.validate_python(written)
