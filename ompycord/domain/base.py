"""The one model base of the package: frozen, closed, strict about numbers.

Counterpart of every JSON shape that we publish.
"""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

__all__ = ["Frozen", "Line", "Millis", "Name", "Text"]


class Frozen(BaseModel):
    """An immutable value; unknown fields are refused."""

    # Built on first use: a start has four MiB less, and most processes never use most models.
    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False, defer_build=True)


Millis = Annotated[int, Field(ge=0, le=2**53, strict=True)]
"""Milliseconds since 1970-01-01T00:00:00Z."""

Name = Annotated[str, StringConstraints(min_length=1, max_length=128, strip_whitespace=True)]
"""A short name that a person or a program chose: a tool, a check, a model."""

Line = Annotated[str, StringConstraints(max_length=500)]
"""One line of text; shown shortened."""

Text = Annotated[str, StringConstraints(max_length=32_768)]
"""Free text; the longest string that ingestion lets through (docs/contracts/ingestion.md, *JSON*)."""
