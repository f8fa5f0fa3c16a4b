"""Resolve `requirements.lock` and `requirements-dev.lock` from pyproject.toml; counterpart of the Makefile's installs.

Universal over Python 3.11 to 3.13, with hashes, without any index line (a lock names no host). Extras stay in it: pip
before 23.3 takes `coverage[toml]` for another project than a pinned `coverage`, and refuses it unpinned once a newer
one is out.
"""

import shutil
import subprocess
import sys

COMMON = (
    "--universal",
    "--python-version",
    "3.11",
    "--generate-hashes",
    "--no-strip-extras",
    "--no-emit-index-url",
    "--no-emit-find-links",
)
LOCKS: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("requirements.lock", ("--extra", "acp", "--extra", "llm", "--group", "build")),
    (
        "requirements-dev.lock",
        ("--extra", "acp", "--extra", "llm", "--group", "build", "--group", "dev", "-c", "requirements.lock"),
    ),
)


def main() -> int:
    """Write both locks; exit 1 with the resolver's own words when it fails, 69 without uv."""
    uv = shutil.which("uv")
    if uv is None:
        sys.stderr.write("make lock needs uv: python -m pip install 'uv>=0.13,<0.14', then again.\n")
        return 69
    for name, extra in LOCKS:
        command = [uv, "pip", "compile", "--quiet", *COMMON, "--custom-compile-command", "make lock", *extra]
        done = subprocess.run([*command, "pyproject.toml", "-o", name], check=False)  # noqa: S603  # fixed arguments
        if done.returncode:
            return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
