"""Run by the browser's own environment: opens a page, does what it is told, says what it saw.

usage: browsing.py BROWSER PAGE DOWNLOADS STEPS, steps as JSON: ["press", key], ["click", selector],
["select", selector, value], ["text", selector], ["count", selector], ["run", script], ["save"],
["reload"], ["picture", path]. On stdout one JSON object: what each step gave, all messages of the
console, all that was asked for.
"""

import json
import sys
from collections.abc import Callable
from pathlib import Path

from playwright.sync_api import Page, sync_playwright

ARGUMENTS = [
    *("--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
]
WAIT_MS = 30_000
READY = "#grid > *"


def main(browser: str, page: str, downloads: str, steps: str) -> None:
    messages: list[str] = []
    requests: list[str] = []
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=browser, args=ARGUMENTS)
        tab = chromium.new_page(viewport={"width": 1440, "height": 900})
        tab.set_default_timeout(WAIT_MS)
        tab.on("console", lambda message: messages.append(f"{message.type}: {message.text}"))
        tab.on("pageerror", lambda error: messages.append(f"error: {error}"))
        tab.on("request", lambda request: requests.append(request.url))
        tab.goto(Path(page).as_uri())
        tab.wait_for_selector(READY)
        found = [do(tab, Path(downloads), *step) for step in json.loads(steps)]
        chromium.close()
    print(json.dumps({"found": found, "messages": messages, "requests": requests}))


def do(tab: Page, downloads: Path, what: str, *given: str) -> object:
    steps: dict[str, Callable[..., object]] = {
        "press": tab.keyboard.press,
        "click": tab.click,
        "select": tab.select_option,
        "text": tab.inner_text,
        "count": lambda selector: tab.locator(selector).count(),
        "run": tab.evaluate,
        "reload": lambda: tab.reload() and None,
        "picture": lambda path: len(tab.screenshot(path=path)),
        "save": lambda: save(tab, downloads),
    }
    found = steps[what](*given)
    tab.wait_for_selector(READY)
    return found


def save(tab: Page, downloads: Path) -> str:
    with tab.expect_download() as download:
        tab.keyboard.press("s")
    name = download.value.suggested_filename
    download.value.save_as(downloads / name)
    return name


if __name__ == "__main__":
    main(*sys.argv[1:])
