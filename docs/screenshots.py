"""Take the pictures of `debugging.md` again: ``.venv/bin/python docs/screenshots.py``.

Serves a small program in debug mode and needs what the browser's tests need. Pictures go to
``docs/_static/debug``, or to the folder that is given.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path
from typing import TYPE_CHECKING

from playwright.sync_api import Page, sync_playwright

if TYPE_CHECKING:
    from collections.abc import Iterator

FOLDER = Path(__file__).parent / "_static" / "debug"
PORT = 5988
SITE = f"http://localhost:{PORT}"
PROGRAM = '''\
from flask import Flask, redirect, request, url_for

app = Flask(__name__)


@app.get("/success/<name>")
def success(name):
    return f"welcome {name}"


@app.post("/login")
def login():
    user = request.form["nm"]
    return redirect(url_for("success", name=user))


@app.route("/total")
def total():
    """The price of a cup and a cake."""
    prices = {"tea": 3, "cake": "4"}  # coins
    password = "not shown"
    return f"{sum(prices.values())} coins"
'''


@contextlib.contextmanager
def served(folder: Path) -> Iterator[Path]:
    """Serve the program; its file can be changed."""
    program = folder / "login.py"
    program.write_text(PROGRAM)
    command = [sys.executable, "-m", "retort", "run", "--debug", "--port", str(PORT), program.name]
    environ = {**os.environ, "RETORT_EDITOR": "vscode://file/{path}:{line}"}
    with subprocess.Popen(command, cwd=folder, env=environ, stderr=subprocess.DEVNULL) as server:
        try:
            wait_for("/success/Ada")
            yield program
        finally:
            server.terminate()


def wait_for(path: str) -> None:
    for _ in range(100):
        with contextlib.suppress(OSError):
            urllib.request.urlopen(SITE + path).close()
            return
        time.sleep(0.2)
    raise SystemExit("The program is not served.")


def main(folder: Path) -> None:
    chromium = shutil.which("chromium") or shutil.which("google-chrome")
    with (
        tempfile.TemporaryDirectory() as home,
        served(Path(home)) as program,
        sync_playwright() as playwright,
    ):
        flags = ["--no-sandbox", "--disable-gpu"]
        browser = playwright.chromium.launch(executable_path=chromium, args=flags)
        page = browser.new_page(viewport={"width": 900, "height": 760})
        take_all(page, folder, program)
        browser.close()


def take_all(page: Page, folder: Path, program: Path) -> None:
    page.goto(f"{SITE}/login")
    page.screenshot(path=folder / "method.png")
    page.fill("label:text-is('nm') + input", "Ada")
    for method in ("DELETE", "POST"):
        page.click(f"button[value={method}]")
        page.wait_for_function(
            f"document.querySelector('[data-method={method}] output').value > '3'"
        )
    page.set_viewport_size({"width": 900, "height": 1000})
    page.locator("#try").evaluate("element => element.scrollIntoView({behavior: 'instant'})")
    page.screenshot(path=folder / "try-methods.png")

    page.set_viewport_size({"width": 900, "height": 760})
    page.goto(f"{SITE}/success/Ada")
    page.evaluate(
        """document.body.innerHTML =
        '<form action="/login" method="post"><input name="name" value="Ada"></form>'"""
    )
    page.evaluate("document.forms[0].submit()")
    page.wait_for_selector("#change")
    page.screenshot(path=folder / "field.png")

    page.emulate_media(color_scheme="dark")
    page.goto(f"{SITE}/total")
    page.click(".variables summary")
    page.mouse.move(0, 0)
    page.screenshot(path=folder / "traceback.png")

    page.set_viewport_size({"width": 360, "height": 740})
    page.goto(f"{SITE}/logn")
    page.screenshot(path=folder / "address-phone.png")

    page.emulate_media(color_scheme="light")
    page.set_viewport_size({"width": 900, "height": 760})
    program.write_text(PROGRAM.replace("def login():", "def login()"))
    page.wait_for_selector("text=The program does not start", timeout=60_000)
    page.screenshot(path=folder / "syntax.png")


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else FOLDER)
