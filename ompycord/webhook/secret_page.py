"""The page on which one person gives one secret: no script, nothing of other hosts, nothing that a browser keeps.

Its address holds the link's own secret and is told to that person alone; the value comes in a form's body, over https,
past Discord. Reading the page uses nothing up: programs that look at links before people do open it too. Counterpart:
`conductor/secret_requests/links.py`.
"""

from collections.abc import Awaitable, Callable
from html import escape
from typing import Final, NamedTuple
from urllib.parse import parse_qs

from pydantic import SecretStr
from starlette.types import ASGIApp, Receive, Scope, Send

from ompycord.conductor.secret_requests import SecretLink, SecretLinks
from ompycord.domain.records import Committed
from ompycord.domain.refusals import RefusalCode
from ompycord.domain.secret_requests.rules import MOST_SECRET
from ompycord.errors import Refused, StorageError, UnavailableError
from ompycord.http.authentication import header_map
from ompycord.http.sending import send_answer
from ompycord.render.refusals import Audience, refusal_words

__all__ = ["secret_page"]

_MOST_BODY: Final = 12 * MOST_SECRET + 1024
"""Bytes of a form: a sign has up to four, and each of them may be written in three."""
_POLICY: Final = (
    b"default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
)
_HEADERS: Final = (
    (b"content-type", b"text/html; charset=utf-8"),
    (b"cache-control", b"no-store"),
    # Not no-referrer: with that, browsers send `Origin: null` with the form
    # (https://fetch.spec.whatwg.org/#append-a-request-origin-header).
    (b"referrer-policy", b"same-origin"),
    (b"x-content-type-options", b"nosniff"),
    (b"x-frame-options", b"DENY"),
    (b"x-robots-tag", b"noindex, nofollow"),
    (b"cross-origin-opener-policy", b"same-origin"),
    (b"content-security-policy", _POLICY),
)  # fmt: skip
_EXPIRED: Final = "This link was used, is older than ten minutes, or never was. Press Give it… in Discord for another."
_STYLE: Final = (
    "body{font:16px/1.5 system-ui,sans-serif;max-width:36rem;margin:3rem auto;padding:0 1rem;color:#111;"
    "background:#fff}label{display:block;font-weight:600}textarea{box-sizing:border-box;width:100%;"
    "font:14px/1.4 monospace;margin:.3rem 0 1rem;-webkit-text-security:disc}textarea:focus{outline:2px solid #5865f2}"
    "select{font:inherit;display:block;max-width:100%;margin:.3rem 0 1rem}"
    "button{font:inherit;padding:.4rem 1rem}"
)

Give = Callable[[SecretLink, SecretStr, str | None], Awaitable[Committed]]
"""Give a secret for a link, and for requests to a host where one is named.

Raises Refused, UnavailableError, StorageError.
"""
_Page = tuple[int, str]
_REACH: Final = "One start of the agent gets it, in its environment. "


class _Typed(NamedTuple):
    """What a form held."""

    value: str
    """Without the line break at its end."""
    host: str
    """For whose requests; empty: for the agent."""


def secret_page(links: SecretLinks, give: Give, *, origin: str) -> ASGIApp:
    """The application below its prefix; `origin` is the public one, from which its form comes."""

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        token = str(scope["path"]).removeprefix(str(scope.get("root_path", ""))).strip("/")
        match scope["method"]:
            case "GET" | "HEAD":
                link = links.find(token)
                page = (410, _page("No such link", _paragraph(_EXPIRED))) if link is None else (200, _form(link))
            case "POST" if not _is_own(scope, origin):
                page = 403, _page("Refused", _paragraph("This form came from another page. Nothing was given."))
            case "POST":
                page = await _given(links, give, token, await _typed(receive))
            case _:
                page = 405, _page("Not here", _paragraph("Open the link in a browser."))
        await _answer(send, page, is_head=scope["method"] == "HEAD")

    return app


