"""Debian's Chromium, quiet and headless, as the browser tests and the screenshots open it."""

import shutil

from playwright.sync_api import Browser, Playwright

_ARGUMENTS = (
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
)  # fmt: skip


def open_chromium(playwright: Playwright) -> Browser:
    """`make test` installs it where it may."""
    found = shutil.which("chromium") or shutil.which("chromium-browser")
    assert found, "Please type: sudo apt-get install -y chromium fonts-thai-tlwg"
    return playwright.chromium.launch(executable_path=found, args=list(_ARGUMENTS))
