"""Settings: command line > environment > `.env` > secret folder > `ompycord.yml` > profile > defaults.

They are read by cli and app alone. An unknown key is an error that names the key; a value is never printed. An empty
value counts as absent.
"""

from ompycord.settings.kinds import settings_schema, settings_with
from ompycord.settings.layers import (
    NAMED,
    NOT_SETTINGS,
    PROFILES,
    SECRETS,
    config_file,
    is_of_orchestrator,
    load_settings,
    read_dotenv,
    read_yaml,
    secret_folder,
)
from ompycord.settings.model import (
    PREFIX,
    DiscordSettings,
    LogSettings,
    NotifySettings,
    PlaygroundSettings,
    Settings,
    WebhookSettings,
)
from ompycord.settings.proxy import proxy_of_environment

__all__ = [
    "NAMED",
    "NOT_SETTINGS",
    "PREFIX",
    "PROFILES",
    "SECRETS",
    "DiscordSettings",
    "LogSettings",
    "NotifySettings",
    "PlaygroundSettings",
    "Settings",
    "WebhookSettings",
    "config_file",
    "is_of_orchestrator",
    "load_settings",
    "proxy_of_environment",
    "read_dotenv",
    "read_yaml",
    "secret_folder",
    "settings_schema",
    "settings_with",
]
