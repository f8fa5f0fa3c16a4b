"""What a result may change and stay verified, and what it may not: by the trees of base and result alone."""

import pytest

from tests.support.patience import within
from tests.support.trees import Change, Content, Executable, Link, changed_evidence, found

UNITTEST = ("{python}", "-m", "unittest")
PYTEST = ("{python}", "-m", "pytest", "-q")
SCRIPT = ("./run_tests.sh",)
CODE = "def total(prices):\n    return sum(prices) - 1\n"
TESTS = """\
import unittest

from cart.total import total


class TotalTest(unittest.TestCase):
    def test_nothing_costs_nothing(self) -> None:
        self.assertEqual(total([]), 0)

    def test_prices_are_added(self) -> None:
        self.assertEqual(total([1, 2]), 3)
"""
FUNCTIONS = """\
import pytest

from cart.total import total


@pytest.fixture
def prices():
    return [1, 2]


def test_prices_are_added(prices):
    assert total(prices) == 3


def test_nothing_costs_nothing():
    assert total([]) == 0
"""
PYPROJECT = '[project]\nname = "cart"\nversion = "1"\n\n[tool.pytest.ini_options]\naddopts = "-q"\n'
SETUP = "[metadata]\nname = cart\n\n[tool:pytest]\naddopts = -q\n"
PACKAGE = '{"name": "cart", "version": "1.0.0", "scripts": {"test": "node scripts/unit.js"}}\n'
BASE: dict[str, Content] = {
    "README.md": "# Cart\n",
    "cart/__init__.py": "",
    "cart/total.py": CODE,
    "tests/__init__.py": "",
    "tests/test_total.py": TESTS,
    "tests/test_functions.py": FUNCTIONS,
    "tests/data/prices.json": "[1, 2]\n",
    "pyproject.toml": PYPROJECT,
    "setup.cfg": SETUP,
    "package.json": PACKAGE,
    "scripts/unit.js": "require('node:test');\n",
    "Makefile": "test:\n\t./ci/test.sh\n",
    "ci/test.sh": Executable("#!/bin/sh\nexec python3 ci/run.py\n"),
    "ci/run.py": "import unittest\nunittest.main(module=None)\n",
    "run_tests.sh": Executable('#!/bin/sh\n. "$(dirname "$0")/ci/settings"\nexec python3 -m unittest\n'),
    "ci/settings": "PYTHONHASHSEED=0\n",
}
NEW_TEST = """

class DiscountTest(unittest.TestCase):
    def test_a_discount_is_taken_off(self) -> None:
        self.assertEqual(total([10], percent=10), 9)
"""
NEW_METHOD = "\n    def test_one_price(self) -> None:\n        self.assertEqual(total([1]), 1)\n"


# -- what is no change -------------------------------------------------------------------------------------------------

CLEAN: dict[str, Change] = {
    "the product": {"cart/total.py": CODE.replace(" - 1", "")},
    "a new module of the product": {"cart/discount.py": "def discount(price):\n    return price\n"},
    "words for people": {"README.md": "# Cart\n\nMore.\n", "docs/new.md": "New.\n"},
    "a new file of tests": {"tests/test_discount.py": TESTS.replace("TotalTest", "DiscountTest")},
    "new data of tests": {"tests/data/more.json": "[]\n"},
    "a new folder of tests": {"tests/more/__init__.py": "", "tests/more/test_x.py": "def test_x():\n    assert 1\n"},
    "a new class of tests below": {"tests/test_total.py": TESTS + NEW_TEST},
    "a new test in a class": {"tests/test_total.py": TESTS + NEW_METHOD},
    "a new test between others": {
        "tests/test_total.py": TESTS.replace("    def test_prices", f"{NEW_METHOD[1:]}\n    def test_prices")
    },
    "a new test function": {"tests/test_functions.py": FUNCTIONS + "\n\ndef test_one():\n    assert total([1]) == 1\n"},
    "a new test with an import and what it needs": {
        "tests/test_functions.py": FUNCTIONS.replace("import pytest\n", "import math\nimport pytest\n")
        + "\n\nMANY = 3\n\n\ndef _half(n):\n    return n / 2\n\n\n"
        + "@pytest.mark.parametrize('n', [1, MANY])\ndef test_halves(n):\n"
        + "    assert math.isclose(total([_half(n)]), n / 2)\n"
    },
    "a new test that works on what it made": {
        "tests/test_functions.py": FUNCTIONS
        + "\n\ndef test_own():\n    basket = {}\n    basket['x'] = 1\n    basket.update(y=2)\n"
        + "    assert total(basket.values())\n"
    },
    "the version of the project": {"pyproject.toml": PYPROJECT.replace('"1"', '"2"')},
    "a dependency of the project": {"pyproject.toml": PYPROJECT.replace('"1"\n', '"1"\ndependencies = ["attrs"]\n')},
    "the metadata in setup.cfg": {"setup.cfg": SETUP.replace("name = cart", "name = cart\nversion = 2")},
    "a dependency in package.json": {
        "package.json": PACKAGE.replace('"1.0.0"', '"1.0.1", "dependencies": {"left-pad": "^1.3.0"}')
    },
}


