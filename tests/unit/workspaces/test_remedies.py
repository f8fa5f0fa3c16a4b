"""The commands that raise the level of confinement on this system."""

import pytest

from ompycord.domain.repository import ConfinementLevel
from ompycord.workspaces.confinement.remedies import HostMachine, remedy

APPARMOR = ("kernel/apparmor_restrict_unprivileged_userns", "1")


@pytest.mark.parametrize(
    ("level", "machine", "words"),
    [
        ("full", HostMachine(platform="linux"), ""),
        ("files", HostMachine(platform="linux", distributions=("debian",)), "Run: sudo apt install bubblewrap; then"),
        (
            "files",
            HostMachine(platform="linux", distributions=("rocky", "rhel", "fedora")),
            "sudo dnf install bubblewrap",
        ),
        ("none", HostMachine(platform="linux"), "install bubblewrap"),
        ("none", HostMachine(platform="linux", has_bubblewrap=True), "landlock"),
        (
            "files+net",
            HostMachine(platform="linux", distributions=("ubuntu", "debian"), switches=(APPARMOR,)),
            "sudo apt install bubblewrap && sudo sysctl -w kernel.apparmor_restrict_unprivileged_userns=0;",
        ),
        (
            "files",
            HostMachine(platform="linux", has_bubblewrap=True, switches=(("user/max_user_namespaces", "0"),)),
            "Run: sudo sysctl -w user.max_user_namespaces=15000;",
        ),
        ("files", HostMachine(platform="linux", has_bubblewrap=True), "bwrap --unshare-user"),
        (
            "files",
            HostMachine(platform="linux", has_bubblewrap=True, is_root=True),
            "bwrap --unshare-user --disable-userns",
        ),
        ("files", HostMachine(platform="linux", is_root=True), "start it as a user of its own"),
        ("none", HostMachine(platform="linux", is_root=True, is_container=True), "bubblewrap 0.8 or newer"),
        ("full", HostMachine(platform="linux", is_root=True), ""),
        ("files", HostMachine(platform="linux", is_container=True), "--security-opt seccomp=unconfined"),
        ("none", HostMachine(platform="darwin"), "run agents on Linux"),
    ],
)
def test_what_raises_the_level_is_named_with_its_commands(
    level: ConfinementLevel, machine: HostMachine, words: str
) -> None:
    assert words in remedy(level, machine)
    assert bool(remedy(level, machine)) == bool(words)


def test_a_switch_that_forbids_nothing_is_left_alone() -> None:
    allowing = HostMachine(platform="linux", has_bubblewrap=True, switches=(("user/max_user_namespaces", "96365"),))
    assert "sysctl" not in remedy("files", allowing)
