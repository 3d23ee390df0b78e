"""JupyterLab in Chromium, as a learner has it: opens lessons, runs cells, types, presses keys,
looks.
"""

import os
import re
import shutil
import socket
import subprocess
import sys
import time
from pathlib import Path

HOW_TO_GET_ONE = (
    "no Chromium found: `apt install chromium`, or name one in AIGC_CHROMIUM; or `python -m "
    "playwright install chromium`"
)
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--mute-audio",
]
CELL = ".jp-Notebook .jp-Cell"


def chromium():
    """Path of a Chromium, "" for Playwright's own, None when there is none."""
    found = os.environ.get("AIGC_CHROMIUM") or next(
        filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None
    )
    if found:
        return found
    from playwright.sync_api import sync_playwright

    with sync_playwright() as play:
        return "" if Path(play.chromium.executable_path).exists() else None


class Server:
    """`python -m aigc_course lab` with folders of its own."""

    def __init__(self, folder: Path, **environment: str):
        self.folder, port = folder, _free_port()
        own = {
            f"JUPYTER_{what}": str(folder / what.lower())
            for what in ("CONFIG_DIR", "DATA_DIR", "RUNTIME_DIR")
        }
        own |= {
            f"JUPYTERLAB_{what}_DIR": str(folder / what.lower())
            for what in ("SETTINGS", "WORKSPACES")
        }
        kept = {
            k: v for k, v in os.environ.items() if not k.startswith(("PYTEST", "NBGRADER"))
        }  # progress is kept outside tests only
        command = [
            sys.executable,
            "-m",
            "aigc_course",
            "lab",
            "--no-browser",
            f"--port={port}",
            "--IdentityProvider.token=secret",
            "--LabApp.expose_app_in_browser=True",
        ]
        environment = (
            kept | own | {"AIGC_HOME": str(folder / "home"), "AIGC_SCALE": "smoke"} | environment
        )
        self.log = (folder / "server.log").open("w+")
        self.process = subprocess.Popen(
            command, env=environment, cwd=folder, stdout=self.log, stderr=subprocess.STDOUT
        )
        self.address = f"http://127.0.0.1:{port}"
        for _ in range(600):
            if listens(port):
                return
            assert self.process.poll() is None, (folder / "server.log").read_text()
            time.sleep(0.1)
        raise AssertionError((folder / "server.log").read_text())

    def stop(self):
        self.process.terminate()
        self.process.wait(30)
        self.log.close()


def listens(port: int) -> bool:
    """Whether a server on this machine takes connections there."""
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def _free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Notebook:
    """One notebook open in one page."""

    def __init__(self, page, server: Server, name: str):
        self.page = page
        page.goto(f"{server.address}/lab/tree/notebooks/{name}.ipynb?reset&token=secret")
        self.ready()

    def ready(self):
        """Wait for a kernel that has nothing to do, and for all cells."""
        self.page.locator(".jp-StatusBar-TextItem", has_text="| Idle").first.wait_for(
            timeout=90_000
        )
        self.page.locator(CELL).first.wait_for(timeout=60_000)
        self.page.wait_for_function(f"document.querySelectorAll('{CELL}').length > 3")

    def cell(self, index: int):
        return self.page.locator(CELL).nth(index)

    def count(self) -> int:
        return self.page.locator(CELL).count()

    def command(self, name: str, **arguments):
        self.page.evaluate(
            "([name, arguments]) => window.jupyterapp.commands.execute(name, arguments)",
            [name, arguments],
        )

    def run_all(self, seconds: float = 240):
        self.page.get_by_role("menuitem", name="Run", exact=True).first.click()
        self.page.get_by_role("menuitem", name="Run All Cells", exact=True).click()
        self.page.wait_for_timeout(500)
        self.wait_until_done(seconds)

    def wait_until_done(self, seconds: float = 120):
        prompts = (
            f"[...document.querySelectorAll('{CELL} .jp-InputPrompt')].map(e => e.textContent)"
        )
        self.page.wait_for_function(
            f"!{prompts}.some(text => text.includes('*'))", timeout=seconds * 1000
        )
        self.page.locator(".jp-StatusBar-TextItem", has_text="| Idle").first.wait_for(
            timeout=30_000
        )

    def write(self, index: int, source: str):
        """Replace the source of a cell, by keyboard, and run it."""
        editor = self.cell(index).locator(".cm-content")
        editor.scroll_into_view_if_needed()
        editor.click()
        self.page.keyboard.press("Control+A")
        self.page.keyboard.insert_text(source)
        self.page.keyboard.press("Control+Enter")
        self.page.wait_for_timeout(200)
        self.wait_until_done()

    def append(self, source: str) -> int:
        """Add a cell at the end and run it; gives its index."""
        last = self.count() - 1
        self.cell(last).scroll_into_view_if_needed()
        self.cell(last).locator(
            ".jp-InputArea, .jp-MarkdownOutput, .jp-Cell-inputArea"
        ).first.click()
        self.page.keyboard.press("Escape")
        self.page.keyboard.press("b")
        self.page.wait_for_function(f"document.querySelectorAll('{CELL}').length == {last + 2}")
        self.write(last + 1, source)
        return last + 1

    def output(self, index: int) -> str:
        area = self.cell(index).locator(".jp-OutputArea-output")
        return "\n".join(area.nth(i).inner_text() for i in range(area.count()))

    def errors(self) -> list[str]:
        """Names of the errors that cells show."""
        shown = self.page.locator(
            f'{CELL} .jp-RenderedText[data-mime-type="application/vnd.jupyter.stderr"], '
            f"{CELL} .jp-OutputArea-output"
        )
        return [
            text
            for text in shown.all_inner_texts()
            if re.search(r"^\w*(?:Error|Exception|Interrupt)\b.*Traceback", text, re.M)
        ]

    def overflowing(self) -> list[str]:
        """Outputs that are wider than their place."""
        return self.page.evaluate(
            f"""() => [...document.querySelectorAll('{CELL} .jp-OutputArea-output')]
                .filter(e => e.scrollWidth > e.clientWidth + 2 && !e.querySelector('pre, table'))
                .map(e => e.outerHTML.slice(0, 200))"""
        )

    def press(self, handle, key: str, watched: str) -> float:
        """Press a key on a control of a widget; milliseconds until something in the watched part
        changes.

        Args:
            handle: locator of the control.
            watched: CSS selector of what is to change.
        """
        handle.focus()
        self.page.evaluate(
            """selector => {
                const seen = window.seen = { pressed: 0, changed: 0 };
                const pressed = () => { seen.pressed ||= performance.now(); };
                addEventListener("keydown", pressed, { capture: true, once: true });
                const watcher = new MutationObserver(() => {
                    if (seen.pressed) { seen.changed ||= performance.now(); }
                });
                const all = {
                    childList: true, subtree: true, characterData: true, attributes: true
                };
                for (const part of document.querySelectorAll(selector)) {
                    watcher.observe(part, all);
                }
            }""",
            watched,
        )
        self.page.keyboard.press(key)
        self.page.wait_for_function("window.seen.changed > 0", timeout=4000)
        return self.page.evaluate("window.seen.changed - window.seen.pressed")
