"""Files with tests in many languages: which they are, what may be added to them, and what else is a change."""

from typing import NamedTuple

import pytest

from ompycord.checks.evidence.lines import every_line_stands, insertions
from ompycord.checks.evidence.test_paths import is_test
from tests.support.trees import found

TESTS = (
    "tests/test_total.py", "test_total.py", "cart/total_test.py", "app/tests.py", "tests/data/x.json",
    "tests/README.md", "testimonials_test/x.txt", "src/total.test.ts", "src/total.spec.tsx", "__tests__/total.js",
    "total-test.mjs", "test.js", "cypress/e2e/cart.js", "cart.cy.ts", "total_test.go", "pkg/testdata/in.txt",
    "tests/it_works.rs", "benches/a.rs", "src/test/java/CartTest.java", "CartTest.java", "TestCart.java",
    "CartTests.java", "CartIT.java", "CartSpec.kt", "spec/cart_spec.rb", "cart_spec.rb", "test/cart_test.rb",
    "CartTest.php", "tests/Unit/Cart.php", "Shop.Tests/Cart.cs", "CartTests.cs", "total.bats", "run_tests.sh",
    "run-tests", "t/01-total.t", "cart_test.exs", "CartTests.swift", "cart_test.dart", "cart_test.cc",
    "features/cart.feature", "CartSpec.hs", "cart.snap", "cart_SUITE_test.erl",
)  # fmt: skip
OTHERS = (
    "cart/total.py", "latest.py", "contest.py", "src/attest.ts", "openapi_spec.py", "spec.py", "greatest.go",
    "Protest.java", "README.md", "docs/testing.md", "src/features/cart.ts", "cart/__init__.py", "Commit.java",
    "LICENSE", "audit.rb", "test.md", "request.rs",
)  # fmt: skip


@pytest.mark.parametrize("path", TESTS)
def test_a_file_of_tests_is_known_by_its_path(path: str) -> None:
    assert is_test(path)


@pytest.mark.parametrize("path", OTHERS)
def test_other_files_are_none(path: str) -> None:
    assert not is_test(path)


class Sample(NamedTuple):
    """A file with tests, a place in it, a new test for that place, and the same with another name."""

    path: str
    text: str
    before: str
    """The new test is put before this line's first occurrence; the empty one is the end."""
    new: str
    name: str
    old_name: str
    skipped: tuple[str, str]
    """What stands there, and how it is skipped."""


JS = """\
import { test, describe } from 'node:test';
import assert from 'node:assert';

describe('total', () => {
  test('adds {prices}', () => {
    assert.equal(total([1, 2]), 3); // "both"
  });
});
"""
GO = """\
package cart

import "testing"

func TestTotal(t *testing.T) {
\tif Total([]int{1, 2}) != 3 {
\t\tt.Fatal("}")
\t}
}
"""
RUST = """\
use cart::total;

#[test]
fn adds<'a>() {
    assert_eq!(total(&[1, 2]), 3, "{");
}
"""
JAVA = """\
package shop;

import org.junit.jupiter.api.Test;

class CartTest {
    @Test
    void adds() {
        assertEquals(3, total(1, 2));
    }
}
"""
CSHARP = """\
using Xunit;

public class CartTests
{
    [Fact]
    public void Adds()
    {
        Assert.Equal(3, Total(1, 2));
    }
}
"""
RUBY = """\
require "minitest/autorun"

class CartTest < Minitest::Test
  def test_adds
    [1].each do |price|
      assert_equal price, total([price])
    end
  end
end
"""
RSPEC = """\
RSpec.describe Cart do
  it "adds" do
    expect(total([1, 2])).to eq(3)
  end
end
"""
PHP = """\
<?php
class CartTest extends TestCase
{
    public function testAdds(): void
    {
        $this->assertSame(3, total([1, 2]));
    }
}
"""
BATS = """\
@test "adds" {
  run total 1 2
  [ "$output" -eq 3 ]
}
"""
GTEST = """\
#include <gtest/gtest.h>

TEST(Cart, Adds) {
  EXPECT_EQ(total({1, 2}), 3);
}
"""
KOTLIN = """\
class CartTest {
    @Test
    fun `adds prices`() {
        assertEquals(3, total(1, 2))
    }
}
"""

