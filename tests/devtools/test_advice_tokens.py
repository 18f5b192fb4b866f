"""CSRF tokens of Flask-WTF, and forms of other sites."""

import pytest

# What Flask-WTF's CSRFProtect does, as far as it matters here: the extension is not a
# dependency, and the advisor goes by the name of its error.
PROGRAM = """
    from flask import Flask, render_template, request
    from werkzeug.exceptions import BadRequest

    app = Flask(__name__)
    app.config['SESSION_COOKIE_SECURE'] = True

    class CSRFError(BadRequest):
        description = 'The CSRF token is missing.'

    CSRFError.__module__ = 'flask_wtf.csrf'
    app.jinja_env.globals['csrf_token'] = lambda: 'token'

    @app.before_request
    def protect():
        if request.method == 'POST' and 'csrf_token' not in request.form:
            raise CSRFError()
        if request.form.get('csrf_token') == 'of another session':
            raise CSRFError('The CSRF session token is missing.')

    @app.route('/login', methods=['GET', 'POST'])
    def login():
        if request.method == 'POST':
            return 'welcome'
        return render_template('login.html', form={'hidden_tag': lambda: '[hidden]'})
"""
FORM = '<form method="post">\n  {body}\n</form>\n'


@pytest.mark.parametrize(
    ("body", "line"),
    [
        ("{{ form.nm }}", "[hidden]"),
        ('<input name="nm">', '<input type="hidden" name="csrf_token" value="token">'),
    ],
)
def test_a_form_without_a_token_is_given_one(mistake, body, line):
    mistake.write("program.py", PROGRAM)
    mistake.write("templates/login.html", FORM.replace("{body}", body))

    advice = mistake.advised("POST", "/login", data={"nm": "Bob"})

    assert advice.what == "POST /login came without a CSRF token: The CSRF token is missing."
    mistake.apply(advice.diff)
    page = mistake.ask("GET", "/login").text
    assert f'<form method="post">\n  {line}\n' in page
    assert mistake.ask("POST", "/login", data={"csrf_token": "token"}).text == "welcome"


def test_a_secure_session_over_http_is_explained(mistake):
    mistake.write("program.py", PROGRAM)

    advice = mistake.advised("POST", "/login", data={"csrf_token": "of another session"})

    assert "came without the session" in advice.what
    assert advice.why.startswith("SESSION_COOKIE_SECURE is on")
    mistake.apply(advice.diff)
    assert "['SESSION_COOKIE_SECURE'] = 'auto'" in (mistake.folder / "program.py").read_text()


def test_without_a_secure_cookie_the_two_names_of_this_machine_are_mentioned(mistake):
    mistake.write("program.py", PROGRAM.replace("= True\n", "= False\n", 1))

    advice = mistake.advised("POST", "/login", data={"csrf_token": "of another session"})

    assert "127.0.0.1" in advice.why
    assert ("Host", "localhost") in advice.facts


PROTECTED = """
    from flask import Flask, request

    app = Flask(__name__)
    app.config['CROSS_ORIGIN_PROTECTION'] = True

    @app.post('/login')
    def login():
        return 'welcome'
"""


def test_a_page_of_another_site_is_refused_and_can_be_trusted(mistake):
    mistake.write("program.py", PROTECTED)
    headers = {"Origin": "https://pay.example", "Sec-Fetch-Site": "cross-site"}

    advice = mistake.advised("POST", "/login", headers=headers)

    assert advice.what == (
        "POST /login was refused: it was sent by a page of https://pay.example, which is another"
        " site."
    )
    assert advice.facts == (
        ("Sec-Fetch-Site", "cross-site"),
        ("Origin", "https://pay.example"),
        ("Host", "localhost"),
    )
    assert mistake.mended("POST", "/login", headers=headers).text == "welcome"


def test_a_page_from_disk_gets_the_address_to_open(mistake):
    mistake.write("program.py", PROTECTED)
    headers = {"Origin": "null", "Host": "shop.example"}

    advice = mistake.advised("POST", "/login", headers=headers)

    assert "opened from disk" in advice.what
    assert "open http://shop.example/ instead" in advice.fix
    assert advice.diff == ""


def test_a_page_from_disk_that_lies_beside_the_program_is_shown_by_it(mistake):
    mistake.write("program.py", PROTECTED)
    mistake.write("login.html", '<form action="/login" method="post"></form>')
    headers = {"Origin": "null", "Host": "shop.example"}

    advice = mistake.advised("POST", "/login", headers=headers)

    assert "open http://shop.example/login.html instead" in advice.fix
    mistake.apply(advice.diff)
    assert "<form" in mistake.ask("GET", "/login.html").text
