"""Which requests get a secret, what they hold then, and how it is taken out of an answer."""

import base64
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from ompycord.domain.configuration.attached_secrets import AttachedSecret, attached_words
from ompycord.domain.repository import RepositorySpec
from ompycord.http.proxy.attaching import Masking, git_variables, header_of, masked_forms, rule_for, with_header
from ompycord.http.proxy.proxy_request import ProxyRefused, read_head

VALUE = "npm_x9Qd2kLw7RtZ"
RULE = {"secret": "NPM_TOKEN", "host": "npm.example.org", "to": ("agent",)}


def rule(**more: Any) -> AttachedSecret:
    return AttachedSecret.model_validate({**RULE, **more})


RULES = (rule(), rule(host="other.example.org:8081"))
MEANT = {
    "the host": (b"GET http://npm.example.org/x HTTP/1.1", "npm.example.org"),
    "its usual port": (b"GET http://npm.example.org:80/ HTTP/1.1", "npm.example.org"),
    "large letters and a dot at the end": (b"GET http://NPM.Example.org./ HTTP/1.1", "npm.example.org"),
    "the port that is named": (b"GET http://other.example.org:8081/ HTTP/1.1", "other.example.org:8081"),
    "another host header": (b"GET http://npm.example.org/ HTTP/1.1\r\nHost: evil.example", "npm.example.org"),
}
NOT_MEANT = {
    "a tunnel": b"CONNECT npm.example.org:443 HTTP/1.1",
    "a tunnel to the port of http": b"CONNECT npm.example.org:80 HTTP/1.1",
    "another port": b"GET http://npm.example.org:8080/ HTTP/1.1",
    "the port of https": b"GET http://npm.example.org:443/ HTTP/1.1",
    "the usual port where another is named": b"GET http://other.example.org/ HTTP/1.1",
    "a name below it": b"GET http://a.npm.example.org/ HTTP/1.1",
    "the name above it": b"GET http://example.org/ HTTP/1.1",
    "a name that ends with it": b"GET http://evil-npm.example.org/ HTTP/1.1",
    "a name that begins with it": b"GET http://npm.example.org.evil.example/ HTTP/1.1",
    "the name in the path": b"GET http://evil.example/npm.example.org HTTP/1.1",
    "the name in a header": b"GET http://evil.example/ HTTP/1.1\r\nHost: npm.example.org",
}
UNREADABLE = {
    "the name as a user": b"GET http://npm.example.org@evil.example/ HTTP/1.1",
    "the name as a user, in a port": b"GET http://npm.example.org:80@evil.example/ HTTP/1.1",
    "another name as a user": b"GET http://evil.example@npm.example.org/ HTTP/1.1",
    "a backslash": b"GET http://npm.example.org\\@evil.example/ HTTP/1.1",
    "two dots at the end": b"GET http://npm.example.org../ HTTP/1.1",
    "an address": b"GET http://[::1]/npm.example.org HTTP/1.1",
    "an address with a zone": b"GET http://[fe80::1%25npm.example.org]/ HTTP/1.1",
    "percent signs": b"GET http://npm%2eexample.org/ HTTP/1.1",
    "an empty name": b"GET http://:80/npm.example.org HTTP/1.1",
    "letters that look alike": "GET http://n\u0440m.example.org/ HTTP/1.1".encode(),
    "their coding": b"GET http://xn--nm-8kc.example.org:/:80 HTTP/1.1\r\n folded: x",
}


@pytest.mark.parametrize("case", MEANT)
def test_a_request_for_exactly_the_host_and_port_gets_the_secret(case: str) -> None:
    head, host = MEANT[case]
    found = rule_for(RULES, read_head(head))
    assert found is not None
    assert found.host == host


@pytest.mark.parametrize("case", NOT_MEANT)
def test_no_other_request_gets_it(case: str) -> None:
    assert rule_for(RULES, read_head(NOT_MEANT[case])) is None


@pytest.mark.parametrize("case", UNREADABLE)
def test_what_two_readers_could_read_in_two_ways_is_passed_to_nobody(case: str) -> None:
    with pytest.raises(ProxyRefused):
        rule_for(RULES, read_head(UNREADABLE[case]))


@pytest.mark.parametrize("method", ["TRACE", "TRACK"])
def test_what_would_be_echoed_is_refused_there_and_nowhere_else(method: str) -> None:
    with pytest.raises(ProxyRefused, match="which gets a secret"):
        rule_for(RULES, read_head(f"{method} http://npm.example.org/ HTTP/1.1".encode()))
    assert rule_for(RULES, read_head(f"{method} http://b.example.org/ HTTP/1.1".encode())) is None


def test_it_replaces_every_header_of_its_name_and_asks_for_an_answer_that_can_be_searched() -> None:
    sent = (
        b"POST http://npm.example.org/a:b HTTP/1.1\r\nAUTHORIZATION: mine\r\nauthorization: mine, too"
        b"\r\nX-Own: authorization: y\r\nAccept-Encoding: gzip\r\nContent-Length: 3\r\nConnection: authorization, close"
    )
    head = with_header(read_head(sent).head, "Authorization", header_of(rule(), VALUE))
    assert head == (
        b"POST /a:b HTTP/1.1\r\nhost: npm.example.org\r\nauthorization: Bearer npm_x9Qd2kLw7RtZ\r\n"
        b"accept-encoding: identity\r\nx-own: authorization: y\r\ncontent-length: 3\r\nconnection: close\r\n\r\n"
    )


