from __future__ import annotations

import pytest

from jira_integration.client.guard import normalise_site
from jira_integration.setup.discover import cut_off, likely


@pytest.mark.parametrize(
    ("typed", "cut"),
    [
        ("https://acme.atlassian.net", ""),
        ("https://acme.atlassian.net/", ""),
        ("acme.atlassian.net/browse/SHOP-7", "/browse/SHOP-7"),
        (
            "https://acme.atlassian.net/jira/software/projects/SHOP/boards/1?x=2#y",
            "/jira/software/projects/SHOP/boards/1?x=2#y",
        ),
        ("https://intranet.test/jira/browse/SHOP-7", "/browse/SHOP-7"),
    ],
)
def test_what_is_left_out_of_a_typed_address_is_told(typed: str, cut: str) -> None:
    assert cut_off(typed, normalise_site(typed, keep_context=True)) == cut


@pytest.mark.parametrize(
    ("typed", "named"),
    [("https://ACME.atlassian.net/x", "acme.atlassian.net"), ("  two words ", "two words"), ("x" * 300, "x" * 80)],
)
def test_an_error_names_the_host_or_what_was_typed(typed: str, named: str) -> None:
    assert likely(typed) == named
