"""What a request to the forward proxy may be: strictly read, by name, and to public addresses alone."""

import pytest
from pydantic import ValidationError

from ompycord.domain.repository import CheckSpec, Sandbox
from ompycord.http.proxy.proxy_request import HostRules, ProxyRefused, is_public, read_head

HEAD = {
    "a tunnel": (b"CONNECT registry.example.org:443 HTTP/1.1\r\nHost: x", ("registry.example.org", 443)),
    "large letters and a dot at the end": (
        b"CONNECT Registry.Example.ORG.:443 HTTP/1.1",
        ("registry.example.org", 443),
    ),
    "another host header": (b"CONNECT a.example.org:443 HTTP/1.1\r\nHost: b.example.org", ("a.example.org", 443)),
    "an address": (b"GET http://a.example.org/x?y=1 HTTP/1.1\r\nHost: a.example.org", ("a.example.org", 80)),
    "an address with a port": (b"GET http://a.example.org:8080/ HTTP/1.0", ("a.example.org", 8080)),
    "a body": (b"POST http://a.example.org/ HTTP/1.1\r\nContent-Length: 5", ("a.example.org", 80)),
}
REFUSED = {
    "a path": (b"GET / HTTP/1.1\r\nHost: a.example.org", 400),
    "https by an address": (b"GET https://a.example.org/ HTTP/1.1", 400),
    "another scheme": (b"GET ftp://a.example.org/ HTTP/1.1", 400),
    "no host": (b"GET http:///x HTTP/1.1", 400),
    "a user": (b"GET http://a.example.org@evil.example/ HTTP/1.1", 400),
    "a user in a tunnel": (b"CONNECT a.example.org:443@evil.example:443 HTTP/1.1", 400),
    "a fragment": (b"GET http://a.example.org/#x HTTP/1.1", 400),
    "a backslash": (b"GET http://a.example.org\\@evil.example/ HTTP/1.1", 400),
    "an address of four numbers": (b"CONNECT 127.0.0.1:443 HTTP/1.1", 403),
    "an address of one number": (b"CONNECT 2130706433:443 HTTP/1.1", 403),
    "an address of hexadecimal": (b"CONNECT 0x7f000001:443 HTTP/1.1", 403),
    "an address of two numbers": (b"CONNECT 127.1:443 HTTP/1.1", 403),
    "an IPv6 address": (b"CONNECT [::1]:443 HTTP/1.1", 400),
    "an IPv6 address in an address": (b"GET http://[::1]/ HTTP/1.1", 403),
    "no port": (b"CONNECT a.example.org HTTP/1.1", 400),
    "port 0": (b"CONNECT a.example.org:0 HTTP/1.1", 400),
    "a port that is none": (b"CONNECT a.example.org:99999 HTTP/1.1", 400),
    "a port in letters": (b"GET http://a.example.org:x/ HTTP/1.1", 400),
    "a path behind a tunnel": (b"CONNECT a.example.org:443/x HTTP/1.1", 400),
    "two dots": (b"CONNECT a..example.org:443 HTTP/1.1", 403),
    "a bare line feed": (b"CONNECT a.example.org:443 HTTP/1.1\nX: y", 400),
    "a bare carriage return": (b"CONNECT a.example.org:443 HTTP/1.1\r\nX: y\rZ: 1", 400),
    "a folded header": (b"GET http://a.example.org/ HTTP/1.1\r\nX: y\r\n z", 400),
    "a space before the colon": (b"GET http://a.example.org/ HTTP/1.1\r\nContent-Length : 5", 400),
    "two lengths": (b"GET http://a.example.org/ HTTP/1.1\r\nContent-Length: 5\r\nContent-Length: 6", 400),
    "a length that is none": (b"GET http://a.example.org/ HTTP/1.1\r\nContent-Length: +5", 400),
    "two lengths in one": (b"GET http://a.example.org/ HTTP/1.1\r\nContent-Length: 5, 5", 400),
    "chunks": (b"POST http://a.example.org/ HTTP/1.1\r\nTransfer-Encoding: chunked", 501),
    "chunks beside a length": (
        b"POST http://a.example.org/ HTTP/1.1\r\nContent-Length: 5\r\nTransfer-Encoding: chunked", 501,
    ),
    "two hosts": (b"GET http://a.example.org/ HTTP/1.1\r\nHost: a\r\nHost: b", 400),
    "another version": (b"CONNECT a.example.org:443 HTTP/2.0", 400),
    "a NUL": (b"GET http://a.example.org/ HTTP/1.1\r\nX: \0", 400),
    "a space in the target": (b"GET http://a.example.org/ x HTTP/1.1", 400),
    "nothing": (b"", 400),
}  # fmt: skip


