"""Silent mistakes are logged once per place, and the response does not change."""

import logging

import pytest

from retort.devtools.report import as_line
from retort.devtools.warnings import warnings_of, watch

PROGRAM = """
    from flask import Flask, redirect, render_template_string, request, session

    app = Flask(__name__)
    app.secret_key = 'key of a test'
"""


@pytest.fixture
def watched(mistake):
    """Write a program below `PROGRAM`, and have it watched; what comes back is a client."""

    def watched(program):
        mistake.write("program.py", PROGRAM + program)
        app = mistake.load()
        app.logger.disabled = False
        watch(app)
        return app.test_client()

    return watched


def mended(mistake, method, path, **options):
    """The answer and the new warnings, after the diff of the first warning was applied."""
    [warning] = warnings_of(mistake.app)
    mistake.apply(warning.diff)
    app = mistake.load()
    watch(app)
    return app.test_client().open(path, method=method, **options), warnings_of(app)


# Input in HTML

UNESCAPED = """
    @app.get('/hello/<name>')
    def hello(name):
        return {expression}
"""


@pytest.mark.parametrize(
    ("expression", "sound"),
    [
        ("'<p>welcome %s' % name", "<p>welcome &lt;b&gt;Ada"),
        ("'<p>welcome ' + name", "<p>welcome &lt;b&gt;Ada"),
        ("f'<p>welcome {name}'", "<p>welcome &lt;b&gt;Ada"),
        ("'<p>welcome {}'.format(name)", "<p>welcome &lt;b&gt;Ada"),
        ("'<p>welcome ' + request.args['nm']", "<p>welcome &lt;i&gt;Bob"),
    ],
)
def test_markup_that_a_response_repeats_is_reported_and_escaped(
    mistake, watched, caplog, expression, sound
):
    client = watched(UNESCAPED.replace("{expression}", expression))

    for _ in range(3):
        response = client.get("/hello/<b>Ada?nm=<i>Bob")

    assert "&lt;" not in response.text
    [line] = [record.getMessage() for record in caplog.records]
    assert line.startswith("hello() put text from ")
    assert "(program.py:8). Write escape(" in line
    response, left = mended(mistake, "GET", "/hello/<b>Ada?nm=<i>Bob")
    assert response.text == sound
    assert left == []


def test_the_values_of_a_form_are_looked_for_too(mistake, watched):
    client = watched(
        """
    @app.post('/hello')
    def hello():
        name = request.form['nm']
        return f'welcome {name}'
    """
    )
    client.post("/hello", data={"nm": "<script>"})

    [warning] = warnings_of(mistake.app)
    assert "request.form" in warning.what
    assert warning.fix == "Write escape(name), with 'from markupsafe import escape'."


@pytest.mark.parametrize(
    ("body", "path"),
    [
        ("return f'welcome {name}'", "/hello/Ada"),
        ("return f'welcome {name}'", "/hello/a < b"),
        ("return f'welcome {name}', {'Content-Type': 'text/plain'}", "/hello/<b>"),
        ("return {'name': name}", "/hello/<b>"),
        ("return render_template_string('{{ name }}', name=name)", "/hello/<b>"),
    ],
)
def test_what_cannot_run_in_a_browser_is_let_pass(mistake, watched, body, path):
    client = watched(UNESCAPED.replace("return {expression}", body))
    client.get(path)

    assert warnings_of(mistake.app) == []


@pytest.mark.parametrize("value", ["</p>", "<b>", "<p></p>"])
def test_markup_that_the_page_has_by_itself_is_not_blamed_on_the_request(mistake, watched, value):
    client = watched(
        """
    @app.get('/')
    def index():
        return render_template_string('<p></p><b>{{ q }}</b>', q=request.args.get('q'))
    """
    )

    assert value in client.get("/", query_string={"q": value}).text
    assert warnings_of(mistake.app) == []


def test_markup_in_a_template_is_reported_without_a_change_in_python(mistake, watched):
    client = watched(
        """
    @app.get('/')
    def index():
        return render_template_string('<p>{{ q | safe }}', q=request.args.get('q'))
    """
    )
    client.get("/?q=<b>Bob")

    [warning] = warnings_of(mistake.app)
    assert "without |safe" in warning.fix
    assert warning.diff == ""


# Forms


def test_a_field_that_another_branch_reads_is_not_missed(mistake, watched):
    client = watched(
        """
    @app.before_request
    def look():
        request.form.get('token')

    @app.route('/login', methods=['GET', 'POST'])
    def login():
        if request.method == 'POST':
            return request.form['nm']
        return 'log in'
    """
    )
    client.get("/login?nm=Bob")

    assert warnings_of(mistake.app) == []


@pytest.mark.parametrize(
    "program",
    [
        """
    @app.get('/note')
    def note():
        return request.args.get('_method', '')
    """,
        """
    app.wsgi_app = (lambda inner: lambda environ, start: inner(environ, start))(app.wsgi_app)

    @app.get('/note')
    def note():
        return ''
    """,
    ],
)
def test_a_method_in_the_query_that_the_program_may_read_is_let_pass(mistake, watched, program):
    watched(program).get("/note?_method=delete")

    assert warnings_of(mistake.app) == []


