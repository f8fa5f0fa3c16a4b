"""The kinds of fields that event bodies share; counterpart of `events.py`."""

from typing import Annotated

from pydantic import Field, StringConstraints

__all__ = ["AuthenticatedRequest", "Count", "Path", "Ref", "Url"]

Count = Annotated[int, Field(ge=0, le=2**53, strict=True)]
Ref = Annotated[str, StringConstraints(min_length=1, max_length=128)]
AuthenticatedRequest = Annotated[str, StringConstraints(min_length=1, max_length=120)]
"""The name of a question or an approval; shorter, so that what we prefix it with fits where a Ref does."""
Path = Annotated[str, StringConstraints(min_length=1, max_length=1024)]
Url = Annotated[str, StringConstraints(min_length=8, max_length=2048, pattern=r"^https?://")]
