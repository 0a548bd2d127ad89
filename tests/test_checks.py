"""What `manage.py check` says of the plug-in's settings."""

from __future__ import annotations

from typing import Any

import pytest
from cryptography.fernet import Fernet
from django.core.checks import run_checks
from pytest_django import Settings

from jira_integration.checks import NEEDED
from jira_integration.contracts import StorySource

MEMORY = {"default": {"BACKEND": "channels.layers.InMemoryChannelLayer"}}
PUBSUB = {"default": {"BACKEND": "channels_redis.pubsub.RedisPubSubChannelLayer", "CONFIG": {"hosts": ["redis://h"]}}}
CORE: dict[str, Any] = {"BACKEND": "channels_redis.core.RedisChannelLayer"}


class HalfASource:
    def projects_for(self, user: Any) -> list[Any]:
        return []


def found(deploy: bool = False) -> set[str]:
    return {
        str(message.id)
        for message in run_checks(include_deployment_checks=deploy)
        if str(message.id).startswith("jira_integration.")
    }


def test_the_site_as_it_is_has_no_errors() -> None:
    assert {code for code in found() if ".E" in code} == set()


@pytest.mark.parametrize(
    ("path", "code"),
    [
        ("", "E001"),
        ("no.such.module.Source", "E002"),
        (f"{__name__}.NoSuchClass", "E002"),
        (f"{__name__}.HalfASource", "E003"),
    ],
)
def test_a_missing_or_half_made_story_source_is_an_error(path: str, code: str, settings: Settings) -> None:
    settings.JIRA_STORY_SOURCE = path

    assert f"jira_integration.{code}" in found()


def test_the_check_asks_for_every_method_of_the_border() -> None:

    assert {"projects_for", "may", "snapshots", "apply", "base_template"} <= set(NEEDED)
    assert all(callable(getattr(StorySource, name)) for name in NEEDED)


@pytest.mark.parametrize(
    ("keys", "codes"),
    [
        ([], {"jira_integration.E004"}),
        ("", {"jira_integration.E004"}),
        (["short"], {"jira_integration.E005"}),
        ([Fernet.generate_key().decode(), "short"], {"jira_integration.E005"}),
        (Fernet.generate_key().decode(), set()),
    ],
    ids=["none", "empty", "not a key", "a good one and one that is none", "a good one"],  # the same in every process
)
def test_an_encryption_key_that_cannot_be_used_is_an_error(keys: Any, codes: set[str], settings: Settings) -> None:
    settings.FIELD_ENCRYPTION_KEY = keys

    assert found() & {"jira_integration.E004", "jira_integration.E005"} == codes


def test_no_message_holds_a_key(settings: Settings) -> None:
    settings.FIELD_ENCRYPTION_KEY = ["a-key-that-is-broken"]

    assert "a-key-that-is-broken" not in str(run_checks())


@pytest.mark.parametrize(
    ("url", "codes"),
    [
        ("", {"jira_integration.W001"}),
        ("http://stories.test", {"jira_integration.W002"}),
        ("https://stories.test", set()),
    ],
)
def test_an_address_that_jira_cannot_use_is_a_warning(url: str, codes: set[str], settings: Settings) -> None:
    settings.JIRA_PUBLIC_URL = url

    assert found(deploy=True) & {"jira_integration.W001", "jira_integration.W002"} == codes


@pytest.mark.parametrize(
    ("layers", "codes"),
    [
        (MEMORY, {"jira_integration.W003"}),
        ({}, {"jira_integration.W003"}),
        (PUBSUB, set()),
        ({"default": {**CORE, "CONFIG": {"hosts": ["redis://h"]}}}, {"jira_integration.W004"}),
        ({"default": {**CORE, "CONFIG": {"hosts": [{"address": "redis://h", "socket_timeout": None}]}}}, set()),
    ],
)
def test_a_layer_that_loses_news_or_sockets_is_a_warning(layers: Any, codes: set[str], settings: Settings) -> None:
    settings.CHANNEL_LAYERS = layers

    assert found(deploy=True) & {"jira_integration.W003", "jira_integration.W004"} == codes


def test_loopback_http_outside_rehearsals_is_a_warning(settings: Settings) -> None:
    settings.JIRA_ALLOW_LOOPBACK_HTTP = True

    assert "jira_integration.W005" in found(deploy=True)