@pytest.mark.parametrize("change", CLEAN.values(), ids=CLEAN)
async def test_what_leaves_tests_and_checks_as_they_were_is_no_change_of_evidence(change: Change) -> None:
    assert await found(BASE, change, UNITTEST, PYTEST, SCRIPT, ("make", "test"), ("npm", "test")) == []


# -- existing tests ----------------------------------------------------------------------------------------------------


def put(old: str, new: str, text: str = TESTS) -> str:
    assert old in text
    return text.replace(old, new, 1)


TOUCHED: dict[str, tuple[Change, str]] = {
    "deleted": ({"tests/test_total.py": None}, "test_removed"),
    "moved": ({"tests/test_total.py": None, "tests/old/total.txt": TESTS}, "test_moved"),
    "replaced": ({"tests/test_total.py": "def test_all():\n    assert True\n"}, "test_removed"),
    "emptied": ({"tests/test_total.py": ""}, "test_removed"),
    "not to be read": ({"tests/test_total.py": "def test_(:\n"}, "test_changed"),
    "binary": ({"tests/test_total.py": b"\0\1"}, "test_changed"),
    "linked away": ({"tests/test_total.py": Link("test_functions.py")}, "test_linked"),
    "a test removed": ({"tests/test_total.py": put(TESTS[TESTS.index("    def test_prices") :], "")}, "test_removed"),
    "a test renamed": ({"tests/test_total.py": put("test_prices", "check_prices")}, "test_removed"),
    "weakened": ({"tests/test_total.py": put("[1, 2]), 3", "[1, 2]), 2")}, "test_changed"),
    "an assertion taken out": (
        {"tests/test_total.py": put("        self.assertEqual(total([1, 2]), 3)", "        pass")},
        "test_changed",
    ),
    "an early return": (
        {"tests/test_total.py": put("self.assertEqual(total([1", "return\n        self.assertEqual(total([1")},
        "test_changed",
    ),
    "skipped": (
        {"tests/test_total.py": put("    def test_prices", "    @unittest.skip('')\n    def test_prices")},
        "test_skipped",
    ),
    "a whole class skipped": (
        {"tests/test_total.py": put("class Total", "@unittest.skip('')\nclass Total")},
        "test_skipped",
    ),
    "skipped by raising": (
        {"tests/test_total.py": put("\n\nclass", "\nraise unittest.SkipTest\n\n\nclass")},
        "test_skipped",
    ),
    "expected to fail": (
        {"tests/test_total.py": put("    def test_prices", "    @unittest.expectedFailure\n    def test_prices")},
        "test_skipped",
    ),
    "marked xfail": (
        {"tests/test_functions.py": put("def test_prices", "@pytest.mark.xfail\ndef test_prices", FUNCTIONS)},
        "test_skipped",
    ),
    "a mark for the module": (
        {"tests/test_functions.py": FUNCTIONS + "\npytestmark = pytest.mark.skip\n"},
        "test_skipped",
    ),
    "taken out of collection": ({"tests/test_total.py": TESTS + "\n__test__ = False\n"}, "test_skipped"),
    "defined once more below": (
        {"tests/test_functions.py": FUNCTIONS + "\n\ndef test_prices_are_added():\n    assert True\n"},
        "test_changed",
    ),
    "its class defined once more": (
        {"tests/test_total.py": TESTS + "\n\nclass TotalTest:\n    pass\n"},
        "test_changed",
    ),
    "what it tests bound again": (
        {"tests/test_total.py": TESTS + "\n\ndef total(prices):\n    return 3\n"},
        "test_changed",
    ),
    "what it tests imported from elsewhere": (
        {"tests/test_total.py": TESTS + "\nfrom fake import total\n"},
        "test_changed",
    ),
    "a word of the language bound again": (
        {"tests/test_functions.py": FUNCTIONS + "\n\ndef pytest_generate_tests(metafunc):\n    pass\n"},
        "test_changed",
    ),
    "a set-up added": (
        {"tests/test_total.py": TESTS + "\n    def setUp(self) -> None:\n        self.skipTest('')\n"},
        "test_skipped",
    ),
    "a quiet set-up added": (
        {"tests/test_total.py": TESTS + "\n    def setUp(self) -> None:\n        pass\n"},
        "test_changed",
    ),
    "an assertion overridden": (
        {"tests/test_total.py": TESTS + "\n    def assertEqual(self, a, b) -> None:\n        pass\n"},
        "test_changed",
    ),
    "a fixture overridden": (
        {"tests/test_functions.py": FUNCTIONS + "\n\n@pytest.fixture\ndef prices():\n    return [3]\n"},
        "test_changed",
    ),
    "a fixture for all": (
        {"tests/test_functions.py": FUNCTIONS + "\n\n@pytest.fixture(autouse=True)\ndef nothing():\n    yield\n"},
        "test_changed",
    ),
    "a statement that runs": ({"tests/test_total.py": TESTS + "\nprint('x')\n"}, "test_changed"),
    "its class taken away": ({"tests/test_total.py": TESTS + "\ndel TotalTest\n"}, "test_changed"),
    "its method replaced": (
        {"tests/test_total.py": TESTS + "\nTotalTest.test_prices_are_added = None\n"},
        "test_changed",
    ),
    "its choice of tests replaced": (
        {
            "tests/test_total.py": TESTS
            + "\n\ndef load_tests(loader, tests, pattern):\n    return loader.suiteClass()\n"
        },
        "test_changed",
    ),
    "a new test that patches what others test": (
        {
            "tests/test_total.py": TESTS
            + NEW_TEST.replace("self.a", "unittest.TestCase.assertEqual = print\n        self.a")
        },
        "test_changed",
    ),
    "a new test that ends the process": (
        {"tests/test_functions.py": FUNCTIONS + "\n\ndef test_end():\n    import os\n    os._exit(0)\n"},
        "test_changed",
    ),
    "only other spaces": ({"tests/test_total.py": put("[1, 2]", "[1,2]")}, "test_changed"),
    "its mode": ({"tests/test_total.py": Executable(TESTS)}, "test_changed"),
    "its package's file": ({"tests/__init__.py": "import unittest\n"}, "test_changed"),
    "its package's file removed": ({"tests/__init__.py": None}, "test_removed"),
    "its data": ({"tests/data/prices.json": "[1, 1]\n"}, "test_changed"),
    "its folder linked away": (
        {**{path: None for path in BASE if path.startswith("tests/")}, "tests": Link("cart")},
        "test_removed",
    ),
}


