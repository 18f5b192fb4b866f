"""Redirects that lead to each other: the warning, the page, and what is none."""

import logging

import pytest
import werkzeug.test
from markupsafe import Markup

from retort.devtools import with_debugger
from retort.devtools.redirects import MAX_IN_A_ROW, RedirectPages, Rows
from retort.devtools.warnings import warnings_of, watch

BROWSER = {"Accept": "text/html,*/*;q=0.8", "User-Agent": "Browser"}
PROGRAM = """
    from flask import Flask, redirect, request, session, url_for

    app = Flask(__name__)
    app.secret_key = 'key of a test'
"""
TWO = """
    @app.get('/a')
    def a():
        return redirect('/b')

    @app.get('/b')
    def b():
        return redirect(url_for('a'))
"""
ENDING = """
    @app.get('/a')
    def a():
        return redirect('/b')

    @app.get('/b')
    def b():
        return 'b'
"""


def visible(response):
    """The text of a page."""
    return Markup(response.text).striptags()


@pytest.fixture
def browse(mistake):
    """Write a program, and follow its redirects as a browser does, at most 20 times."""

    def browse(program, path="/a", method="GET", headers=None, follow=20):
        mistake.write("program.py", PROGRAM + program)
        app = mistake.load()
        app.logger.disabled = False
        watch(app)
        client = werkzeug.test.Client(with_debugger(app, console=False))
        for _ in range(follow + 1):
            response = client.open(path, method=method, headers=headers or BROWSER, buffered=True)
            if response.status_code not in (301, 302, 303, 307, 308):
                break
            path = response.location
            if response.status_code not in (307, 308):
                method = "GET"
        return response

    return browse


# The page


def test_a_loop_has_a_page_before_the_browser_gives_up(mistake, browse, caplog):
    response = browse(TWO)

    assert response.status == "508 Loop Detected"
    assert response.mimetype == "text/html"
    for words in (
        "Redirect loop: /a to /b to /a.",
        "302 to /b: redirect('/b') in a()",
        "302 to /a: redirect(url_for('a')) in b()",
        "Return a page at one of these addresses.",
        "This page replaces redirect number 15 in a row",
        "program.py:8",
    ):
        assert words in visible(response)
    lines = [record.getMessage() for record in caplog.records if record.name == "program"]
    assert sum("Redirect loop" in line for line in lines) == 1
    assert all(record.levelno == logging.WARNING for record in caplog.records)


def test_a_terminal_gets_the_page_as_text(browse):
    response = browse(TWO, headers={"User-Agent": "curl/8"})

    assert response.status_code == 508
    assert response.mimetype == "text/plain"
    assert "Redirect loop: /a to /b to /a." in visible(response)


def test_the_line_of_a_redirect_to_itself_is_shown(browse):
    response = browse(
        """
    @app.get('/a')
    def a():
        if request.args:
            return redirect('/elsewhere')
        return redirect('/a')
    """
    )

    assert "Redirect loop: /a to /a." in visible(response)
    assert "program.py:10" in visible(response)


def test_a_function_before_the_request_is_named_as_what_has_to_let_it_pass(browse):
    response = browse(
        """
    @app.before_request
    def check():
        if 'user' not in session:
            return redirect(url_for('login'))

    @app.route('/login', methods=['GET', 'POST'])
    def login():
        if request.method == 'POST':
            return redirect(url_for('index'))
        return 'who?'

    @app.get('/')
    def index():
        return 'index'
    """,
        "/",
    )

    assert "Redirect loop: /login to /login." in visible(response)
    assert "Let check() return None for /login." in visible(response)
    assert "redirect(url_for('login')) in check()" in visible(response)


def test_a_query_that_grows_is_a_loop_too(browse):
    response = browse(
        """
    @app.get('/a')
    def a():
        return redirect(url_for('a', next=request.full_path))
    """
    )

    assert response.status_code == 508
    assert "Redirect loop: /a to /a, with another query each time." in visible(response)


def test_addresses_without_a_loop_are_counted(browse):
    response = browse(
        """
    @app.get('/<int:n>')
    def number(n):
        return redirect(url_for('number', n=n + 1))
    """,
        "/1",
    )

    assert response.status_code == 508
    assert "15 redirects in a row: /1 to /16." in visible(response)


def test_a_redirect_of_the_route_is_told_from_that_of_a_view(browse):
    response = browse(
        """
    @app.get('/a/')
    def a():
        return redirect('/a')
    """,
        "/a/",
    )

    assert response.status_code == 508
    assert "308 to /a/: by the route" in visible(response)
    assert "302 to /a: redirect('/a') in a()" in visible(response)


def test_a_post_that_is_kept_by_its_redirects_is_followed(browse):
    response = browse(
        """
    @app.post('/a')
    def a():
        return redirect('/a', 307)
    """,
        method="POST",
    )

    assert response.status_code == 508
    assert "Redirect loop: /a to /a." in visible(response)


def test_a_computed_target_beside_another_has_no_line(browse):
    response = browse(
        """
    @app.get('/a')
    def a():
        if request.args.get('next'):
            return redirect(request.args['next'])
        return redirect('/' + 'a')
    """
    )

    assert "Redirect loop: /a to /a." in visible(response)
    assert "in a()" not in visible(response)


