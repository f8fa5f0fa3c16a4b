"""What GitHub's push protection says of a secret, in the form in which git prints it, and what people are told."""

import pytest

from ompycord.workspaces.publishing.push_protection import found_secrets, secret_words

WEB = "https://github.com"
LINK = f"{WEB}/acme/shop/security/secret-scanning/unblock-secret/2gXyZ1"


def said(*blocks: str) -> str:
    head = (
        "error: GH013: Repository rule violations found for refs/heads/ompycord/fix-7f3k2m.", "",
        "- GITHUB PUSH PROTECTION", "  " + "—" * 41, "    Resolve the following violations before pushing again", "",
        "    - Push cannot contain secrets", "", "     (?) Learn how to resolve a blocked push",
        "     https://docs.github.com/code-security/secret-scanning/pushing-a-branch-blocked-by-push-protection",
    )  # fmt: skip
    return "\n".join(f"remote: {line}        " for line in (*head, *"\n".join(blocks).split("\n")))


def block(kind: str, *places: tuple[str, str], link: str = LINK) -> str:
    lines = [f"      —— {kind} ————————————————", "       locations:"]
    for commit, path in places:
        lines += [f"         - commit: {commit}", f"           path: {path}", ""]
    return "\n".join([*lines, "       (?) To push, remove secret from commit(s) or follow this URL.", f"       {link}"])


def test_kind_place_and_link_are_named() -> None:
    text = said(
        block("Made-up Service Token", ("b6ba2be62ff7d6c34065", "tests/a b/fixture.env:6"), ("c" * 40, "x.py:1"))
    )
    (found,) = found_secrets(text, WEB)
    assert found.kind == "Made-up Service Token"
    assert found.places == ("tests/a b/fixture.env:6 in commit b6ba2be62ff7", "x.py:1 in commit cccccccccccc")
    assert found.link == LINK
    assert secret_words(text, WEB) == (
        "Made-up Service Token at tests/a b/fixture.env:6 in commit b6ba2be62ff7, x.py:1 in commit cccccccccccc. "
        f"Have it taken out of the history. Or a person allows it: {LINK}"
    )


def test_of_many_the_first_are_named_and_the_others_counted() -> None:
    text = said(*(block(f"Token {number}", ("a" * 40, f"{number}.env:1")) for number in range(5)))
    words = secret_words(text, WEB)
    assert "Token 2 at 2.env:1" in words
    assert "Token 3" not in words
    assert " and 2 more. " in words


@pytest.mark.parametrize(
    "link",
    ["https://evil.example/acme/shop/security/secret-scanning/unblock-secret/2g", "https://github.com.evil.example/a",
     f"{LINK}?next=https://evil.example"],
)  # fmt: skip
def test_a_link_that_leads_elsewhere_is_not_shown(link: str) -> None:
    assert "http" not in secret_words(said(block("Token", ("a" * 40, "x:1"), link=link)), WEB)


@pytest.mark.parametrize("text", ["", "remote: ——————————", "remote: - commit: aaaaaaa", "remote: —— Token ——"])
def test_what_names_no_secret_has_no_words(text: str) -> None:
    assert secret_words(text, WEB) == ""
