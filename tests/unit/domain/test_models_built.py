"""Models are built when they are first used, not when they are imported: each of them can be."""

import importlib
import pkgutil

from pydantic import BaseModel

import ompycord.domain
from ompycord.domain.base import Frozen


def test_each_model_of_the_domain_can_be_built() -> None:
    for module in pkgutil.walk_packages(ompycord.domain.__path__, "ompycord.domain."):
        importlib.import_module(module.name)
    models = _below(Frozen)
    assert len(models) > 200
    for model in models:
        assert model.model_rebuild() is not False, model
        assert model.__pydantic_complete__, model


def _below(base: type[BaseModel]) -> set[type[BaseModel]]:
    return {one for direct in base.__subclasses__() for one in (direct, *_below(direct))}