NEW_TYPESCRIPT = """\

describe('more', () => {
  test('one', () => {
    assert.ok(/["}]/.test('}'));
  });
});
"""
NEW_JAVA = """\

    @Test
    void one() {
        assertEquals(1, total(1));
    }
"""
NEW_C_SHARP = """\

    [Fact]
    public void One()
    {
        Assert.Equal(1, Total(1));
    }
"""
NEW_KOTLIN = """\

    @Test
    fun `one price`() {
        assertEquals(1, total(1))
    }
"""
NEW_MINITEST = """\

  def test_one
    if true
      assert_equal 1, total([1])
    end
  end
"""
NEW_PHP = """\

    public function testOne(): void
    {
        $this->assertSame(1, total([1]));
    }
"""
SAMPLES = {
    "javascript": Sample(
        "src/total.test.mjs", JS, "});\n", "\n  test('one {price}', () => {\n    assert.equal(total([1]), 1);\n  });\n",
        "'one {price}'", "'adds {prices}'", ("test('adds", "test.skip('adds"),
    ),
    "typescript": Sample(
        "src/total.spec.ts", JS, "", NEW_TYPESCRIPT,
        "'one'", "'adds {prices}'", ("  test(", "  xit("),
    ),
    "go": Sample(
        "total_test.go", GO, "", "\nfunc TestOne(t *testing.T) {\n\tif Total([]int{1}) != 1 {\n\t\tt.Fatal()\n\t}\n}\n",
        "TestOne", "TestTotal", ("\tif Total", "\tt.Skip()\n\tif Total"),
    ),
    "rust": Sample(
        "tests/total.rs", RUST, "", "\n#[test]\nfn one() {\n    assert_eq!(total(&[1]), 1);\n}\n",
        "one", "adds", ("#[test]\n", "#[test]\n#[ignore]\n"),
    ),
    "java": Sample(
        "src/test/java/CartTest.java", JAVA, "}\n", NEW_JAVA,
        "one", "adds", ("    @Test\n", "    @Test\n    @Disabled\n"),
    ),
    "c sharp": Sample(
        "Shop.Tests/CartTests.cs", CSHARP, "}\n", NEW_C_SHARP,
        "One", "Adds", ("[Fact]", '[Fact(Skip = "later")]'),
    ),
    "kotlin": Sample(
        "src/test/kotlin/CartTest.kt", KOTLIN, "}\n", NEW_KOTLIN,
        "`one price`", "`adds prices`", ("    @Test\n", "    @Test\n    @Ignore\n"),
    ),
    "minitest": Sample(
        "test/cart_test.rb", RUBY, "end\n", NEW_MINITEST,
        "test_one", "test_adds", ("    [1]", "    skip\n    [1]"),
    ),
    "rspec": Sample(
        "spec/cart_spec.rb", RSPEC, "end\n", '\n  it "takes one" do\n    expect(total([1])).to eq(1)\n  end\n',
        '"takes one"', '"adds"', ("  it ", "  xit "),
    ),
    "php": Sample(
        "tests/CartTest.php", PHP, "}\n", NEW_PHP,
        "testOne", "testAdds", ("        $this", "        $this->markTestSkipped();\n        $this"),
    ),
    "bats": Sample(
        "total.bats", BATS, "", '\n@test "one" {\n  run total 1\n  [ "$output" -eq 1 ]\n}\n',
        '"one"', '"adds"', ("  run", "  skip\n  run"),
    ),
    "googletest": Sample(
        "cart_test.cc", GTEST, "", "\nTEST(Cart, One) {\n  EXPECT_EQ(total({1}), 1);\n}\n",
        "Cart, One", "Cart, Adds", ("  EXPECT", "  GTEST_SKIP();\n  EXPECT"),
    ),
}  # fmt: skip

every_language = pytest.mark.parametrize("sample", SAMPLES.values(), ids=SAMPLES)


def put(sample: Sample, new: str) -> str:
    """With the new text at its place: before the last line that is `before`, or at the end."""
    at = sample.text.rindex(sample.before) if sample.before else len(sample.text)
    return sample.text[:at] + new + sample.text[at:]


async def what(sample: Sample, text: str) -> list[str]:
    got = await found({sample.path: sample.text}, {sample.path: text}, ("make", "test"))
    assert {path for path, _ in got} <= {sample.path}
    return [one for _, one in got]


@every_language
async def test_a_new_test_among_old_ones_is_no_change(sample: Sample) -> None:
    assert await what(sample, put(sample, sample.new)) == []


@every_language
async def test_a_new_test_with_an_old_name_is_a_change(sample: Sample) -> None:
    assert await what(sample, put(sample, sample.new.replace(sample.name, sample.old_name))) == ["test_changed"]


@every_language
async def test_two_new_tests_of_one_name_are_a_change(sample: Sample) -> None:
    assert await what(sample, put(sample, sample.new + sample.new)) == ["test_changed"]


@every_language
async def test_a_weakened_test_is_a_change(sample: Sample) -> None:
    weak = sample.text.replace("3", "2", 1) if "3" in sample.text else sample.text.replace("price, ", "nil, ")
    assert weak != sample.text
    assert await what(sample, weak) == ["test_changed"]


@every_language
async def test_a_line_that_was_taken_out_is_a_change(sample: Sample) -> None:
    lines = sample.text.splitlines(keepends=True)
    for at, line in enumerate(lines):
        if line.strip():
            assert await what(sample, "".join(lines[:at] + lines[at + 1 :])) == ["test_changed"], line


