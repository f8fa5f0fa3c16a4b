"""What everybody writes is no secret; what a machine made, or what stands under a telling name, is one."""

import pytest

from ompycord.text.secret_values import is_common, is_hidden, is_secret, looks_secret, password_in, values_in_file

MADE = (
    "sk-" + "ant-api03-" + "aB3" * 12,
    "ghp_" + "a1B2" * 9,
    "AKIA" + "A1B2C3D4" * 2,
    "wJalrXUtnFEMI/K7MDENG/bPxRfiCYzzzzzzzzzz",
    "0123456789abcdef0123456789abcdef",
    "6f1c2d3e-aaaa-4bbb-8ccc-1234567890ab",
    "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
)
ORDINARY = (
    "production",
    "Development",
    "00000000000",
    "----------------",
    "claude-sonnet-4-5",
    "gpt-4o-mini",
    "eu-central-1",
    "2026-11-29",
    "2026-11-29T13:58:38Z",
    "/home/bot/tools",
    "~/.config/gh/hosts.yml",
    "/usr/bin:/usr/local/bin",
    "https://api.example.com/v1/messages",
    "x86_64-unknown-linux-gnu",
    "en_US.UTF-8",
    "somebody@example.com",
    "set -euo pipefail",
    "from __future__ import annotations",
)


@pytest.mark.parametrize("value", MADE)
def test_what_a_machine_made_is_a_secret_under_any_name(value: str) -> None:
    assert looks_secret(value)
    assert is_secret("MODE", value)
    assert is_hidden("MODE", value)


@pytest.mark.parametrize("value", ORDINARY)
def test_what_everybody_writes_is_none(value: str) -> None:
    assert not looks_secret(value)
    assert not is_secret("MODE", value)


@pytest.mark.parametrize("value", ["", "a", "1234567", "true", "        ", "xxxxxxxxxxxx", "changeme", "localhost"])
def test_short_and_common_values_are_none_under_any_name(value: str) -> None:
    assert is_common(value)
    assert not is_secret("API_KEY", value)
    assert not is_hidden("API_KEY", value)


@pytest.mark.parametrize("name", ["API_KEY", "db_password", "GITHUB_TOKEN", "http.authorization", "SESSION_COOKIE"])
def test_a_telling_name_makes_any_other_value_a_secret(name: str) -> None:
    assert is_secret(name, "correct horse battery")
    assert is_secret(name, "/9j4AAQSkZJRgABAQ")  # a key may begin like a path


@pytest.mark.parametrize(
    ("address", "password"),
    [
        ("https://me:pa55%2Fword@git.example/x.git", "pa55/word"),
        ("https://ghp_abc@github.com/x", "ghp_abc"),
        ("postgres://app:s3cret@db:5432/x", "s3cret"),
        ("ssh://git@github.com/x", None),
        ("https://github.com/x", None),
        ("git@github.com:x/y", None),
        ("http://[", None),
    ],
)
def test_the_password_of_an_address(address: str, password: str | None) -> None:
    assert password_in(address) == password


def test_a_file_with_one_line_is_that_line() -> None:
    assert "correct horse battery staple" in set(values_in_file(b"\xef\xbb\xbfcorrect horse battery staple\n"))


def test_a_file_of_settings_gives_its_secrets_and_not_its_words() -> None:
    content = (
        b"[user]\nname = Ada Lovelace\ntheme: dark-and-quiet\nregistry=https://registry.npmjs.org/\n"
        b"//registry.npmjs.org/:_authToken=npm_aB3dE5fG7hI9kL1mN3pQ5rS7\n"
        b'{"password": "correct horse", "model": "claude-sonnet-4-5", "session": ""}\n'
        b"remote = https://me:hunter2hunter2@git.example/x.git\n"
    )
    values = set(values_in_file(content))
    values -= {content, content.strip()}
    assert any("npm_aB3dE5fG7hI9kL1mN3pQ5rS7" in str(value) for value in values)
    assert "hunter2hunter2" in values
    assert not {"Ada Lovelace", "dark-and-quiet", "claude-sonnet-4-5", "https://registry.npmjs.org/"} & values


def test_an_empty_or_short_file_holds_nothing() -> None:
    assert [list(values_in_file(data)) for data in (b"", b"\n\n", b"short", b"\xef\xbb\xbf\n")] == [[], [], [], []]


def test_a_binary_file_is_known_as_a_whole() -> None:
    data = b"\x80\x81\x82\x83" * 40
    assert set(values_in_file(data)) == {data}


def test_of_a_large_file_its_values_are_known_and_not_the_whole() -> None:
    lines = [f"token_{at} = aB3dE5fG7hI9{at:05d}xyz" for at in range(3000)]
    found = list(values_in_file("\n".join(lines).encode()))
    assert 100 <= len(found) <= 201
    assert all(len(value) < 100 for value in found)
