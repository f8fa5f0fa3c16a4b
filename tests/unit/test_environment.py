"""A child gets what tells where things are, and nothing that opens anything."""

from ompycord.processes.environment import environment_of_child


def test_a_child_gets_only_what_is_named() -> None:
    ours = {
        "PATH": "/usr/bin",
        "HOME": "/home/bot",
        "LC_ALL": "C.UTF-8",
        "XDG_DATA_HOME": "/data",
        "PYTHONPATH": "/src",
        "DISCORD_TOKEN": "hunter2",
        "OMP_WEBHOOK_SECRET": "hunter2",
        "ANTHROPIC_API_KEY": "hunter2",
        "AWS_SECRET_ACCESS_KEY": "hunter2",
        "HTTPS_PROXY": "http://me:hunter2@proxy",
        "GIT_ASKPASS": "/x",
        "SSH_AUTH_SOCK": "/run/agent",
        "OMPYCORD_DATA_DIR": "/data/ompycord",
        "OMPYCORD_AGENTS__A__ENV__KEY": "hunter2",
    }
    child = environment_of_child(ours, more={"OMPYCORD_DATA_DIR"})
    assert set(child) == {"PATH", "HOME", "LC_ALL", "XDG_DATA_HOME", "PYTHONPATH", "OMPYCORD_DATA_DIR"}
