"""A real browser: Debian's Chromium, driven by Playwright."""

from __future__ import annotations

import contextlib
import shutil
import subprocess
import sys

import pytest
from playwright.sync_api import sync_playwright

BROWSERS = ("chromium", "chromium-browser", "google-chrome")
FLAGS = [
    "--headless",
    "--no-sandbox",  # as root, which CI is, there is no sandbox to have
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    # no calls home: tests run where there is no network
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


@pytest.fixture(scope="session")
def chromium_path():
    """Where Chromium is; tests are skipped if it, or what drives it, does not start here."""
    path = next(filter(None, map(shutil.which, BROWSERS)), None)
    if path is None:
        pytest.skip("There is no Chromium here. On Debian: apt-get install chromium")
    driver = [sys.executable, "-m", "playwright", "--version"]
    done = subprocess.run(driver, capture_output=True, text=True, check=False)
    if done.returncode != 0:  # Node.js of its own, which lacks a library
        error = done.stderr.strip()
        pytest.skip(f"Playwright does not start. On Debian: apt-get install libatomic1 ({error})")
    return path


# Not for the whole session: as long as Playwright runs, so does its event loop in this thread,
# and asyncio code in other tests would find it.
@pytest.fixture(scope="module")
def chromium(chromium_path):
    with sync_playwright() as playwright:
        yield playwright.chromium, chromium_path


@pytest.fixture(scope="module")
def browse(chromium):
    """Open a browser in which localhost:5000 is the given site: `with browse(site) as page:`.

    The tutorial's form names port 5000. The browser connects to the site's port instead, so that
    tests can run in parallel. The second argument is another name for the site: `browse(site,
    "shop.test:80")`.
    """
    launcher, path = chromium

    @contextlib.contextmanager
    def browse(site, name="localhost:5000"):
        stand_in = f"--host-resolver-rules=MAP {name} {site.host}:{site.port}"
        browser = launcher.launch(executable_path=path, args=[*FLAGS, stand_in])
        try:
            yield browser.new_page()
        finally:
            browser.close()

    return browse


CONTRASTS = """
() => {
  const probe = document.createElement('canvas').getContext('2d', {willReadFrequently: true});
  const light = (colour) => {
    probe.fillStyle = colour;
    probe.fillRect(0, 0, 1, 1);
    const [r, g, b] = [...probe.getImageData(0, 0, 1, 1).data].map(part => {
      const share = part / 255;
      return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
    });
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const behind = (element) => {
    for (let one = element; one; one = one.parentElement) {
      const ground = getComputedStyle(one).backgroundColor;
      if (ground !== 'rgba(0, 0, 0, 0)') return ground;
    }
    return 'white';
  };
  const found = [];
  for (const element of document.querySelectorAll('body *')) {
    const hasText = [...element.childNodes].some(node => node.nodeType === 3 && node.data.trim());
    if (!hasText || !element.checkVisibility() || element.closest('script, style')) continue;
    const [a, b] = [light(getComputedStyle(element).color), light(behind(element))];
    const ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
    if (ratio < 4.5) found.push(`${element.tagName}.${element.className} ${ratio}`);
  }
  return found;
}
"""


@pytest.fixture
def low_contrasts():
    """The texts of a page that cannot be read well."""
    return lambda page: page.evaluate(CONTRASTS)