async def _given(links: SecretLinks, give: Give, token: str, typed: _Typed | None) -> _Page:
    link = links.take(token)  # before anything is awaited: it works once
    if link is None:
        return 410, _page("No such link", _paragraph(_EXPIRED))
    is_used = False
    try:
        if typed is None:
            words = f"A secret is text of at most {MOST_SECRET:,} characters. Nothing was given."
            return 422, _page("Not given", _paragraph(words), _fields(link))
        committed = await give(link, SecretStr(typed.value), typed.host or None)
        is_used = True
    except Refused as refused:
        is_worth_another = refused.code in {RefusalCode.VALUE_UNFIT, RefusalCode.VALUE_ON_ITS_WAY}
        words = refusal_words(refused, Audience.DISCORD)
        return 409, _page("Not given", _paragraph(words), _fields(link) if is_worth_another else "")
    except UnavailableError:
        words = "Discord does not say now whether you may still give this. Nothing was given: try again in a minute."
        return 503, _page("Not given", _paragraph(words), _fields(link))
    except StorageError:
        words = "Ompycord could not save that. Nothing was given: try again in a minute."
        return 503, _page("Not given", _paragraph(words), _fields(link))
    finally:
        if not is_used:
            links.put_back(token, link)
    if committed.earlier is not None:
        words = f"{committed.earlier.by_name} decided before you, so yours was not kept."
        return 409, _page("Decided already", _paragraph(words))
    reach = f"requests to {typed.host}" if typed.host else "one start of the agent"
    words = f"{link.name} goes to {reach}. Nobody sees it, and this link works no more. Close this page."
    return 200, _page("Given", _paragraph(words))


def _is_own(scope: Scope, origin: str) -> bool:
    """Whether a form comes from this page. A program that sends no origin had the address from whoever got it."""
    headers = header_map(scope["headers"])
    site = headers.get(b"sec-fetch-site", b"same-origin")
    return headers.get(b"origin", origin.encode()) == origin.encode() and site in {b"same-origin", b"none"}


async def _typed(receive: Receive) -> _Typed | None:
    """What was typed and chosen; None where it is too long or no text."""
    body = bytearray()
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            return _Typed("", "")
        body += message.get("body", b"")
        if len(body) > _MOST_BODY:
            return None
        if not message.get("more_body", False):
            break
    try:
        found = parse_qs(body.decode("ascii"), keep_blank_values=True, max_num_fields=8, errors="strict")
    except ValueError:
        return None
    value = found.get("value", [""])[0].replace("\r\n", "\n").rstrip("\n")
    return _Typed(value, found.get("host", [""])[0])


async def _answer(send: Send, page: _Page, *, is_head: bool) -> None:
    status, text = page
    body = text.encode()
    headers = (*_HEADERS, (b"content-length", str(len(body)).encode()))
    await send_answer(send, (status, headers, b"" if is_head else body))


def _form(link: SecretLink) -> str:
    run = f"Run: {link.title}" if link.title else ""
    who = f"{link.person.name}: an agent asks for a secret."
    return _page(f"Give {link.name}", *map(_paragraph, (who, link.text, run)), _fields(link))


def _fields(link: SecretLink) -> str:
    return (
        f'<form method="post" autocomplete="off"><label for="value">{escape(link.name)}</label>'
        '<textarea id="value" name="value" rows="3" required autofocus autocomplete="off" spellcheck="false" '
        f'autocapitalize="off"></textarea>{_reaches(link)}<button>Give it</button></form>'
        f"<p>{'' if link.hosts else _REACH}No message, log or database has it. "
        "To refuse, press Refuse in Discord.</p>"
    )


def _reaches(link: SecretLink) -> str:
    """Who gets it, to choose; empty where only the agent can."""
    if not link.hosts:
        return ""
    hosts = "".join(
        f'<option value="{escape(one)}">Requests to {escape(one)} alone, until the run has ended; the agent does not '
        "get it</option>"
        for one in link.hosts
    )
    return (
        f'<label for="host">Who gets it</label><select id="host" name="host">{hosts}'
        '<option value="">One start of the agent, in its environment</option></select>'
    )


def _paragraph(words: str) -> str:
    return f"<p>{escape(words)}</p>" if words else ""


def _page(title: str, *parts: str) -> str:
    return (
        '<!doctype html><html lang="en"><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{escape(title)}</title><style>{_STYLE}</style><main><h1>{escape(title)}</h1>{''.join(parts)}"
        "</main></html>"
    )
