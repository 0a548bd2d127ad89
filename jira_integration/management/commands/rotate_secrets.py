"""Bring every stored secret under the first encryption key. Procedure: docs/operations.md."""

from __future__ import annotations

import json
from argparse import ArgumentParser
from dataclasses import asdict
from typing import Any

from django.core.management.base import BaseCommand
from django.utils.translation import gettext as _

from jira_integration.rotation import Rotation, rotate


class Command(BaseCommand):
    help = (
        "Seal every stored secret with the first key of FIELD_ENCRYPTION_KEY; the site may run meanwhile. "
        "Exit status: 0 the other keys can be taken away, 1 they cannot yet."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--check", action="store_true", help="Count only; change nothing.")
        parser.add_argument("--json", action="store_true", help="One JSON object on standard output.")

    def handle(self, *args: Any, **options: Any) -> None:
        found = rotate(look_only=options["check"])
        left = found.unreadable + found.meanwhile + (found.renewed if options["check"] else 0)
        if options["json"]:
            self.stdout.write(json.dumps({**asdict(found), "older_keys_needed": bool(left)}))
        else:
            self.stdout.write(self._in_words(found, checked=options["check"]))
        if left:
            raise SystemExit(1)

    def _in_words(self, found: Rotation, *, checked: bool) -> str:
        renewed = _("%(count)d under an older key") if checked else _("%(count)d sealed again with the first key")
        lines = [
            (renewed, found.renewed, True),
            (_("%(count)d under the first key before"), found.current, True),
            (_("%(count)d changed meanwhile: run this again"), found.meanwhile, False),
            (
                _("%(count)d that no key in FIELD_ENCRYPTION_KEY opens: add the key, or enter them again"),
                found.unreadable,
                False,
            ),
        ]
        return "\n".join(text % {"count": count} for text, count, always in lines if count or always)