@every_language
async def test_a_skipped_test_is_named_as_such(sample: Sample) -> None:
    old, new = sample.skipped
    assert old in sample.text
    assert await what(sample, sample.text.replace(old, new, 1)) == ["test_skipped"]


@every_language
async def test_half_a_test_is_a_change(sample: Sample) -> None:
    half = sample.new.splitlines(keepends=True)[:-1]
    assert await what(sample, put(sample, "".join(half))) == ["test_changed"]


@every_language
async def test_lines_inside_of_an_old_test_are_a_change(sample: Sample) -> None:
    lines = sample.text.splitlines(keepends=True)
    inside = next(at for at, line in enumerate(lines) if "3" in line or "total([price])" in line or "Total([]" in line)
    for extra in ("return;\n", "return\n", sample.new):
        assert await what(sample, "".join([*lines[:inside], extra, *lines[inside:]])) != [], extra


@every_language
async def test_a_new_file_of_tests_is_no_change(sample: Sample) -> None:
    assert await found({"README.md": "x\n"}, {sample.path: sample.text}, ("make", "test")) == []


@every_language
async def test_a_file_of_tests_that_is_gone_is_named(sample: Sample) -> None:
    assert await found({sample.path: sample.text}, {sample.path: None}, ("make", "test")) == [
        (sample.path, "test_removed")
    ]


HOOKS = {
    "javascript": "\n  beforeEach(() => {\n    total = () => 3;\n  });\n",
    "typescript": "\nprocess.exit(0);\n",
    "go": "\nfunc TestMain(m *testing.M) {\n\tos.Exit(0)\n}\n",
    "rust": "\n#[test]\nfn one() {\n    std::process::exit(0);\n}\n",
    "java": "\n    @Test\n    void one() {\n        Runtime.getRuntime().halt(0);\n    }\n",
    "minitest": "\n  def test_one\n    Minitest::Test.define_method(:assert_equal) { |*| }\n  end\n",
}


@pytest.mark.parametrize(("language", "new"), HOOKS.items(), ids=HOOKS)
async def test_an_addition_that_acts_on_other_tests_is_a_change(language: str, new: str) -> None:
    assert await what(SAMPLES[language], put(SAMPLES[language], new)) == ["test_changed"]


INLINE = """\
pub fn total(prices: &[i32]) -> i32 {
    prices.iter().sum::<i32>() - 1
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn adds() {
        assert_eq!(total(&[1, 2]), 3);
    }
}
"""


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        (" - 1", "", []),
        ("    }\n}\n", "    }\n\n    #[test]\n    fn one() {\n        assert_eq!(total(&[1]), 1);\n    }\n}\n", []),
        ("2]), 3", "2]), 2", ["test_changed"]),
        ("    #[test]\n", "    #[test]\n    #[ignore]\n", ["test_changed"]),
        ("#[cfg(test)]", "#[cfg(any())]", ["test_changed"]),
        (INLINE[INLINE.index("#[cfg") :], "", ["test_removed"]),
    ],
)
async def test_tests_inside_of_a_source_stand(old: str, new: str, expected: list[str]) -> None:
    assert old in INLINE
    got = await found({"src/lib.rs": INLINE}, {"src/lib.rs": INLINE.replace(old, new)}, ("cargo", "test"))
    assert [one for _, one in got] == expected


DOCTEST = 'def total(prices):\n    """The sum.\n\n    >>> total([1, 2])\n    3\n    """\n    return sum(prices) - 1\n'


async def test_examples_in_docstrings_are_tests_where_a_check_may_run_them() -> None:
    weak = {"cart.py": DOCTEST.replace("    3\n", "    2\n")}
    assert await found({"cart.py": DOCTEST}, weak, ("{python}", "-m", "doctest", "cart.py"))
    ini = {"pytest.ini": "[pytest]\naddopts = --doctest-modules\n", "cart.py": DOCTEST}
    assert await found(ini, weak, ("pytest",)) == [("cart.py", "test_changed")]
    assert await found({"cart.py": DOCTEST}, weak, ("pytest", "--doctest-modules")) == [("cart.py", "test_changed")]
    assert await found({"cart.py": DOCTEST}, weak, ("pytest",)) == []
    repaired = {"cart.py": DOCTEST.replace(" - 1", "")}
    assert await found({"cart.py": DOCTEST}, repaired, ("pytest", "--doctest-modules")) == []


def test_what_was_put_between_lines_is_found_from_either_end() -> None:
    old, new = ["a", "}", "b"], ["a", "}", "x", "}", "b"]
    assert [(one.at, one.lines) for one in insertions(old, new) or ()] == [(2, ("x", "}"))]
    assert [(one.at, one.lines) for one in insertions(old, new, from_end=True) or ()] == [(1, ("}", "x"))]
    assert insertions(old, ["a", "b"]) is None
    assert insertions(old, old) == []
    assert every_line_stands(old, new)
    assert not every_line_stands(old, ["b", "}", "a"])
