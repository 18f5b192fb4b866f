"""The notes at the start of a program, and their rules in `retort check`."""

import json
import sys

from retort.devtools.checks import check
from retort.devtools.notes import notes


def told(mistake, program, threads=64, **options):
    mistake.write("program.py", program)
    return " ".join(" ".join(notes(mistake.load(), threads, **options)).split())


PLAIN = """
    from flask import Flask, flash, request, session

    app = Flask(__name__)
"""


def test_the_interface_is_printed_with_the_reason(mistake):
    assert (
        told(mistake, PLAIN)
        == "* Interface: WSGI, up to 64 views at once, in threads; no view is async"
    )
    assert "one view at a time" in told(mistake, PLAIN, threads=1)


def test_async_views_are_named(mistake):
    program = f"{PLAIN}\n    @app.get('/')\n    async def index():\n        return ''\n"

    assert "async views (index) run on one event loop" in told(mistake, program)


def test_async_methods_of_a_class_are_named(mistake):
    program = f"""{PLAIN}
    from retort.views import MethodView

    class Entry(MethodView):
        async def get(self):
            return ''

    app.add_url_rule('/', view_func=Entry.as_view('entry'))
    """

    assert "async views (entry) run on one event loop" in told(mistake, program)


def test_async_functions_of_another_method_are_named(mistake):
    program = f"""{PLAIN}
    @app.get('/')
    def index():
        return ''

    @index.post
    async def send():
        return ''
    """

    assert "async views (index) run on one event loop" in told(mistake, program)


def test_an_application_that_runs_coroutines_itself_is_not_said_to_make_event_loops(mistake):
    program = f"""{PLAIN}
    class App(Flask):
        def async_to_sync(self, func):
            return func

    app = App(__name__)

    @app.get('/')
    async def index():
        return ''
    """

    assert "async views (index) are run by the application's own async_to_sync" in told(
        mistake, program
    )


def test_websockets_are_named(mistake):
    program = f"""{PLAIN}
    app.add_url_rule('/chat', 'chat', lambda: '', websocket=True, methods=['GET'])
    """

    assert "no view is async; WebSockets (chat)" in told(mistake, program)


def test_middleware_around_async_views_is_named(mistake):
    program = f"""{PLAIN}
    class Timing:
        def __init__(self, inner):
            self.inner = inner
        def __call__(self, *args):
            return self.inner(*args)

    @app.get('/')
    async def index():
        return ''

    app.wsgi_app = Timing(app.wsgi_app)
    """

    assert "Note: program.py:15: The middleware Timing around app.wsgi_app" in told(
        mistake, program
    )


def test_another_application_has_no_notes():
    assert notes(lambda environ, start_response: [], 64) == []


def test_after_a_reload_only_findings_are_printed(mistake):
    assert told(mistake, PLAIN, is_first=False) == ""


def test_a_view_that_reads_a_form_without_taking_post(mistake):
    text = told(
        mistake,
        PLAIN
        + """
    @app.route('/login')
    def login():
        return request.form['nm'].upper()
    """,
        is_first=False,
    )

    assert text == (
        "* Note: program.py:7: login() reads request.form, but accepts GET only: no form data"
        " can arrive here. methods=['GET', 'POST'] at the route '/login'; or read request.args,"
        " which GET fills."
    )


def test_a_view_that_tests_for_post_without_taking_it(mistake):
    text = told(
        mistake,
        PLAIN
        + """
    @app.route('/login')
    def login():
        if request.method == 'POST':
            return 'posted'
        return 'log in'
    """,
    )

    assert "login() tests for POST, but accepts GET only" in text


def test_a_route_that_another_one_hides(mistake):
    text = told(
        mistake,
        PLAIN
        + """
    @app.get('/users/<name>')
    def by_name(name):
        return 'by name'

    @app.get('/users/<id>')
    def by_id(id):
        return 'by id'
    """,
    )

    assert "by_id() is never called for GET /users/<id>: by_name() (program.py:5) has the" in text
    assert mistake.app.test_client().get("/users/1").text == "by name"