@pytest.mark.parametrize(
    "other",
    [
        "@app.errorhandler(401)\n    def refused(error):\n        return redirect('/a')",
        "@app.after_request\n    def after(response):\n        return redirect('/a')",
        "@app.before_request\n    def before():\n        return redirect('/a')",
    ],
)
def test_no_line_is_named_if_another_function_may_have_made_the_redirect(browse, other):
    response = browse(
        f"""
    {other}

    @app.get('/a')
    def a():
        if not request.args:
            return redirect('/a')
    """
    )

    assert "Redirect loop: /a to /a." in visible(response)
    assert "in a()" not in visible(response)
    assert "Return a page at /a." in visible(response)


def test_a_secret_in_a_query_is_not_shown(browse):
    response = browse(
        """
    app.config['TOKEN'] = ''.join(['sword', 'fish'])

    @app.get('/a')
    def a():
        return redirect('/a?token=' + app.config['TOKEN'])
    """
    )

    assert response.status_code == 508
    assert "swordfish" not in response.text


# The warning


def test_a_redirect_is_reported_when_it_is_made_again(mistake, browse):
    browse(TWO, follow=1)
    assert warnings_of(mistake.app) == []

    browse(TWO, follow=2)
    [warning] = warnings_of(mistake.app)
    assert warning.what == "Redirect loop: /a to /b to /a."


# What is none


def test_redirects_that_end_are_neither_reported_nor_replaced(mistake, browse):
    assert browse(ENDING).text == "b"
    assert warnings_of(mistake.app) == []


def test_a_redirect_that_ends_after_a_round_is_no_loop(mistake, browse):
    """The first visit prepares something, and leads back."""
    response = browse(
        """
    ready = []

    @app.get('/a')
    def a():
        return 'page' if ready else redirect('/prepare')

    @app.get('/prepare')
    def prepare():
        ready.append(1)
        return redirect('/a')
    """
    )

    assert response.text == "page"
    assert warnings_of(mistake.app) == []


def test_rows_that_a_browser_follows_to_the_end_are_unchanged(browse):
    response = browse(
        """
    @app.get('/<int:n>')
    def number(n):
        return 'page' if n == 15 else redirect(url_for('number', n=n + 1))
    """,
        "/1",
    )

    assert response.text == "page"


def test_without_debug_mode_nothing_is_replaced(mistake):
    mistake.write("program.py", PROGRAM + TWO)
    client = werkzeug.test.Client(mistake.load())

    path = "/a"
    for _ in range(MAX_IN_A_ROW + 5):
        response = client.get(path)
        path = response.location

    assert response.status_code == 302


# Rows


def environ(path="/a", method="GET", agent="Browser"):
    return {
        **werkzeug.test.create_environ(path, method=method),
        "REMOTE_ADDR": "127.0.0.1",
        "HTTP_USER_AGENT": agent,
    }


def test_a_row_is_that_of_one_client():
    rows = Rows()
    rows.follow(environ("/a"), 302, "/b")

    assert len(rows.follow(environ("/b", agent="curl"), 302, "/c")) == 1
    assert len(rows.follow(environ("/b"), 302, "/c")) == 2


def test_other_requests_of_the_client_do_not_end_a_row():
    rows = Rows()
    rows.follow(environ("/a"), 302, "/b")
    rows.follow(environ("/style.css"), 200, None)

    assert len(rows.follow(environ("/b"), 302, "/a")) == 2


@pytest.mark.parametrize(
    ("location", "path"),
    [
        ("/b", "/b"),
        ("b", "/b"),
        ("http://localhost/b", "/b"),
        ("http://LOCALHOST/b#part", "/b"),
        ("/%C3%A9?q=%C3%A9", "/é?q=é"),
        ("/é", "/%C3%A9"),
        ("?page=2", "/a?page=2"),
    ],
)
def test_the_address_of_a_redirect_is_compared_as_a_browser_resolves_it(location, path):
    rows = Rows()
    rows.follow(environ("/a"), 302, location)

    assert len(rows.follow(environ(path), 302, "/c")) == 2


def test_a_row_begins_again_after_a_while():
    now = [0.0]
    rows = Rows(lambda: now[0])
    rows.follow(environ("/a"), 302, "/a")
    now[0] = 60.0

    assert len(rows.follow(environ("/a"), 302, "/a")) == 1


def test_a_row_has_a_limited_length():
    rows = Rows()
    for _ in range(100):
        steps = rows.follow(environ("/a"), 302, "/a")

    assert len(steps) == MAX_IN_A_ROW


# Middleware


def test_an_application_that_starts_its_response_late_is_unchanged():
    def late(environ, start_response):
        start_response("200 OK", [("Content-Type", "text/plain")])
        yield b"late"

    assert werkzeug.test.Client(RedirectPages(late)).get("/").text == "late"


def test_the_body_of_a_replaced_redirect_is_closed(browse, mistake):
    closed = []
    browse(TWO, follow=0)

    class Closing:
        def __init__(self, body):
            self.body = body

        def __iter__(self):
            return iter(self.body)

        def close(self):
            closed.append(1)

    def closing(environ, start_response):
        return Closing(mistake.app(environ, start_response))

    client = werkzeug.test.Client(RedirectPages(closing))
    path = "/a"
    for at in range(MAX_IN_A_ROW):
        response = client.get(path, buffered=True)
        path = response.location
        assert len(closed) == at + 1

    assert response.status_code == 508


def test_an_address_that_cannot_be_parsed_leaves_the_response_unchanged(browse):
    response = browse(ENDING, headers={**BROWSER, "Host": "[::1"}, follow=0)

    assert response.status_code == 302
