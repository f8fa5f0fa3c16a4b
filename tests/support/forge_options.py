"""Options of a forge as configuration makes them: by their kind."""

from collections.abc import Mapping
from typing import Any

from ompycord.domain.configuration.forge_options import ForgeSpec
from ompycord.forge.registry import FORGE_KINDS

__all__ = ["forge_options"]


def forge_options(values: Mapping[str, Any]) -> ForgeSpec:
    return FORGE_KINDS.get(values["kind"]).options.model_validate(values)
