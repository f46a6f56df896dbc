"""Run by the browser's own environment: opens pages, does steps, says what it saw.

usage: browsing.py BROWSER. Each line of stdin is a JSON object with `url`, `settings` and `steps`,
which are done in a session of their own, as in a browser that was just installed: ["open", rest of
the url], ["press", key], ["click", selector], ["fill", selector, text], ["select", selector,
value], ["text", selector], ["count", selector], ["run", script], ["wait", script], ["reload"],
["size", width, height], ["theme", name], ["axe"], ["save"], ["picture", path]. On stdout a line
with a JSON object for each: what each step gave, all messages of the console, all that was asked
for. A step that fails ends the program. It ends with its stdin, too, and the browser with it.
"""

import json
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, Page, sync_playwright

ARGUMENTS = [
    *("--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
]
PAUSE_MS = 100
# The page's rules forbid inline code: the checker is put in as the browser's own.
RULES = (
    "async () => (await axe.run("
    "document, {resultTypes: ['violations'], preload: false})).violations"
)


@dataclass
class Settings:
    """`ready` selects what is seen after each step; axe's script and a folder, for their steps."""

    ready: str
    width: int
    height: int
    wait_ms: int
    axe: str = ""
    downloads: str = ""


def main(browser: str) -> None:
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=browser, args=ARGUMENTS)
        for line in sys.stdin:
            print(json.dumps(browse(chromium, **json.loads(line))), flush=True)
        chromium.close()


def browse(
    chromium: Browser, url: str, settings: dict[str, Any], steps: list[list[Any]]
) -> dict[str, list[Any]]:
    """Do steps in a new session; what there is to say of it."""
    given = Settings(**settings)
    messages: list[str] = []
    requests: list[str] = []
    with chromium.new_context(viewport={"width": given.width, "height": given.height}) as session:
        tab = session.new_page()
        tab.set_default_timeout(given.wait_ms)
        tab.on("console", lambda message: messages.append(f"{message.type}: {message.text}"))
        tab.on("pageerror", lambda error: messages.append(f"error: {error}"))
        tab.on("request", lambda request: requests.append(request.url))
        found = [do(tab, url, given, *step) for step in steps]
    return {"found": found, "messages": messages, "requests": requests}


def do(tab: Page, url: str, settings: Settings, what: str, *given: str) -> object:
    steps: dict[str, Callable[..., object]] = {
        "open": lambda rest: go(tab, url + rest),
        "press": tab.keyboard.press,
        "click": tab.click,
        "fill": tab.fill,
        "select": tab.select_option,
        "text": tab.inner_text,
        "count": lambda selector: tab.locator(selector).count(),
        "run": tab.evaluate,
        "wait": lambda script: wait(tab, script, settings.wait_ms),
        "reload": lambda: tab.reload() and None,
        "size": lambda width, height: tab.set_viewport_size(
            {"width": int(width), "height": int(height)}
        ),
        "theme": lambda name: tab.emulate_media(color_scheme=name),
        "axe": lambda: check(tab, settings.axe),
        "save": lambda: save(tab, settings.downloads),
        "picture": lambda path: len(tab.screenshot(path=path)),
    }
    found = steps[what](*given)
    tab.wait_for_selector(settings.ready)
    return found


def go(tab: Page, address: str) -> None:
    tab.goto("about:blank")  # Else another hash would be no new page.
    tab.goto(address)


def wait(tab: Page, script: str, wait_ms: int) -> None:
    """Ask again and again: the page's rules forbid the polling that Playwright puts into pages."""
    for _ in range(wait_ms // PAUSE_MS):
        if tab.evaluate(f"() => Boolean({script})"):
            return
        tab.wait_for_timeout(PAUSE_MS)
    raise TimeoutError(f"{script}, in a page with: {tab.inner_text('body')[:2000]}")


def check(tab: Page, axe: str) -> list[str]:
    """The rules that are broken seriously, and where."""
    tab.evaluate(Path(axe).read_text())
    return [
        f"{rule['id']}: {node['html'][:200]}"
        for rule in tab.evaluate(RULES)
        if rule["impact"] in ("serious", "critical")
        for node in rule["nodes"]
    ]


def save(tab: Page, downloads: str) -> str:
    """What the key S downloads is kept in the folder; returns its name."""
    with tab.expect_download() as download:
        tab.keyboard.press("s")
    name = download.value.suggested_filename
    download.value.save_as(Path(downloads) / name)
    return name


if __name__ == "__main__":
    main(sys.argv[1])