@pytest.mark.parametrize(("change", "what"), TOUCHED.values(), ids=TOUCHED)
async def test_an_existing_test_that_was_touched_is_named(change: Change, what: str) -> None:
    got = await found(BASE, change, UNITTEST)
    assert (next(path for path in change if path.startswith("tests/")), what) in got
    assert {one for _, one in got} == {what}


async def test_what_happened_to_which_test_is_told_by_name() -> None:
    names = [
        one.name
        for text in (
            put("test_prices", "check_prices"),
            put("    def test_prices", "    @unittest.skip('')\n    def test_prices"),
            TESTS + "\nTotalTest.test_prices_are_added = None\n",
        )
        for one in await changed_evidence(BASE, {"tests/test_total.py": text}, UNITTEST)
    ]
    assert names == [
        "TotalTest.test_prices_are_added",
        "TotalTest.test_prices_are_added",
        "adds a change of TotalTest.test_prices_are_added",
    ]


# -- what defines a check ----------------------------------------------------------------------------------------------

DEFINED: dict[str, tuple[Change, str]] = {
    "a conftest, new": ({"conftest.py": "collect_ignore = ['tests']\n"}, "check_added"),
    "a conftest among the tests, new": ({"tests/conftest.py": "\n"}, "check_added"),
    "pytest.ini, new": ({"pytest.ini": "[pytest]\naddopts = -k nothing\n"}, "check_added"),
    "tox.ini, new": ({"tox.ini": "[pytest]\n"}, "check_added"),
    "pyproject.toml, a tool's section": (
        {"pyproject.toml": PYPROJECT.replace("-q", "-k x")},
        "check_changed",
    ),
    "pyproject.toml, a new tool": (
        {"pyproject.toml": PYPROJECT + "[tool.coverage.run]\n"},
        "check_changed",
    ),
    "pyproject.toml, a plug-in of pytest": (
        {"pyproject.toml": PYPROJECT + "[project.entry-points.pytest11]\nx = 'cart.plug'\n"},
        "check_changed",
    ),
    "pyproject.toml, not to be read": ({"pyproject.toml": "["}, "check_changed"),
    "pyproject.toml, removed": ({"pyproject.toml": None}, "check_removed"),
    "setup.cfg, a tool's section": ({"setup.cfg": SETUP.replace("-q", "-k x")}, "check_changed"),
    "package.json, its scripts": (
        {"package.json": PACKAGE.replace("node scripts/unit.js", "true")},
        "check_changed",
    ),
    "package.json, a dependency elsewhere": (
        {"package.json": PACKAGE.replace('"1.0.0"', '"1.0.0", "devDependencies": {"jest": "file:./jest"}')},
        "check_changed",
    ),
    "package.json, below a folder": ({"web/package.json": '{"jest": {"testMatch": []}}'}, "check_added"),
    "jest's configuration, new": ({"jest.config.js": "module.exports = {}\n"}, "check_added"),
    "the Makefile": ({"Makefile": "test:\n\ttrue\n"}, "check_changed"),
    "a Makefile that comes before it": ({"GNUmakefile": "test:\n\ttrue\n"}, "check_added"),
    "the Makefile, linked": ({"Makefile": Link("README.md")}, "check_linked"),
    "the script of the check": ({"run_tests.sh": Executable("#!/bin/sh\nexit 0\n")}, "check_changed"),
    "the script of the check, linked to a program": ({"run_tests.sh": Link("/bin/true")}, "check_linked"),
    "the script of the check, removed": ({"run_tests.sh": None}, "check_removed"),
    "the script of the check, its mode": (
        {"run_tests.sh": '#!/bin/sh\n. "$(dirname "$0")/ci/settings"\nexec python3 -m unittest\n'},
        "check_changed",
    ),
    "what that script reads": ({"ci/settings": "exit 0\n"}, "check_changed"),
    "a script that the Makefile starts": ({"ci/test.sh": Executable("#!/bin/sh\n")}, "check_changed"),
    "a program that such a script starts": ({"ci/run.py": "\n"}, "check_changed"),
    "a script of package.json": ({"scripts/unit.js": "\n"}, "check_changed"),
    "attributes of the checkout": ({".gitattributes": "tests/*.py working-tree-encoding=UTF-16\n"}, "check_added"),
    "variables that a runner reads": ({".env": "PYTEST_ADDOPTS=-k nothing\n"}, "check_added"),
    "the version of the interpreter": ({".python-version": "2.7\n"}, "check_added"),
    "a package among the installed": ({"node_modules/.bin/jest": Link("../true")}, "check_linked"),
    "a module among the installed": ({"node_modules/jest/index.js": "\n"}, "check_added"),
    "a plug-in by its metadata": ({"x.dist-info/entry_points.txt": "[pytest11]\nx = cart\n"}, "check_added"),
    "sitecustomize": ({"sitecustomize.py": "\n"}, "check_added"),
    "a .pth file": ({"cart/x.pth": "import os\n"}, "check_added"),
}


