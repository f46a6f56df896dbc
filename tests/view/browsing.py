"""Run by the browser's own environment: opens a server's page, does steps, says what it saw.

usage: browsing.py BROWSER URL AXE STEPS, steps as JSON: ["open", hash], ["press", key],
["click", selector], ["fill", selector, text], ["text", selector], ["run", script],
["wait", script], ["size", width, height], ["theme", name], ["axe"], ["picture", path]. On stdout
one JSON object: what each step gave, all messages of the console, all that was asked for.
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
WAIT_MS, PAUSE_MS = 60_000, 100
# The page's rules forbid inline code: the checker is put in as the browser's own.
RULES = "async () => (await axe.run(document, {resultTypes: ['violations']})).violations"


def main(browser: str, url: str, axe: str, steps: str) -> None:
    messages: list[str] = []
    requests: list[str] = []
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=browser, args=ARGUMENTS)
        tab = chromium.new_page(viewport={"width": 1280, "height": 800})
        tab.set_default_timeout(WAIT_MS)
        tab.on("console", lambda message: messages.append(f"{message.type}: {message.text}"))
        tab.on("pageerror", lambda error: messages.append(f"error: {error}"))
        tab.on("request", lambda request: requests.append(request.url))
        found = [do(tab, url, Path(axe), *step) for step in json.loads(steps)]
        chromium.close()
    print(json.dumps({"found": found, "messages": messages, "requests": requests}))


def do(tab: Page, url: str, axe: Path, what: str, *given: str) -> object:
    steps: dict[str, Callable[..., object]] = {
        "open": lambda address: go(tab, url + address),
        "press": tab.keyboard.press,
        "click": tab.click,
        "fill": tab.fill,
        "text": tab.inner_text,
        "run": tab.evaluate,
        "wait": lambda script: wait(tab, script),
        "size": lambda width, height: tab.set_viewport_size(
            {"width": int(width), "height": int(height)}
        ),
        "theme": lambda name: tab.emulate_media(color_scheme=name),
        "axe": lambda: check(tab, axe),
        "picture": lambda path: len(tab.screenshot(path=path)),
    }
    return steps[what](*given)


def go(tab: Page, address: str) -> None:
    tab.goto("about:blank")  # Else another hash would be no new page.
    tab.goto(address)
    wait(tab, "document.querySelector('main[aria-busy=false]')")


def wait(tab: Page, script: str) -> None:
    """Ask again and again: the page's rules forbid the polling that Playwright puts into pages."""
    for _ in range(WAIT_MS // PAUSE_MS):
        if tab.evaluate(f"() => Boolean({script})"):
            return
        tab.wait_for_timeout(PAUSE_MS)
    raise TimeoutError(f"{script}, in a page with: {tab.inner_text('body')[:2000]}")


def check(tab: Page, axe: Path) -> list[str]:
    """The rules that are broken seriously, and where."""
    tab.evaluate(axe.read_text())
    return [
        f"{rule['id']}: {node['html'][:200]}"
        for rule in tab.evaluate(RULES)
        if rule["impact"] in ("serious", "critical")
        for node in rule["nodes"]
    ]


if __name__ == "__main__":
    main(*sys.argv[1:])
