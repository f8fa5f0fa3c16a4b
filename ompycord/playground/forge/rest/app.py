"""Routes of an app: where it is installed, and tokens for an hour. They take the app's assertion, not a token."""

from typing import Final

from ompycord.playground.forge.objects import accounts
from ompycord.playground.forge.refusals import not_found
from ompycord.playground.forge.rest.call import HERE, ForgeAnswer, ForgeCall, Route
from ompycord.playground.rules.documents import Json

INSTALLATION: Final = 5001
PERMISSIONS: Final = {"contents": "write", "metadata": "read", "pull_requests": "write", "statuses": "write"}


def _installation(call: ForgeCall, full_name: str) -> Json:
    at, views = call.forge.at, call.forge.views
    owner = full_name.partition("/")[0]
    url = f"{at.api}/app/installations/{INSTALLATION}"
    moment = views.account(owner)["at"]
    return {
        "id": INSTALLATION,
        "account": views.user(owner),
        "repository_selection": "selected",
        "access_tokens_url": f"{url}/access_tokens",
        "repositories_url": f"{at.api}/installation/repositories",
        "html_url": f"{at.web}/settings/installations/{INSTALLATION}",
        "app_id": int(call.login) if call.login.isdigit() else 1,
        "app_slug": "ompycord-app",
        "target_id": views.account(owner)["id"],
        "target_type": "Organization",
        "permissions": PERMISSIONS,
        "events": [],
        "created_at": moment,
        "updated_at": moment,
        "single_file_name": None,
        "suspended_by": None,
        "suspended_at": None,
    }


async def app(call: ForgeCall) -> ForgeAnswer:
    return ForgeAnswer(body=accounts.app(call.forge.at, call.forge.views.account("github"), slug="ompycord-app"))


async def of_repository(call: ForgeCall) -> ForgeAnswer:
    return ForgeAnswer(body=_installation(call, call.repository["full_name"]))


async def installations(call: ForgeCall) -> ForgeAnswer:
    return call.paged([_installation(call, one["full_name"]) for one in call.forge.records.every("repository")[:1]])


async def mint(call: ForgeCall) -> ForgeAnswer:
    if call.number("installation") != INSTALLATION:
        raise not_found()
    body = {**call.forge.credentials.mint(), "permissions": PERMISSIONS, "repository_selection": "selected"}
    return ForgeAnswer(status=201, body=body)


ROUTES: Final[list[Route]] = [
    ("GET", "/app", app),
    ("GET", "/app/installations", installations),
    ("POST", "/app/installations/{installation}/access_tokens", mint),
    ("GET", f"{HERE}/installation", of_repository),
]