@pytest.mark.parametrize(("change", "what"), DEFINED.values(), ids=DEFINED)
async def test_what_defines_how_a_check_runs_is_named(change: Change, what: str) -> None:
    got = await found(BASE, change, UNITTEST, SCRIPT, ("make", "test"), ("npm", "test"))
    assert got == [(path, what) for path in change]


NAMED = {
    "a program of the tree": (("tools/check",), "tools/check"),
    "behind an interpreter": (("sh", "tools/check"), "tools/check"),
    "in a shell's text": (("sh", "-c", "cd . && exec ./tools/check --all"), "tools/check"),
    "behind an option": (("pylint", "--rcfile=tools/check", "cart"), "tools/check"),
    "with its own variables": (("env", "X=1", "tools/check"), "tools/check"),
    "a module": (("{python}", "-m", "tools.run"), "tools/run.py"),
    "a package": (("{python}", "-m", "tools"), "tools/__main__.py"),
    "over a link": (("./linked",), "tools/check"),
    "over a linked folder": (("bin/check",), "tools/check"),
    "an interpreter": (("env/bin/python", "x.py"), "env/bin/python"),
    "a container's file": (("docker", "compose", "run", "test"), "compose.yaml"),
}


@pytest.mark.parametrize(("command", "path"), NAMED.values(), ids=NAMED)
@pytest.mark.parametrize("new", ["exit 0\n", Link("other"), None], ids=["changed", "linked", "removed"])
async def test_what_a_command_names_is_part_of_the_check(
    command: tuple[str, ...], path: str, new: str | Link | None
) -> None:
    base = {
        "tools/check": Executable("#!/bin/sh\n"),
        "tools/run.py": "x = 1\n",
        "tools/__main__.py": "x = 1\n",
        "linked": Link("tools/check"),
        "bin": Link("tools"),
        "env/bin/python": Executable("\n"),
        "compose.yaml": "services: {}\n",
    }
    what = "check_removed" if new is None else "check_linked" if isinstance(new, Link) else "check_changed"
    assert await found(base, {path: new}, command) == [(path, what)]
    assert await found(base, {"cart/total.py": "x = 2\n"}, command) == []


