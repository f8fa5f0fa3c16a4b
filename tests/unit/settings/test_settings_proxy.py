"""The proxy for Discord: the setting, else the one of the environment, unless NO_PROXY lists Discord."""

from pathlib import Path

import pytest

from ompycord.cli.origins import Origins
from ompycord.errors import ConfigurationError
from ompycord.settings import load_settings

HERE = "http://proxy.example:3128"
OTHER = "http://other.example:8080"


@pytest.mark.parametrize(
    ("environ", "proxy"),
    [
        ({}, None),
        ({"HTTPS_PROXY": HERE}, HERE),
        ({"https_proxy": HERE, "HTTPS_PROXY": OTHER}, HERE),
        ({"ALL_PROXY": HERE}, HERE),
        ({"HTTPS_PROXY": "proxy.example:3128"}, HERE),
        ({"HTTPS_PROXY": "http://name:pa%40ss@proxy.example:3128"}, "http://name:pa%40ss@proxy.example:3128"),
        ({"HTTPS_PROXY": "  "}, None),
        ({"HTTP_PROXY": HERE}, None),
        ({"HTTPS_PROXY": "socks5://proxy.example:1080"}, None),
        ({"HTTPS_PROXY": HERE, "NO_PROXY": "localhost,discord.com"}, None),
        ({"HTTPS_PROXY": HERE, "NO_PROXY": ".com"}, None),
        ({"HTTPS_PROXY": HERE, "NO_PROXY": "*"}, None),
        ({"HTTPS_PROXY": HERE, "no_proxy": "cord.com, example.com"}, HERE),
        ({"HTTPS_PROXY": HERE, "DISCORD_GUILD_ID": "100000000000000001"}, HERE),
        ({"HTTPS_PROXY": HERE, "OMPYCORD_DISCORD__PROXY": OTHER}, OTHER),
        ({"HTTPS_PROXY": HERE, "OMPYCORD_DISCORD__API": "http://127.0.0.1:1/api"}, None),
    ],
)
def test_discord_is_reached_by(tmp_path: Path, environ: dict[str, str], proxy: str | None) -> None:
    assert load_settings(environ=environ, folder=tmp_path).discord.proxy == proxy


TOKEN = {
    "DISCORD_TOKEN": "t" * 60,
    "DISCORD_GUILD_ID": "100000000000000001",
    "DISCORD_CHANNEL_ID": "100000000000000002",
}


@pytest.mark.parametrize(
    ("environ", "said"),
    [
        ({"HTTPS_PROXY": "socks5://name:pass@proxy.example:1080"}, ("HTTPS_PROXY names a proxy", "(socks5;")),
        ({"all_proxy": "https://proxy.example:1080"}, ("all_proxy names a proxy", "(https;")),
        ({"HTTPS_PROXY": "pass-word://proxy.example"}, ("(of an unknown kind;",)),
        ({"HTTPS_PROXY": "socks5://proxy.example:1080", "NO_PROXY": "discord.com"}, ()),
        ({"HTTPS_PROXY": "socks5://proxy.example:1080", "OMPYCORD_DISCORD__PROXY": HERE}, ()),
        ({"HTTPS_PROXY": "socks5://proxy.example:1080", "DISCORD_TOKEN": ""}, ()),
        ({"HTTPS_PROXY": HERE}, ()),
        ({}, ()),
    ],
)
def test_a_proxy_that_is_passed_over_is_said_with_what_to_do(
    tmp_path: Path, environ: dict[str, str], said: tuple[str, ...]
) -> None:
    """`up`, `doctor` and `config show` print it."""
    loaded = load_settings(environ={**TOKEN, **environ}, folder=tmp_path)
    assert len(loaded.warnings) == (1 if said else 0)
    for words in said:
        assert words in loaded.warnings[0]
    for warning in loaded.warnings:
        assert "NO_PROXY" in warning
        assert not any(part in warning for part in ("example", "pass@", "pass-word"))


@pytest.mark.parametrize("value", ["https://proxy:1", "socks5://proxy:1", "proxy:3128", "http://proxy", "http://a b:1"])
def test_another_kind_of_proxy_is_refused_with_what_to_write(tmp_path: Path, value: str) -> None:
    with pytest.raises(ConfigurationError, match=r"discord\.proxy: write http://host:port, or http://name:password@"):
        load_settings(environ={"OMPYCORD_DISCORD__PROXY": value}, folder=tmp_path)


def test_config_show_names_the_variable_it_comes_from(tmp_path: Path) -> None:
    assert Origins({"all_proxy": HERE}, tmp_path, {}).of(("discord", "proxy")) == "all_proxy"
    assert Origins({}, tmp_path, {}).of(("discord", "proxy")) == "default"
