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

    advice = mistake.advised(
        "POST",
        "/login",
        data={"csrf_token": "of another session"},
        base_url="http://192.168.1.5/",
    )

    assert "came without the session" in advice.what
    assert advice.why.startswith("SESSION_COOKIE_SECURE is on")
    mistake.apply(advice.diff)
    assert "['SESSION_COOKIE_SECURE'] = 'auto'" in (mistake.folder / "program.py").read_text()


def test_without_a_secure_cookie_the_two_names_of_this_machine_are_mentioned(mistake):
    mistake.write("program.py", PROGRAM.replace("= True\n", "= False\n", 1))

    advice = mistake.advised("POST", "/login", data={"csrf_token": "of another session"})

    assert "127.0.0.1" in advice.why
    assert ("Host", "localhost") in advice.facts


@pytest.mark.parametrize(
    ("setting", "options"),
    [
        ("True", {}),  # browsers accept such a cookie from localhost
        ("'auto'", {"base_url": "http://192.168.1.5/"}),
        ("True", {"base_url": "https://192.168.1.5/"}),
    ],
)
def test_a_secure_cookie_that_browsers_keep_is_not_blamed(mistake, setting, options):
    mistake.write("program.py", PROGRAM.replace("= True\n", f"= {setting}\n", 1))

    advice = mistake.advised("POST", "/login", data={"csrf_token": "of another session"}, **options)

    assert "SESSION_COOKIE_SECURE" not in f"{advice.why} {advice.fix}"


def test_a_session_that_came_without_a_token_is_not_called_lost(mistake):
    mistake.write(
        "program.py",
        PROGRAM
        + """
    @app.get('/start')
    def start():
        return '', 302, {'Location': '/checked', 'Set-Cookie': 'session=x'}

    @app.get('/checked')
    def checked():
        raise CSRFError('The CSRF session token is missing.')
    """,
    )

    advice = mistake.advised("GET", "/start", follow_redirects=True)

    assert ("Cookies received", "session") in advice.facts
    assert advice.why == "The token is compared with one in the session, and this session has none."
    assert advice.fix == "Load the page with the form again, and send it again."


@pytest.mark.parametrize(
    ("reason", "why"),
    [
        ("The CSRF token is invalid.", "A token belongs to the session and the key of"),
        ("The CSRF tokens do not match.", "A token belongs to the session and the key of"),
        ("The CSRF token has expired.", "A token is valid for WTF_CSRF_TIME_LIMIT: 60 seconds."),
        ("The referrer header is missing.", "WTF_CSRF_SSL_STRICT requires the header Referer"),
    ],
)
def test_a_token_that_was_refused_is_not_said_to_be_missing(mistake, reason, why):
    program = PROGRAM.replace("The CSRF session token is missing.", reason)
    mistake.write(
        "program.py",
        program.replace("= True\n", "= True\n    app.config['WTF_CSRF_TIME_LIMIT'] = 60\n", 1),
    )

    advice = mistake.advised("POST", "/login", data={"csrf_token": "of another session"})

    assert advice.what == f"POST /login was refused by Flask-WTF: {reason}"
    assert advice.why.startswith(why)


def test_a_script_sends_its_token_in_a_header(mistake):
    mistake.write("program.py", PROGRAM)
    mistake.write("templates/login.html", FORM.replace("{body}", "<input>"))

    advice = mistake.advised("POST", "/login", json={"nm": "Bob"})

    assert advice.fix == "Send the value of csrf_token() in the header X-CSRFToken."
    assert advice.diff == ""


def test_a_form_that_has_a_token_is_not_given_another(mistake):
    mistake.write("program.py", PROGRAM)
    mistake.write("templates/login.html", FORM.replace("{body}", "{{ form.csrf_token }}"))

    assert mistake.advised("POST", "/login", data={"nm": "Bob"}).diff == ""


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


@pytest.mark.parametrize(
    ("headers", "says"),
    [
        (
            {"Origin": "https://pay.shop.example", "Sec-Fetch-Site": "same-site"},
            (
                "it was sent by a page of https://pay.shop.example, which is another origin of this"
                " site."
            ),
        ),
        (
            {"Origin": "https://shop.example", "Host": "10.0.0.7:8000"},
            "its Origin is https://shop.example, and its Host is 10.0.0.7:8000.",
        ),
    ],
)
def test_a_page_is_called_another_site_only_if_the_browser_says_so(mistake, headers, says):
    mistake.write("program.py", PROTECTED)

    advice = mistake.advised("POST", "/login", headers=headers)

    assert advice.what == f"POST /login was refused: {says}"


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