def test_the_header_is_as_the_settings_write_it() -> None:
    assert header_of(rule(), f"{VALUE}\n") == b"Bearer npm_x9Qd2kLw7RtZ"
    assert header_of(rule(header="X-Key", prefix=""), VALUE) == VALUE.encode()
    assert header_of(rule(git_user="x-access-token"), VALUE) == b"Basic " + base64.b64encode(
        f"x-access-token:{VALUE}".encode()
    )


@pytest.mark.parametrize("value", ["two\r\nlines-of-it", "nul\0nul-nul", "späte-geheimnisse", "sh0rt!", ""])
def test_a_value_that_no_header_holds_is_sent_nowhere_and_not_told(value: str) -> None:
    with pytest.raises(ProxyRefused) as refused:
        header_of(rule(), value)
    assert not value or value not in str(refused.value)


@given(cuts=st.lists(st.integers(0, 400), max_size=12), with_user=st.booleans())
def test_an_echo_is_taken_out_however_the_bytes_come_and_no_length_changes(cuts: list[int], with_user: bool) -> None:
    used = rule(git_user="git") if with_user else rule()
    value = "a/b+c=x9Qd2kLw7RtZ"
    sent = header_of(used, value)
    echo = (
        b"HTTP/1.1 200 OK\r\nx-echo: "
        + sent
        + b"\r\n\r\n{"
        + b" ".join((*masked_forms(used, value), sent))
        + b"} a/b+c"
    )
    masking, at = Masking(masked_forms(used, value)), sorted({0, len(echo), *(cut for cut in cuts if cut < len(echo))})
    parts = [echo[first:last] for first, last in pairwise(at)]
    passed = b"".join([*(masking.feed(part) for part in parts), masking.rest()])
    assert len(passed) == len(echo)
    assert not [form for form in masked_forms(used, value) if form in passed]
    assert passed.startswith(b"HTTP/1.1 200 OK\r\nx-echo: B")
    assert passed.endswith(b"*} a/b+c")


def test_nothing_waits_for_more_where_no_secret_begins() -> None:
    masking = Masking((b"npm_x9Qd",))
    assert masking.feed(b"data: 1\n\n") == b"data: 1\n\n"
    assert masking.feed(b"data: npm") == b"data: "
    assert masking.feed(b" 2\n") == b"npm 2\n"


def test_git_is_told_of_the_hosts_that_know_its_user() -> None:
    assert git_variables((rule(),)) == {}
    assert git_variables((rule(), rule(host="git.example.org", git_user="git"))) == {
        "GIT_CONFIG_COUNT": "1",
        "GIT_CONFIG_KEY_0": "url.http://git.example.org/.insteadOf",
        "GIT_CONFIG_VALUE_0": "https://git.example.org/",
    }


@pytest.mark.parametrize(
    ("more", "asked"),
    [
        ({}, (80, 443)),
        ({"over": "http"}, (80, 80)),
        ({"host": "npm.example.org:8443"}, (8443, 8443)),
    ],
)
def test_the_port_that_is_asked_follows_what_the_host_speaks(more: dict[str, Any], asked: tuple[int, int]) -> None:
    found = rule(**more)
    assert (found.name, found.port, found.upstream_port) == ("npm.example.org", *asked)


WRONG: dict[str, dict[str, Any]] = {
    "names below one": {"host": "*.example.org"},
    "an address": {"host": "127.0.0.1"},
    "an address of IPv6": {"host": "[::1]"},
    "no such port": {"host": "npm.example.org:70000"},
    "a scheme": {"host": "https://npm.example.org"},
    "a variable of the bot's own": {"secret": "DISCORD_TOKEN"},
    "a header that frames the request": {"header": "Content-Length"},
    "a header for the proxy": {"header": "Proxy-Authorization"},
    "a line break in a header": {"header": "X\r\nY"},
    "a line break before it": {"prefix": "Bearer\r\nX: "},
    "two ways to say it": {"git_user": "git", "prefix": "Token "},
    "a user with a colon": {"git_user": "a:b"},
    "nobody": {"to": ()},
}


@pytest.mark.parametrize("case", WRONG)
def test_what_cannot_be_meant_is_no_setting(case: str) -> None:
    with pytest.raises(ValidationError):
        rule(**WRONG[case])


def test_one_host_gets_one_secret() -> None:
    twice = {"name": "shop", "path": "/x", "attached_secrets": [RULE, {**RULE, "host": "npm.example.org:80"}]}
    with pytest.raises(ValidationError, match="name each host once"):
        RepositorySpec.model_validate(twice)


def test_an_agent_is_told_how_to_ask() -> None:
    assert "http://npm.example.org/, never by https" in attached_words(rule())
    assert "Git does so by itself." in attached_words(rule(git_user="git"))
