"""What `manage.py check` says of the plug-in's settings. Errors stop the start, warnings name what will not work."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from cryptography.fernet import Fernet
from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, Warning, register
from django.db import OperationalError, ProgrammingError
from django.utils.module_loading import import_string

from jira_integration.conf import conf
from jira_integration.contracts import StorySource
from jira_integration.models import SecretCanary, SecretUnreadable

NEEDED = sorted(name for name in vars(StorySource) if not name.startswith("_"))


@register(Tags.compatibility)
def check_story_source(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    """The host's half of the border is there and whole."""
    path = conf.STORY_SOURCE
    hint = "Write a class with the methods of jira_integration.contracts.StorySource and name it here."
    if not path:
        return [Error("JIRA_STORY_SOURCE is not set.", hint=hint, id="jira_integration.E001")]
    try:
        found = import_string(path)
    except ImportError as missing:
        return [Error(f"JIRA_STORY_SOURCE cannot be imported: {missing}", hint=hint, id="jira_integration.E002")]
    lacking = [name for name in NEEDED if not callable(getattr(found, name, None))]
    if lacking:
        return [Error(f"{path} lacks {', '.join(lacking)}.", hint=hint, id="jira_integration.E003")]
    return []


@register(Tags.security)
def check_encryption_key(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    """Tokens can be sealed and opened. The message never holds a key."""
    given = getattr(settings, "FIELD_ENCRYPTION_KEY", None) or []
    keys: Sequence[Any] = [given] if isinstance(given, str | bytes) else list(given)
    hint = "Make one with `manage.py generate_encryption_key`."
    if not keys:
        return [Error("FIELD_ENCRYPTION_KEY is not set.", hint=hint, id="jira_integration.E004")]
    broken = [number for number, key in enumerate(keys, 1) if not _usable(key)]
    return [
        Error(f"Key {number} of FIELD_ENCRYPTION_KEY cannot be used.", hint=hint, id="jira_integration.E005")
        for number in broken
    ]


@register(Tags.database)
def check_canary(app_configs: Any, databases: Sequence[str] | None = None, **kwargs: Any) -> list[CheckMessage]:
    """The keys open what is stored. Asked where the database may be: `migrate`, and `check --database default`."""
    found: list[CheckMessage] = []
    for alias in databases or ():
        try:
            for canary in SecretCanary.objects.using(alias):
                canary.sing()
        except SecretUnreadable:
            found.append(
                Error(
                    "FIELD_ENCRYPTION_KEY does not open the secrets in the database: another key sealed them.",
                    hint="Set the key they were saved with, behind a new one if there is one. "
                    "If it is lost, every Jira login has to be entered again: docs/operations.md.",
                    id="jira_integration.E006",
                )
            )
        except (OperationalError, ProgrammingError):
            continue  # before the first migrate there is no canary
    return found


def _usable(key: Any) -> bool:
    try:
        Fernet(key)
    except (TypeError, ValueError):
        return False
    return True


@register(Tags.security, deploy=True)
def check_public_url(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    """Jira can be told where webhooks go, and issues can link back."""
    if not conf.PUBLIC_URL:
        return [
            Warning(
                "JIRA_PUBLIC_URL is not set: Jira cannot post webhooks here, and issues have no link back.",
                hint="Set it to this site's address, for example https://stories.example.com.",
                id="jira_integration.W001",
            )
        ]
    if not conf.PUBLIC_URL.startswith("https://"):
        return [Warning("JIRA_PUBLIC_URL does not start with https://.", id="jira_integration.W002")]
    return []


@register(Tags.async_support, deploy=True)
def check_channel_layer(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    """News reaches pages from another process."""
    layers: dict[str, Any] = getattr(settings, "CHANNEL_LAYERS", {}) or {}
    backend = str(layers.get("default", {}).get("BACKEND", ""))
    if not backend or "InMemory" in backend:
        return [
            Warning(
                "The channel layer stays inside one process: pages hear nothing from the workers, and poll instead.",
                hint="Use channels_redis.pubsub.RedisPubSubChannelLayer.",
                id="jira_integration.W003",
            )
        ]
    config = layers["default"].get("CONFIG", {})
    if backend.endswith("core.RedisChannelLayer") and not _waits_for_ever(config.get("hosts", [])):
        return [
            Warning(
                "channels_redis' core layer closes idle sockets after 5 s with this redis client.",
                hint='Use channels_redis.pubsub.RedisPubSubChannelLayer, or give its host "socket_timeout": None.',
                id="jira_integration.W004",
            )
        ]
    return []


def _waits_for_ever(hosts: Sequence[Any]) -> bool:
    return bool(hosts) and all(isinstance(host, dict) and host.get("socket_timeout", 5) is None for host in hosts)


@register(Tags.security, deploy=True)
def check_loopback(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    """Tokens do not travel in the clear."""
    if conf.ALLOW_LOOPBACK_HTTP:
        return [
            Warning(
                "JIRA_ALLOW_LOOPBACK_HTTP is on: it is for rehearsing with the sandbox only.",
                id="jira_integration.W005",
            )
        ]
    return []
