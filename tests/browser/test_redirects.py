"""Redirects in a real browser: a loop ends with the page, and a long row with its own page."""

import pytest

SITE = "http://localhost:5000"
PROGRAM = """
from retort import Flask, redirect, session, url_for

app = Flask(__name__)
app.secret_key = "a key"


@app.get("/a")
def a():
    session["round"] = session.get("round", 0) + 1
    return redirect("/b")


@app.get("/b")
def b():
    return redirect(url_for("a"))


@app.get("/count/<int:n>")
def count(n):
    return "the end" if n == 15 else redirect(url_for("count", n=n + 1))
"""

pytestmark = pytest.mark.xdist_group("redirects in the browser")


@pytest.fixture(scope="module")
def page(serve, browse, tmp_path_factory):
    program = tmp_path_factory.mktemp("program") / "shop.py"
    program.write_text(PROGRAM)
    with serve(str(program), "--debug") as site, browse(site) as page:
        yield page


def test_a_loop_shows_the_page_that_names_it(page):
    response = page.goto(f"{SITE}/a")

    assert response.status == 508
    assert page.inner_text("h1") == "Redirect loop: /a to /b to /a."
    assert "shop.py" in page.inner_text("main")
    assert "redirect(url_for('a')) in b()" in page.inner_text("main")


def test_a_row_that_ends_is_followed_to_its_end(page):
    response = page.goto(f"{SITE}/count/1")

    assert response.status == 200
    assert page.inner_text("body") == "the end"