def test_a_field_in_the_query_that_is_looked_for_in_the_form(mistake, watched, caplog):
    client = watched(
        """
    @app.route('/login', methods=['GET', 'POST'])
    def login():
        user = request.form.get('nm')
        return f'welcome {user}'
    """
    )

    assert client.get("/login?nm=Bob").text == "welcome None"

    assert (
        "Data came in the query string (request.args), but login() reads 'nm' from request.form"
        " (program.py:8)."
    ) in caplog.text
    response, left = mended(mistake, "GET", "/login?nm=Bob")
    assert response.text == "welcome Bob"
    assert left == []


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_a_method_in_the_query_has_no_effect(watched, caplog, method):
    # R56
    client = watched(
        """
    @app.route('/note', methods=['GET', 'POST'])
    def note():
        return request.method
    """
    )

    for _ in range(2):
        assert client.open("/note?_method=delete", method=method).text == method

    assert caplog.text.count(f"{method} /note has _method in the query") == 1
    assert caplog.text.count("METHOD_OVERRIDE") == 1


@pytest.mark.parametrize(
    ("read", "sent", "what"),
    [
        ("args", {"data": {"nm": "Bob"}}, "Data came in a form (request.form), but login() reads"),
        ("form", {"json": {"nm": "Bob"}}, "The body is application/json, but login() reads 'nm'"),
    ],
)
def test_a_field_in_the_body_that_is_looked_for_elsewhere(mistake, watched, read, sent, what):
    client = watched(
        f"""
    @app.post('/login')
    def login():
        return 'welcome ' + request.{read}.get('nm', 'nobody')
    """
    )
    assert client.post("/login", **sent).text == "welcome nobody"

    [warning] = warnings_of(mistake.app)
    assert warning.what.startswith(what)
    response, left = mended(mistake, "POST", "/login", **sent)
    assert response.text == "welcome Bob"
    assert left == []


def test_the_tutorials_way_of_reading_both_is_no_mistake(mistake, watched):
    client = watched(
        """
    @app.route('/login', methods=['GET', 'POST'])
    def login():
        if request.method == 'POST':
            return request.form['nm']
        return request.args.get('nm', '')
    """
    )
    client.get("/login?nm=Bob")
    client.post("/login", data={"nm": "Bob"})
    client.get("/login")

    assert warnings_of(mistake.app) == []


# Cookies


def test_a_secure_session_over_http_is_dropped_by_browsers(mistake, watched):
    client = watched(
        """
    app.config['SESSION_COOKIE_SECURE'] = True

    @app.get('/')
    def index():
        session['n'] = 1
        return ''
    """
    )
    client.get("/", base_url="http://localhost/")
    client.get("/", base_url="https://192.168.1.5/")
    assert warnings_of(mistake.app) == []

    client.get("/", base_url="http://192.168.1.5/")

    [warning] = warnings_of(mistake.app)
    assert "'session' has the attribute Secure" in warning.what
    assert "sent over http://192.168.1.5" in warning.what
    _, left = mended(mistake, "GET", "/", base_url="http://192.168.1.5/")
    assert left == []


def test_a_secure_cookie_behind_a_proxy_is_let_pass(mistake, watched):
    client = watched(
        """
    app.config['SESSION_COOKIE_SECURE'] = True

    @app.get('/')
    def index():
        session['n'] = 1
        return ''
    """
    )
    client.get("/", base_url="http://192.168.1.5/", headers={"X-Forwarded-Proto": "https"})

    assert warnings_of(mistake.app) == []


@pytest.mark.filterwarnings("ignore:The 'big' cookie is too large")
@pytest.mark.parametrize(("length", "found"), [(4096 - 3, 0), (4096 - 2, 1)])
def test_the_size_of_a_cookie_is_that_of_its_name_and_value(mistake, watched, length, found):
    client = watched(
        f"""
    from flask import make_response

    @app.get('/')
    def index():
        response = make_response('')
        response.headers['Set-Cookie'] = 'big={"x" * length}'
        return response
    """
    )
    client.get("/")

    assert len(warnings_of(mistake.app)) == found


@pytest.mark.filterwarnings("ignore:The 'big' cookie is too large")
def test_a_cookie_that_is_too_large(mistake, watched):
    client = watched(
        """
    from flask import make_response

    @app.get('/')
    def index():
        response = make_response('')
        response.set_cookie('big', 'x' * 5000)
        return response
    """
    )
    client.get("/")

    [warning] = warnings_of(mistake.app)
    assert warning.what.startswith("The cookie 'big' has 5003 bytes")


# The session


