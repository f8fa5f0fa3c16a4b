"""The commands that raise the level of confinement on this system."""

import pytest

from ompycord.domain.repository import ConfinementLevel
from ompycord.workspaces.confinement.remedies import Machine, remedy

APPARMOR = ("kernel/apparmor_restrict_unprivileged_userns", "1")


@pytest.mark.parametrize(
    ("level", "machine", "words"),
    [
        ("full", Machine(platform="linux"), ""),
        ("files", Machine(platform="linux", distributions=("debian",)), "Run: sudo apt install bubblewrap; then"),
        ("files", Machine(platform="linux", distributions=("rocky", "rhel", "fedora")), "sudo dnf install bubblewrap"),
        ("none", Machine(platform="linux"), "install bubblewrap"),
        ("none", Machine(platform="linux", has_bubblewrap=True), "landlock"),
        (
            "files+net",
            Machine(platform="linux", distributions=("ubuntu", "debian"), switches=(APPARMOR,)),
            "sudo apt install bubblewrap && sudo sysctl -w kernel.apparmor_restrict_unprivileged_userns=0;",
        ),
        (
            "files",
            Machine(platform="linux", has_bubblewrap=True, switches=(("user/max_user_namespaces", "0"),)),
            "Run: sudo sysctl -w user.max_user_namespaces=15000;",
        ),
        ("files", Machine(platform="linux", has_bubblewrap=True), "bwrap --unshare-user"),
        (
            "files",
            Machine(platform="linux", has_bubblewrap=True, is_root=True),
            "bwrap --unshare-user --disable-userns",
        ),
        ("files", Machine(platform="linux", is_root=True), "start it as a user of its own"),
        ("none", Machine(platform="linux", is_root=True, is_container=True), "bubblewrap 0.8 or newer"),
        ("full", Machine(platform="linux", is_root=True), ""),
        ("files", Machine(platform="linux", is_container=True), "--security-opt seccomp=unconfined"),
        ("none", Machine(platform="darwin"), "run agents on Linux"),
    ],
)
def test_what_raises_the_level_is_named_with_its_commands(
    level: ConfinementLevel, machine: Machine, words: str
) -> None:
    assert words in remedy(level, machine)
    assert bool(remedy(level, machine)) == bool(words)


def test_a_switch_that_forbids_nothing_is_left_alone() -> None:
    allowing = Machine(platform="linux", has_bubblewrap=True, switches=(("user/max_user_namespaces", "96365"),))
    assert "sysctl" not in remedy("files", allowing)