SUBJECTS = (
    ("grep", "-q", "color", "README"),
    ("sh", "-c", "grep -q color README && wc -l README"),
    ("{python}", "-m", "py_compile", "README"),
    ("env", "X=1", "ruff", "check", "README"),
)


@pytest.mark.parametrize("command", SUBJECTS, ids=" ".join)
async def test_a_file_that_a_command_judges_is_what_is_checked(command: tuple[str, ...]) -> None:
    assert await found({"README": "colour\n"}, {"README": "color\n"}, command) == []


@pytest.mark.parametrize(
    "command",
    [
        ("grep", "-q", "-f", "words", "README"),
        ("ruff", "check", "--config", "words", "."),
        ("pylint", "--rcfile=words", "cart"),
        ("cmp", "words", "README"),
        ("sh", "-c", "grep -q x README; cmp words README"),
    ],
    ids=" ".join,
)
async def test_a_file_by_which_a_command_judges_is_part_of_the_check(command: tuple[str, ...]) -> None:
    base = {"README": "a\n", "words": "b\n"}
    assert ("words", "check_changed") in await found(base, {"words": "a\n"}, command)


async def test_a_link_on_the_way_to_a_program_is_part_of_the_check() -> None:
    base = {"tools/check": Executable("\n"), "bin": Link("tools"), "fake/check": Executable("\n")}
    assert await found(base, {"bin": Link("fake")}, ("bin/check",)) == [("bin", "check_linked")]


async def test_scripts_that_start_each_other_in_a_circle_are_all_read() -> None:
    base = {
        name: Executable(f"#!/bin/sh\n./{after}\n")
        for name, after in (("a.sh", "b.sh"), ("b.sh", "c.sh"), ("c.sh", "a.sh"))
    }
    assert await found(base, {"c.sh": Executable("exit 0\n")}, ("./a.sh",)) == [("c.sh", "check_changed")]


