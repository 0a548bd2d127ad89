"""Which Chromium the browser tests drive. `python -m tests.browser.chromium` prints its path, or what to install."""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
NONE_FOUND = (
    "The browser tests need Chromium: install it (on Debian `apt-get install chromium`), or set CHROMIUM to its path, "
    "or run `.venv/bin/playwright install chromium`."
)


def find_chromium() -> Path | None:
    """CHROMIUM, else the machine's own, else the one Playwright has downloaded, else None.

    A CHROMIUM that is not there raises FileNotFoundError: another browser than the one asked for proves nothing.
    """
    asked = os.environ.get("CHROMIUM")
    if asked:
        found = shutil.which(asked)
        if found is None:
            raise FileNotFoundError(f"CHROMIUM is {asked!r}, which is no program on this machine.")
        return Path(found)
    for name in NAMES:
        found = shutil.which(name)
        if found:
            return Path(found)
    return downloaded_by_playwright()


def downloaded_by_playwright() -> Path | None:
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        path = Path(playwright.chromium.executable_path)
    return path if path.exists() else None


def main() -> int:
    try:
        found = find_chromium()
    except FileNotFoundError as missing:
        print(missing, file=sys.stderr)
        return 1
    print(found or NONE_FOUND, file=sys.stdout if found else sys.stderr)
    return 0 if found else 1


if __name__ == "__main__":
    sys.exit(main())
