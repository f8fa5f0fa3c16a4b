"""Errors of a FastAPI application as problems; counterpart of `problems.py`, which knows nothing of FastAPI."""

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import Response
from starlette.exceptions import HTTPException

from ompycord.errors import ArchiveUnreadable, Refused, StorageError
from ompycord.http.problems import PROBLEMS, Problem, pointer, problem, problem_of

__all__ = ["answer_with_problems", "response_of"]


def answer_with_problems(app: FastAPI) -> None:
    """Answer every error in the application with a problem."""

    async def refuse(request: Request, error: Exception) -> Response:
        assert isinstance(error, Problem)
        return response_of(error)

    async def refuse_by_policy(request: Request, error: Exception) -> Response:
        assert isinstance(error, Refused)
        return response_of(problem_of(error))

    async def http(request: Request, error: Exception) -> Response:
        assert isinstance(error, HTTPException)
        allow = (error.headers or {}).get("allow") or (error.headers or {}).get("Allow")
        if error.status_code == PROBLEMS["method-not-allowed"].status:
            return response_of(Problem("method-not-allowed", headers=((b"allow", (allow or "GET").encode()),)))
        return response_of(Problem("not-found"))

    async def invalid(request: Request, error: Exception) -> Response:
        assert isinstance(error, RequestValidationError)
        pointers = [(pointer(one["loc"]), str(one["type"])) for one in error.errors()]
        return response_of(Problem("schema-invalid", errors=pointers[:20]))

    async def storage(request: Request, error: Exception) -> Response:
        return response_of(Problem("storage", retry_after_s=1))

    async def unreadable(request: Request, error: Exception) -> Response:
        return response_of(Problem("archive-unreadable"))

    async def defect(request: Request, error: Exception) -> Response:
        return response_of(Problem("internal"))  # Starlette raises it again, so that the dispatcher logs it

    app.add_exception_handler(Exception, defect)
    app.add_exception_handler(Problem, refuse)
    app.add_exception_handler(Refused, refuse_by_policy)
    app.add_exception_handler(HTTPException, http)
    app.add_exception_handler(RequestValidationError, invalid)
    app.add_exception_handler(StorageError, storage)
    app.add_exception_handler(ArchiveUnreadable, unreadable)


def response_of(error: Problem) -> Response:
    """A problem as a Starlette response."""
    status, headers, body = problem(error)
    response = Response(body, status_code=status)
    response.raw_headers = [*headers]
    return response