# -- what is loaded instead --------------------------------------------------------------------------------------------

SHADOWS: dict[str, Change] = {
    "pytest": {"pytest.py": "\n"},
    "pytest as a package": {"pytest/__init__.py": "\n"},
    "unittest": {"unittest.py": "\n"},
    "unittest as a package": {"unittest/__init__.py": "\n"},
    "unittest as a link": {"unittest": Link("cart")},
    "unittest, compiled": {"unittest.pyc": b"\1"},
    "unittest as machine code": {"unittest.cpython-311-x86_64-linux-gnu.so": b"\1"},
    "what pytest imports": {"pluggy.py": "\n"},
    "the standard library": {"argparse.py": "\n"},
    "the standard library beside the tests": {"specs/traceback.py": "\n"},
    "the standard library in src": {"src/decimal.py": "\n"},
    "usercustomize somewhere": {"cart/minitest.rb": "\n"},
}


@pytest.mark.parametrize("change", SHADOWS.values(), ids=SHADOWS)
async def test_a_new_file_that_is_loaded_instead_of_a_module_is_named(change: Change) -> None:
    base = {**BASE, "specs/test_more.py": "def test_more():\n    assert 1\n"}
    assert await found(base, change, UNITTEST, PYTEST) == [(path, "shadow") for path in change]


async def test_a_module_of_the_projects_own_may_bear_any_name() -> None:
    own = {**BASE, "types.py": "x = 1\n", "cart/logging.py": "x = 1\n"}
    change = {"types.py": "x = 2\n", "cart/calendar.py": "x = 1\n", "cart/logging.py": "x = 2\n"}
    assert await found(own, change, UNITTEST, PYTEST) == []


COMPILED = (
    "cart/total.pyc",
    "cart/__pycache__/total.cpython-311.pyc",
    "tests/helper.pyc",
    "cart/total.so",
    "lib/x.jar",
)


@pytest.mark.parametrize("path", COMPILED)
async def test_compiled_code_is_named(path: str) -> None:
    assert await found(BASE, {path: b"\1\2"}, UNITTEST) == [(path, "compiled")]


# -- code that answers for its tests -----------------------------------------------------------------------------------

ANSWERS = {
    "ends the process": "import os\nos._exit(0)\n",
    "ends it under another name": "import os as o\no._exit(0)\n",
    "ends it by a name in a text": "import os\ngetattr(os, '_exit')(0)\n",
    "ends it by an import": "from os import _exit as bye\nbye(0)\n",
    "ends it at its exit": "import atexit\natexit.register(print)\n",
    "patches an assertion": "import unittest\nunittest.TestCase.assertEqual = lambda *_: None\n",
    "patches pytest": "import _pytest.runner\n",
    "patches what is built in": "import builtins\nbuiltins.sum = lambda _: 3\n",
    "looks who is there": "import sys\nhere = 'unittest' in sys.modules\n",
    "looks who calls": "import sys\ncaller = sys._getframe(1)\n",
    "looks at the stack": "import inspect\nnames = [one.function for one in inspect.stack()]\n",
    "equals everything": "class Price:\n    def __eq__(self, other):\n        return True\n",
    "equals everything in one line": "class Price:\n    __eq__ = lambda *_: True\n",
    "writes a report": "from pathlib import Path\nPath('/tmp/x').write_text('<testsuite/>')\n",
    "looks for its report": "import sys\nreport = [word for word in sys.argv if word.startswith('--junitxml')]\n",
    "rewrites the tests": "from pathlib import Path\nPath('tests/test_total.py').write_text('')\n",
    "rewrites a test by its name": "import os\nopen(os.path.join('x', 'test_total.py'), 'w').close()\n",
    "traces": "import sys\nsys.settrace(print)\n",
    "chooses the tests": "def load_tests(loader, tests, pattern):\n    return loader.suiteClass()\n",
    "is a plug-in": "def pytest_collection_modifyitems(items):\n    items.clear()\n",
    "is too much to be read": "x = [" + "1," * 300_000 + "]\n",
}