@pytest.mark.parametrize("case", HEAD)
def test_a_request_to_a_name_is_read(case: str) -> None:
    raw, target = HEAD[case]
    found = read_head(raw)
    assert (found.host, found.port) == target
    assert found.is_tunnel is raw.startswith(b"CONNECT")


@pytest.mark.parametrize("case", REFUSED)
def test_what_could_be_read_in_two_ways_or_leads_to_an_address_is_refused(case: str) -> None:
    raw, status = REFUSED[case]
    with pytest.raises(ProxyRefused) as refused:
        read_head(raw)
    assert refused.value.status == status


def test_what_goes_to_the_host_names_it_and_leaves_out_what_is_for_the_proxy() -> None:
    raw = (
        b"POST http://a.example.org:8080/x?y=1 HTTP/1.1\r\nHost: evil.example\r\nProxy-Authorization: Basic eA==\r\n"
        b"Connection: keep-alive, X-Hop\r\nX-Hop: 1\r\nX-End: 2\r\nContent-Length: 3\r\nProxy-Connection: keep-alive"
    )
    found = read_head(raw)
    assert found.head == (
        b"POST /x?y=1 HTTP/1.1\r\nhost: a.example.org:8080\r\nx-end: 2\r\n"
        b"content-length: 3\r\nconnection: close\r\n\r\n"
    )
    assert (found.body_bytes, found.authorization) == (3, b"Basic eA==")


ADDRESSES = {
    "93.184.216.34": True, "2606:2800:220:1:248:1893:25c8:1946": True,
    "127.0.0.1": False, "127.8.9.1": False, "0.0.0.0": False, "10.1.2.3": False, "172.16.0.1": False,
    "192.168.0.1": False, "169.254.169.254": False, "100.64.0.1": False, "224.0.0.1": False, "255.255.255.255": False,
    "240.0.0.1": False, "192.0.2.1": False, "::1": False, "::": False, "fe80::1": False, "fe80::1%eth0": False,
    "fc00::1": False, "ff02::1": False, "::ffff:127.0.0.1": False, "::ffff:10.0.0.1": False,
    "::ffff:93.184.216.34": True, "64:ff9b::7f00:1": False, "64:ff9b::5db8:d822": True, "2002:7f00:1::": False,
    "2002:a00:1::": False, "x": False, "": False,
}  # fmt: skip


@pytest.mark.parametrize("address", ADDRESSES)
def test_only_addresses_of_the_internet_are_public(address: str) -> None:
    assert is_public(address) is ADDRESSES[address]


RULES = ("registry.example.org", "*.files.example.org", "git.example.org:8443")
ALLOWED = {
    ("registry.example.org", 443): True,
    ("registry.example.org", 80): True,
    ("registry.example.org", 22): False,
    ("a.registry.example.org", 443): False,
    ("a.files.example.org", 443): True,
    ("a.b.files.example.org", 443): True,
    ("files.example.org", 443): False,
    ("xfiles.example.org", 443): False,
    ("git.example.org", 8443): True,
    ("git.example.org", 443): False,
    ("evil.example", 443): False,
}


@pytest.mark.parametrize("target", ALLOWED)
def test_a_rule_allows_its_names_at_its_ports(target: tuple[str, int]) -> None:
    rules = HostRules(RULES)
    if ALLOWED[target]:
        rules.require(*target)
        return
    with pytest.raises(ProxyRefused, match=r"Allowed by sandbox.hosts: registry.example.org, \*.files") as refused:
        rules.require(*target)
    assert refused.value.status == 403


@pytest.mark.parametrize("rule", ["127.0.0.1", "http://a.org", "a.org/x", "*", "*.", "A.org", "a.org:0", "a b.org", ""])
def test_a_rule_that_is_no_name_is_no_setting(rule: str) -> None:
    with pytest.raises(ValidationError):
        Sandbox(network="gateway", hosts=(rule,))


def test_hosts_need_the_listener_that_leads_there() -> None:
    with pytest.raises(ValidationError, match="set network: gateway"):
        Sandbox(network=True, hosts=("a.example.org",))
    with pytest.raises(ValidationError, match="set network: gateway"):
        CheckSpec(name="a", command=("x",), network=False, hosts=("a.example.org",))
    assert Sandbox(hosts=("localhost", *RULES)).hosts[1:] == RULES