def test_two_views_at_the_very_same_address(mistake):
    program = PLAIN
    for name in ("first", "second"):
        program += f"\n    @app.get('/')\n    def {name}():\n        return '{name}'\n"

    text = told(mistake, program)

    assert "second() is never called for GET /: first() (program.py:5) has the same" in text


def test_routes_that_share_an_address_but_no_method_hide_nothing(mistake):
    text = told(
        mistake,
        PLAIN
        + """
    @app.get('/users/<int:id>')
    def show(id):
        return 'shown'

    @app.post('/users/<int:id>')
    def change(id):
        return 'changed'

    @app.get('/users/<name>')
    def by_name(name):
        return name.upper()
    """,
    )

    assert "never asked" not in text


SESSION = """
    @app.get('/')
    def index():
        {use}
        return ''
"""


def test_a_session_without_a_secret_key(mistake):
    for use in ("session['n'] = 1", "flash('hello')", "import flask; flask.session.clear()"):
        text = told(mistake, PLAIN + SESSION.replace("{use}", use))

        assert "the application has no secret key: the session cannot be used." in text, use
        assert "app.secret_key = '...'" in text


def test_a_session_with_a_secret_key_is_fine(mistake):
    program = PLAIN + "    app.secret_key = 'x'\n" + SESSION.replace("{use}", "session['n'] = 1")

    assert told(mistake, program, is_first=False) == ""


def test_a_module_of_a_package_hides_no_other_package(mistake):
    mistake.write("shop/__init__.py", "from flask import Flask\napp = Flask('shop')\n")
    mistake.write("shop/click.py", "")
    mistake.write("program.py", "from shop import app\n")

    try:
        assert "misleading" not in json.dumps([one.rule for one in check(mistake.load())])
    finally:
        sys.modules.pop("shop", None)


def test_a_file_called_flask(mistake):
    mistake.write("flask.py", "")

    text = told(mistake, PLAIN)

    assert "flask.py:1: The file flask.py can hide the package flask" in text
    assert "Rename flask.py" in text


def test_misnamed_folders(mistake):
    mistake.write("template/login.html", "")
    mistake.write("Static/login.css", "")

    text = told(mistake, PLAIN)

    assert "There is a folder template, but none called templates" in text
    assert "template_folder='template'" in text
    assert "static_folder='Static'" in text


def test_the_folder_that_the_application_names_is_no_mistake(mistake):
    mistake.write("template/login.html", "")
    program = PLAIN.replace("__name__", "__name__, template_folder='template'")

    assert told(mistake, program, is_first=False) == ""


def test_a_program_that_cannot_be_read_is_served_without_notes(mistake):
    mistake.write("program.py", PLAIN)
    app = mistake.load()
    app.url_map = None

    assert len(notes(app, 64)) == 1


def test_the_server_prints_them_under_the_address(mistake, serve):
    program = mistake.write(
        "program.py",
        PLAIN
        + """
    @app.route('/login')
    def login():
        return request.form['nm'].upper()
    """,
    )

    with serve(program, "--debug") as site:
        assert site.ask("GET", "/nowhere").status == 404
        log = " ".join(site.log.read_text().split())

    assert "* Open http://" in log
    assert log.index("* Open http://") < log.index("* Interface: WSGI")
    assert "login() reads request.form, but accepts GET only" in log


def test_in_production_nothing_of_this_is_loaded(mistake, serve):
    program = mistake.write(
        "program.py",
        """
        import json
        import sys

        from flask import Flask

        app = Flask(__name__)

        @app.get('/')
        def loaded():
            return [name for name in sys.modules if name.startswith('retort.devtools.')]
        """,
    )

    with serve(program) as site:
        loaded = json.loads(site.ask("GET", "/").text)
        log = site.log.read_text()

    wanted = ("retort.devtools.notes", "retort.devtools.warnings", "retort.devtools.advice")
    assert [name for name in loaded if name.startswith(wanted)] == []
    assert "Interface" not in log


def test_a_route_without_parentheses_is_a_note(mistake):
    program = f"{PLAIN}\n    @app.route\n    def index():\n        return ''\n"

    assert "program.py:5: @app.route has no parentheses" in told(mistake, program)
