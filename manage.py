#!/usr/bin/env python
"""Django's command line for Stories & QA."""

from __future__ import annotations

import os
import sys

from config import local


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    local.join(os.environ, sys.argv)
    from django.core.management import execute_from_command_line

    execute_from_command_line(sys.argv)


if __name__ == "__main__":
    main()