@pytest.mark.parametrize(
    "change",
    [
        "session['cart'].append(1)",
        "cart = session['cart']\n        session['cart'].append(1)",
        "session.get('cart').append(1)",
    ],
)
def test_a_session_that_is_changed_in_place_is_not_saved(mistake, watched, change):
    client = watched(
        """
    @app.get('/start')
    def start():
        session['cart'] = []
        return ''

    @app.get('/add')
    def add():
        {change}
        return str(session['cart'])
    """.replace("{change}", change)
    )
    client.get("/start")
    assert warnings_of(mistake.app) == []
    client.get("/add")
    assert client.get("/add").text == "[1]"

    [warning] = warnings_of(mistake.app)
    assert warning.what == "session['cart'] was changed in place, which is not saved."
    assert warning.fix == "Write session.modified = True after the change."
    assert "append" in warning.place.source
    mistake.apply(warning.diff)
    app = mistake.load()
    watch(app)
    client = app.test_client()
    client.get("/start")
    client.get("/add")
    assert client.get("/add").text == "[1, 1]"
    assert warnings_of(app) == []


def test_a_permanent_session_is_saved_each_time(mistake, watched):
    client = watched(
        """
    @app.get('/start')
    def start():
        session.permanent = True
        session['cart'] = []
        return ''

    @app.get('/add')
    def add():
        session['cart'].append(1)
        return str(session['cart'])
    """
    )
    client.get("/start")
    client.get("/add")

    assert client.get("/add").text == "[1, 1]"
    assert warnings_of(mistake.app) == []


def test_a_value_that_is_not_equal_to_itself_is_not_called_changed(mistake, watched):
    client = watched(
        """
    @app.get('/start')
    def start():
        session['price'] = float('nan')
        return ''

    @app.get('/')
    def index():
        return str(session['price'])
    """
    )
    client.get("/start")

    assert client.get("/").text == "nan"
    assert warnings_of(mistake.app) == []


def test_each_change_of_a_session_is_marked(mistake, watched):
    client = watched(
        """
    @app.get('/start')
    def start():
        session['cart'] = []
        return ''

    @app.get('/add/<what>')
    def add(what):
        if what == 'one':
            session['cart'].append(1)
        else:
            session['cart'].append(2)
        return str(session['cart'])
    """
    )
    client.get("/start")
    client.get("/add/one")
    [warning] = warnings_of(mistake.app)
    mistake.apply(warning.diff)
    client = mistake.load().test_client()
    client.get("/start")
    client.get("/add/one")
    client.get("/add/two")

    assert client.get("/add/two").text == "[1, 2, 2]"


# Async views


def test_a_view_that_blocks_its_loop_is_reported_with_the_line(mistake, watched):
    client = watched(
        """
    import asyncio
    import time

    @app.get('/held')
    async def held():
        await asyncio.sleep(0)
        time.sleep(0.5)
        return 'done'

    @app.get('/free')
    async def free():
        await asyncio.sleep(0.3)
        return 'done'
    """
    )
    assert client.get("/free").text == "done"
    assert warnings_of(mistake.app) == []

    assert client.get("/held").text == "done"

    [warning] = warnings_of(mistake.app)
    assert warning.what.startswith("held() blocked its event loop for ")
    assert warning.place.source == "time.sleep(0.5)"
    assert "asyncio.to_thread" in warning.fix


def test_errors_of_an_async_view_reach_its_handlers(mistake, watched):
    client = watched(
        """
    import asyncio

    @app.get('/')
    async def index():
        try:
            await asyncio.wait_for(asyncio.sleep(60), 0.01)
        except asyncio.TimeoutError:
            raise LookupError('too late')
    """
    )
    with pytest.raises(LookupError, match="too late"):
        client.get("/")


# Around


def test_another_application_is_not_changed():
    def app(environ, start_response):
        return []

    watch(app)

    assert warnings_of(app) == []


def test_a_second_watch_changes_nothing(mistake, watched):
    client = watched(UNESCAPED.replace("{expression}", "f'{name}'"))
    watch(mistake.app)
    client.get("/hello/<b>")

    assert len(warnings_of(mistake.app)) == 1


def test_an_application_that_is_not_watched_is_not_warned(mistake, caplog):
    mistake.write("program.py", PROGRAM + UNESCAPED.replace("{expression}", "f'{name}'"))
    app = mistake.load()
    app.logger.disabled = False
    app.test_client().get("/hello/<b>")

    assert [record for record in caplog.records if record.levelno >= logging.WARNING] == []


def test_a_thread_without_a_context_is_explained_in_the_log(mistake, watched, monkeypatch, caplog):
    import threading

    monkeypatch.setattr(threading, "excepthook", lambda failed: None)
    client = watched(
        """
    import threading

    def work():
        return request.path

    @app.get('/')
    def index():
        thread = threading.Thread(target=work)
        thread.start()
        thread.join()
        return ''
    """
    )
    client.get("/")

    assert "request was used in a thread, where there is no request" in caplog.text
    assert "copy_current_request_context(work)" in caplog.text


def test_a_warning_without_a_place_is_one_line_too():
    from retort.devtools.advice import Advice

    assert as_line(Advice(what="It rains.", fix="Take a coat.")) == "It rains. Take a coat."
