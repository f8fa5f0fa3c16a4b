"""Settings whose agents, checks, forges and memory have the options of their kinds: unions, distinguished by `kind`.

Only the kinds that are asked for are imported; `settings_schema` asks for all of them.
"""

from collections.abc import Iterable, Mapping
from types import GenericAlias
from typing import Annotated, Any, Final, NoReturn, cast

from pydantic import BaseModel, Field, GetCoreSchemaHandler, GetJsonSchemaHandler, create_model
from pydantic_core import CoreSchema, PydanticCustomError, core_schema

from ompycord.agents.registry import AGENT_KINDS
from ompycord.checks.parser import AUTO, AutoOptions
from ompycord.checks.registry import CHECK_PARSERS
from ompycord.domain.configuration.forge_options import ForgeSpec
from ompycord.domain.configuration.repository_file import RepositoryFile
from ompycord.domain.memory.backend import BackendSpec
from ompycord.domain.memory.options import MemoryOptions
from ompycord.domain.repository import AgentSpec, CheckSpec, ParserSpec, RepositorySpec
from ompycord.forge.registry import FORGE_KINDS
from ompycord.memory.backends.registry import MEMORY_BACKENDS
from ompycord.settings.model import Settings

__all__ = ["UNKNOWN_KIND", "options_of", "repository_file_with", "settings_schema", "settings_with"]

UNKNOWN_KIND: Final = "unknown_kind"
"""The type of pydantic's error for an unknown kind."""
_MISTAKE: Final = "it must be one of {known}"


class _OneOf:
    """Marks a field that takes one of several models, distinguished by `kind`."""

    def __init__(self, models: Mapping[str, type[BaseModel]], *, known: Iterable[str], by_name: bool = False) -> None:
        """`by_name`: a kind without options may be written as its name alone."""
        self._models = dict(models)
        self._known = {"known": ", ".join(known)}
        self._by_name = by_name

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        if not self._models:
            return core_schema.no_info_plain_validator_function(self._refuse)
        return core_schema.tagged_union_schema(
            {name: handler.generate_schema(model) for name, model in self._models.items()},
            discriminator="kind",
            custom_error_type=UNKNOWN_KIND,
            custom_error_message=_MISTAKE,
            custom_error_context={**self._known},
        )

    def __get_pydantic_json_schema__(self, schema: CoreSchema, handler: GetJsonSchemaHandler) -> dict[str, Any]:
        if not self._models:
            return {"not": {}}
        options = handler(schema)
        return {"anyOf": [{"enum": list(self._models), "type": "string"}, options]} if self._by_name else options

    def _refuse(self, value: Any) -> NoReturn:
        raise PydanticCustomError(UNKNOWN_KIND, _MISTAKE, self._known)


def settings_with(
    *, agents: Iterable[str], parsers: Iterable[str], forges: Iterable[str], memories: Iterable[str] = ()
) -> type[Settings]:
    """`Settings` that accept agents, forges and memories of these kinds, and checks with these parsers or `auto`.

    A name that is not declared is left out, and refused where it is used. Raises ConfigurationError for one that is
    declared twice or cannot be imported.
    """
    by_kind = {name: AGENT_KINDS.get(name).options for name in _declared(agents, AGENT_KINDS.names)}
    agent = Annotated[AgentSpec, _OneOf(by_kind, known=AGENT_KINDS.names)]
    repository = _repository(
        {name: CHECK_PARSERS.get(name).options for name in _declared(parsers, CHECK_PARSERS.names)},
        {name: FORGE_KINDS.get(name).options for name in _declared(forges, FORGE_KINDS.names)},
    )
    return create_model(
        "Settings",
        __base__=Settings,
        repositories=(_dict_of(repository), Field(default_factory=dict)),
        agents=(_dict_of(agent), Field(default_factory=dict)),
        memory=_memory(memories),
    )


