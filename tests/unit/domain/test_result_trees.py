"""The name of all files of a result, by which rounds of checks are compared."""

from collections.abc import Collection, Mapping

from ompycord.domain.ports.trees import ResultTrees, TreeEntry

A, B = TreeEntry("100644", "a" * 40), TreeEntry("100644", "b" * 40)


async def read(names: Collection[str]) -> Mapping[str, bytes | None]:
    return {}


def name(base: Mapping[str, TreeEntry], result: Mapping[str, TreeEntry]) -> str:
    return ResultTrees(base=base, result=result, read=read).name


def test_the_same_files_have_the_same_name_whatever_they_were_made_from() -> None:
    assert name({}, {"a": A, "b": B}) == name({"a": B}, {"b": B, "a": A})


def test_another_content_place_or_mode_is_another_name() -> None:
    known = name({}, {"a": A})
    for other in ({"a": B}, {"b": A}, {"a": TreeEntry("100755", A.blob)}, {}, {"a": A, "b": B}):
        assert name({}, other) != known


def test_a_path_that_is_no_text_has_a_name_too() -> None:
    assert name({}, {"caf\udce9": A}) != name({}, {"caf\udcea": A})
