"""What the forge refuses, with GitHub's status and words."""

from typing import Final

from ompycord.playground.rules.documents import Json

DOCS: Final = "https://docs.github.com/rest"


class ForgeRefusal(Exception):  # it is what a refusal is called everywhere here
    """An answer that is not what was asked for."""

    def __init__(
        self, status: int, message: str, *, errors: list[Json] | list[str] | None = None, **headers: str
    ) -> None:
        super().__init__(message)
        self.status = status
        self.message = message
        self.errors = errors
        self.headers = {name.replace("_", "-"): value for name, value in headers.items()}

    @property
    def body(self) -> Json:
        """As GitHub writes it."""
        errors = {"errors": self.errors} if self.errors is not None else {}
        plain = {} if self.errors is not None else {"status": str(self.status)}
        return {"message": self.message, **errors, "documentation_url": DOCS, **plain}


def not_found() -> ForgeRefusal:
    """It is not there, or may not be seen."""
    return ForgeRefusal(404, "Not Found")


def invalid(resource: str, *, field: str = "", message: str = "", code: str = "") -> ForgeRefusal:
    """422 with one error: of a field, or in words."""
    error: Json = {"resource": resource, "code": code or ("invalid" if field else "custom")}
    error |= {"field": field} if field else {"message": message}
    return ForgeRefusal(422, "Validation Failed", errors=[error])


def not_permitted(needed: str) -> ForgeRefusal:
    """The token lacks a permission, which a header names."""
    return ForgeRefusal(403, "Resource not accessible by personal access token", X_Accepted_GitHub_Permissions=needed)