def repository_file_with(*, parsers: Iterable[str]) -> type[RepositoryFile]:
    """`RepositoryFile` whose checks take these parsers, or `auto`. Raises ConfigurationError like `settings_with`."""
    by_kind = {name: CHECK_PARSERS.get(name).options for name in _declared(parsers, CHECK_PARSERS.names)}
    return create_model(
        "RepositoryFile", __base__=RepositoryFile, __doc__=RepositoryFile.__doc__, checks=(_checks(by_kind), ())
    )


def _repository(parsers: Mapping[str, type[BaseModel]], forges: Mapping[str, type[BaseModel]]) -> type[RepositorySpec]:
    """Repositories whose checks take these parsers, and whose forge is one of these."""
    forge: Any = Annotated[ForgeSpec, _OneOf(forges, known=FORGE_KINDS.names)]
    return create_model(
        "RepositorySpec",
        __base__=RepositorySpec,
        __doc__=RepositorySpec.__doc__,
        checks=(_checks(parsers), ()),
        forge=(cast("type[ForgeSpec | None]", forge | None), None),
    )


def _memory(memories: Iterable[str]) -> Any:
    """The field of the section `memory` whose backend is one of these, with its default."""
    backends = {name: MEMORY_BACKENDS.get(name).options for name in _declared(memories, MEMORY_BACKENDS.names)}
    backend: Any = Annotated[BackendSpec, _OneOf(backends, known=MEMORY_BACKENDS.names or ("none that is installed",))]
    section = create_model(
        "MemoryOptions",
        __base__=MemoryOptions,
        __doc__=MemoryOptions.__doc__,
        backend=(cast("type[BackendSpec | None]", backend | None), None),
    )
    return section, section()


def _checks(parsers: Mapping[str, type[BaseModel]]) -> Any:
    """The type of checks that take these parsers."""
    parser = _OneOf({AUTO: AutoOptions, **parsers}, known=(AUTO, *CHECK_PARSERS.names), by_name=True)
    check = create_model(
        "CheckSpec",
        __base__=CheckSpec,
        __doc__=CheckSpec.__doc__,
        parser=(Annotated[ParserSpec, parser], CheckSpec.model_fields["parser"].default),
    )
    return GenericAlias(tuple, (check, ...))


def _dict_of(value: Any) -> Any:
    """The type of a dictionary of such values, by name."""
    return GenericAlias(dict, (str, value))


def _declared(names: Iterable[str], known: Iterable[str]) -> list[str]:
    return sorted(set(names) & set(known))


def options_of(agents: Iterable[str]) -> dict[str, frozenset[str]]:
    """The options of each of these kinds of agents, by kind; a kind that is not declared is left out."""
    return {
        name: frozenset(AGENT_KINDS.get(name).options.model_fields) for name in _declared(agents, AGENT_KINDS.names)
    }


def settings_schema() -> dict[str, Any]:
    """The JSON schema of `ompycord.yml`: everything may be left out, and a repository's or agent's name is its key.

    Raises ConfigurationError for a kind that cannot be imported, or is declared twice.
    """
    model = settings_with(
        agents=AGENT_KINDS.names, parsers=CHECK_PARSERS.names, forges=FORGE_KINDS.names, memories=MEMORY_BACKENDS.names
    )
    schema = model.model_json_schema(by_alias=True, mode="validation")
    definitions: dict[str, Any] = schema["$defs"]
    chosen = (*(kind.options for kind in AGENT_KINDS.all()), *(one.options for one in CHECK_PARSERS.all()), AutoOptions)
    for options in chosen:
        definitions[options.__name__]["required"] = ["kind"]
    for kind in (*FORGE_KINDS.all(), *MEMORY_BACKENDS.all()):
        options = definitions[kind.options.__name__]
        options["required"] = ["kind", *options.get("required", ())]
    del definitions["RepositorySpec"]["required"]
    schema["$schema"] = "https://json-schema.org/draft/2020-12/schema"
    schema["title"] = "ompycord.yml"
    return schema