@pytest.mark.parametrize("text", ANSWERS.values(), ids=ANSWERS)
@pytest.mark.parametrize("path", ["cart/total.py", "cart/new.py"])
async def test_code_that_acts_on_the_test_run_is_named(path: str, text: str) -> None:
    got = await found(BASE, {path: f"{CODE}\n{text}" if path in BASE else text}, UNITTEST, PYTEST)
    assert got == [(path, "answer")]


async def test_what_the_code_did_before_is_not_held_against_a_run() -> None:
    code = f"import atexit\natexit.register(print)\n{CODE}"
    base = {**BASE, "cart/total.py": code}
    assert await found(base, {"cart/total.py": code.replace(" - 1", "")}, UNITTEST) == []
    twice = code.replace("(print)", "(print)\natexit.register(print)")
    assert await found(base, {"cart/total.py": twice}, UNITTEST) == [("cart/total.py", "answer")]


NEW_FILES = {
    "patches an assertion": "import unittest\nunittest.TestCase.assertEqual = lambda *_: None\n",
    "repairs the code for all others": "import cart.total\ncart.total.total = sum\n",
    "repairs it from inside of a test": "from cart import total\n\ndef test_x():\n    total.total = sum\n",
    "repairs it by name": "import cart.total\nsetattr(cart.total, 'total', sum)\n",
    "repairs it for good": "from unittest.mock import patch\npatch('cart.total.total', sum).start()\n",
    "ends the process": "import os\n\ndef test_x():\n    os._exit(0)\n",
    "is a plug-in": "pytest_plugins = ['cart.plug']\n",
    "replaces a module": "import sys\nsys.modules['cart.total'] = None\n",
}


@pytest.mark.parametrize("text", NEW_FILES.values(), ids=NEW_FILES)
async def test_a_new_file_of_tests_that_acts_on_other_tests_is_named(text: str) -> None:
    assert await found(BASE, {"tests/test_aaa.py": text}, UNITTEST) == [("tests/test_aaa.py", "answer")]


async def test_a_new_package_of_tests_with_statements_is_named() -> None:
    got = await found(BASE, {"tests/aaa/__init__.py": "import cart\n"}, UNITTEST)
    assert got == [("tests/aaa/__init__.py", "check_added")]


HOSTILE = {
    "braces of an f-string": ("a.py", 'x = f"' + "{1}" * 100_000 + '"'),
    "brackets": ("a.py", "x = " + "(" * 5000 + ")" * 5000),
    "signs": ("a.py", "x = " + "-" * 150_000 + "1"),
    "attributes": ("a.py", "x = a" + ".b" * 990),
    "statements": ("a.py", "x = 1\n" * 15_000),
    "spaces": ("a.js", "process.exit(" + " " * 500_000),
    "empty lines": ("a.js", "=" + "\n" * 500_000),
    "comments that never end": ("a.js", "/*" * 250_000),
    "quotes that never end": ("a.go", "`\n'\n\"\n" * 80_000),
    "words": ("a.js", "it " * 150_000),
    "marks": ("a.rs", "#[test]\n" * 60_000),
    "marks of modules": ("a.rs", "#[a]\n" * 80_000),
    "names": ("a.java", "a() throws b\n" * 40_000),
    "parts": ("pyproject.toml", "tool." + "a." * 60_000 + "b = 1"),
    "lists": ("package.json", "[" * 200_000),
    "words of a script": ("Makefile", "x/y " * 200_000),
}


@pytest.mark.parametrize(("name", "text"), HOSTILE.values(), ids=HOSTILE)
async def test_no_text_keeps_the_comparison_from_its_end(name: str, text: str) -> None:
    """As the product, as a new file of tests, and put among the tests of an old one."""
    stem, _, end = name.partition(".")
    paths = [name, f"tests/test_{stem}.{end}", f"tests/test_old.{end}"]
    async with within(60):
        base = {paths[-1]: "def test_a():\n    pass\n"}
        await found(base, dict.fromkeys(paths[:2], text) | {paths[-1]: f"{base[paths[-1]]}{text}"}, ("make", "doctest"))


async def test_nothing_that_was_not_changed_is_named() -> None:
    assert await found(BASE, {}, UNITTEST, PYTEST, SCRIPT) == []
