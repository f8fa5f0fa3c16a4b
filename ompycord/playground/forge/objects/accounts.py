"""People and apps."""

from typing import Final

from ompycord.playground.forge.objects.addresses import Addresses
from ompycord.playground.rules.documents import Json

_LINKS: Final = "avatar events followers following gists organizations received_events repos starred subscriptions"


def user(at: Addresses, account: Json) -> Json:
    """An account."""
    login = account["login"]
    url = f"{at.api}/users/{login}"
    return {
        "id": account["id"],
        "node_id": f"U_{account['id']}",
        "login": login,
        "gravatar_id": "",
        "html_url": f"{at.web}/{login}",
        "url": url,
        "type": account["type"],
        "site_admin": False,
        **{f"{name}_url": f"{url}/{name}" for name in _LINKS.split()},
    }


def own_user(at: Addresses, account: Json) -> Json:
    """The account of a token, as it sees itself."""
    nothing = dict.fromkeys(("bio", "blog", "company", "email", "hireable", "location", "name"))
    numbers = dict.fromkeys(("followers", "following", "public_gists", "public_repos"), 0)
    times = {"created_at": account["at"], "updated_at": account["at"], "user_view_type": "public"}
    return {**user(at, account), **nothing, **numbers, **times}


def permission(at: Addresses, account: Json) -> Json:
    """What an account may do in a repository."""
    level = account["permission"]
    order = ("none", "read", "triage", "write", "maintain", "admin")
    may = {
        "pull": order.index(level) >= 1,
        "triage": order.index(level) >= 2,
        "push": order.index(level) >= 3,
        "maintain": order.index(level) >= 4,
        "admin": level == "admin",
    }
    whole = {"permissions": may, "role_name": level}
    shown = {"triage": "read", "maintain": "write"}.get(level, level)
    return {"permission": shown, "role_name": level, "user": {**user(at, account), **whole}}


def app(at: Addresses, account: Json, *, slug: str) -> Json:
    """The app of a check run."""
    return {
        "id": account["id"],
        "slug": slug,
        "node_id": f"A_{account['id']}",
        "owner": user(at, account),
        "name": slug,
        "description": None,
        "external_url": at.web,
        "html_url": f"{at.web}/apps/{slug}",
        "created_at": account["at"],
        "updated_at": account["at"],
        "permissions": {},
        "events": [],
    }
