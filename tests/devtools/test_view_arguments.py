"""Views whose arguments do not fit their route: `retort check`, the note at the start, the page.

Each program that is said to be faulty is called: every finding is a ``TypeError``, and a program
without a finding has none.
"""

import textwrap

import pytest

from retort.devtools.checks import check
from retort.devtools.notes import notes

TOP = """
from functools import wraps

from flask import Blueprint, Flask, current_app, g, request, url_for
from retort.views import MethodView, View

app = Flask(__name__)

"""


def write(mistake, program):
    mistake.write("program.py", TOP + textwrap.dedent(program).strip("\n") + "\n")


def found(mistake, program):
    """The findings of a program: message and fix."""
    write(mistake, program)
    findings = [one for one in check(mistake.load()) if one.rule == "view-arguments"]
    return [f"{one.message} {one.fix}" for one in findings]


ACCEPTS = """
    @app.get('/success/<name>')
    def success():
        return 'welcome'
"""
NEEDS = """
    @app.get('/success')
    def success(name):
        return 'welcome ' + name
"""

# Program, address, finding, place; and the address that works after the diff, if there is one.
FAULTY = {
    "extra": (
        ACCEPTS,
        "/success/Ada",
        (
            "success() takes no 'name', but its route '/success/<name>' passes it."
            " Write def success(name)."
        ),
        "def success():",
        "/success/Ada",
    ),
    "missing": (
        NEEDS,
        "/success",
        (
            "success() needs 'name', but its route '/success' does not pass it."
            " Write <name> in the route, or remove the argument."
        ),
        "def success(name):",
        "/success/Ada",
    ),
    "misspelt": (
        """
        @app.get('/success/<string:nme>')
        def success(name):
            return 'welcome ' + name
        """,
        "/success/Ada",
        (
            "success() needs 'name', but its route '/success/<string:nme>' passes 'nme'."
            " Write <name> in the route, or rename the argument."
        ),
        "def success(name):",
        "/success/Ada",
    ),
    "misspelt, and url_for is called with the name": (
        """
        @app.get('/success/<nme>')
        def success(name):
            return 'welcome ' + name

        @app.get('/')
        def index():
            return url_for('success', nme='Ada')
        """,
        "/success/Ada",
        (
            "success() needs 'name', but its route '/success/<nme>' passes 'nme'."
            " Write <name> in the route, or rename the argument."
        ),
        "def success(name):",
        None,
    ),
    "one of two routes": (
        """
        @app.get('/users')
        @app.get('/users/<int:id>')
        def users(id):
            return f'user {id}'
        """,
        "/users",
        (
            "users() needs 'id', but its route '/users' does not pass it."
            " Write id=None in the definition."
        ),
        "def users(id):",
        "/users",
    ),
    "two of them": (
        """
        @app.get('/<int:year>/<int:month>')
        def archive():
            return 'archive'
        """,
        "/2026/11",
        (
            "archive() takes no 'month' and 'year', but its route '/<int:year>/<int:month>' passes"
            " them. Write def archive(month, year)."
        ),
        "def archive():",
        "/2026/11",
    ),
    "beside a default": (
        """
        @app.get('/list/<tag>')
        def listed(page=1):
            return 'list'
        """,
        "/list/a",
        (
            "listed() takes no 'tag', but its route '/list/<tag>' passes it."
            " Write tag in the arguments of listed()."
        ),
        "def listed(page=1):",
        "/list/a",
    ),
    "beside an argument, and with annotations": (
        """
        @app.get('/list/<tag>/<int:page>')
        def listed(tag: str, *, size: int = 3) -> str:
            return 'list'
        """,
        "/list/a/1",
        (
            "listed() takes no 'page', but its route '/list/<tag>/<int:page>' passes it."
            " Write page in the arguments of listed()."
        ),
        "def listed(tag: str, *, size: int = 3) -> str:",
        "/list/a/1",
    ),
    "a default of the route": (
        """
        @app.get('/list', defaults={'page': 1})
        def listed():
            return 'list'
        """,
        "/list",
        "listed() takes no 'page', but its route '/list' passes it. Write def listed(page).",
        "def listed():",
        "/list",
    ),
    "async": (
        """
        @app.get('/success/<name>')
        async def success():
            return 'welcome'
        """,
        "/success/Ada",
        (
            "success() takes no 'name', but its route '/success/<name>' passes it."
            " Write def success(name)."
        ),
        "async def success():",
        "/success/Ada",
    ),
    "a prefix of a blueprint": (
        """
        shop = Blueprint('shop', __name__, url_prefix='/<lang>')

        @shop.get('/')
        def index():
            return 'shop'

        app.register_blueprint(shop)
        """,
        "/en/",
        "index() takes no 'lang', but its route '/<lang>/' passes it. Write def index(lang).",
        "def index():",
        "/en/",
    ),
    "behind a decorator": (
        """
        def logged(f):
            @wraps(f)
            def wrapper(*args, **kwargs):
                print(kwargs.get('name'))
                return current_app.ensure_sync(f)(*args, **kwargs)
            return wrapper

        @app.get('/success/<name>')
        @logged
        def success():
            return 'welcome'
        """,
        "/success/Ada",
        (
            "success() takes no 'name', but its route '/success/<name>' passes it."
            " Write def success(name)."
        ),
        "def success():",
        "/success/Ada",
    ),
    "a decorator that passes nothing on": (
        """
        def logged(f):
            @wraps(f)
            def wrapper():
                return f()
            return wrapper

        @app.get('/success/<name>')
        @logged
        def success(name):
            return 'welcome'
        """,
        "/success/Ada",
        (
            "wrapper(), the decorator's function around success(), takes no 'name', but its route"
            " '/success/<name>' passes it."
            " Write *args and **kwargs in the decorator's function, and pass both on."
        ),
        "def wrapper():",
        None,
    ),
    "a class with methods": (
        """
        class Entry(MethodView):
            def get(self):
                return 'entry'

        app.add_url_rule('/entries/<int:id>', view_func=Entry.as_view('entry'))
        """,
        "/entries/1",
        (
            "get() takes no 'id', but its route '/entries/<int:id>' passes it."
            " Write def get(self, id)."
        ),
        "def get(self):",
        "/entries/1",
    ),
    "a class with one method": (
        """
        class Hello(View):
            init_every_request = False

            def dispatch_request(self, name):
                return 'hello'

        app.add_url_rule('/hello', view_func=Hello.as_view('hello'))
        """,
        "/hello",
        (
            "dispatch_request() needs 'name', but its route '/hello' does not pass it."
            " Write <name> in the route, or remove the argument."
        ),
        "def dispatch_request(self, name):",
        "/hello/Ada",
    ),
    "a function for another method": (
        """
        @app.post('/entry/<int:id>')
        def entry(id):
            return 'sent'

        @entry.get
        def shown():
            return 'entry'
        """,
        "/entry/1",
        "shown() takes no 'id', but its route '/entry/<int:id>' passes it. Write def shown(id).",
        "def shown():",
        "/entry/1",
    ),
    "an argument by position only": (
        """
        @app.get('/success/<name>')
        def success(name, /):
            return 'welcome'
        """,
        "/success/Ada",
        (
            "success() takes 'name' by position only, but its route '/success/<name>' passes it by"
            " name. Remove the / from the arguments."
        ),
        "def success(name, /):",
        None,
    ),
    "a preprocessor that removes another value": (
        """
        @app.url_value_preprocessor
        def pull(endpoint, values):
            g.lang = values.pop('lang', None) if values else None

        @app.get('/<lang>/<name>')
        def success():
            return 'welcome'
        """,
        "/en/Ada",
        (
            "success() takes no 'name', but its route '/<lang>/<name>' passes it."
            " Write def success(name)."
        ),
        "def success():",
        "/en/Ada",
    ),
}
TABLE = [pytest.param(*row, id=name) for name, row in FAULTY.items()]


@pytest.mark.parametrize(("program", "path", "finding", "place", "after"), TABLE)
def test_a_view_that_its_route_cannot_call_is_found(mistake, program, path, finding, place, after):
    assert found(mistake, program) == [finding]

    note = " ".join(" ".join(notes(mistake.load(), 1, is_first=False)).split())
    assert finding in note

    advice = mistake.advised("GET", path)
    assert f"{advice.what} {advice.fix}" == finding
    assert advice.place.source == place
    if after is None:
        assert advice.diff == ""
    else:
        assert mistake.mended("GET", after).status_code == 200
        assert not any(one.rule == "view-arguments" for one in check(mistake.load()))


FITTING = {
    "a view": ("@app.get('/a/<x>')\ndef a(x):\n    return x", "/a/1"),
    "a default": ("@app.get('/a')\ndef a(x=1):\n    return str(x)", "/a"),
    "a default by keyword": ("@app.get('/a')\ndef a(*, x=1):\n    return str(x)", "/a"),
    "a default of the route": (
        "@app.get('/a', defaults={'x': '1'})\n@app.get('/a/<x>')\ndef a(x):\n    return x",
        "/a",
    ),
    "any argument": ("@app.get('/a/<x>')\ndef a(**kwargs):\n    return kwargs['x']", "/a/1"),
    "arguments by position and name": (
        "@app.get('/a/<x>')\ndef a(*args, x):\n    return x",
        "/a/1",
    ),
    "a decorator that adds an argument": (
        """
        def with_user(f):
            @wraps(f)
            def wrapper(*args, **kwargs):
                return f('Ada', *args, **kwargs)
            return wrapper

        @app.get('/a')
        @with_user
        def a(user):
            return user
        """,
        "/a",
    ),
    "a decorator that adds an argument by name": (
        """
        def with_user(f):
            @wraps(f)
            def wrapper(**kwargs):
                kwargs['user'] = 'Ada'
                return f(**kwargs)
            return wrapper

        @app.get('/a')
        @with_user
        def a(user):
            return user
        """,
        "/a",
    ),
    "a decorator that removes an argument": (
        """
        def without_x(f):
            @wraps(f)
            def wrapper(x, **kwargs):
                return f(**kwargs)
            return wrapper

        @app.get('/a/<x>')
        @without_x
        def a():
            return 'a'
        """,
        "/a/1",
    ),
    "a decorator that removes an argument from a copy": (
        """
        def without_x(f):
            @wraps(f)
            def wrapper(*args, **kwargs):
                rest = kwargs
                rest.pop('x')
                return f(*args, **kwargs)
            return wrapper

        @app.get('/a/<x>')
        @without_x
        def a():
            return 'a'
        """,
        "/a/1",
    ),
    "a decorator that calls another function": (
        """
        def other(f):
            @wraps(f)
            def wrapper(*args, **kwargs):
                return 'a'
            return wrapper

        @app.get('/a/<x>')
        @other
        def a():
            return 'a'
        """,
        "/a/1",
    ),
    "a preprocessor that removes a value": (
        """
        @app.url_value_preprocessor
        def pull(endpoint, values):
            if values and 'lang' in values:
                g.lang = values.pop('lang')

        @app.get('/<lang>/a')
        def a():
            return g.lang
        """,
        "/en/a",
    ),
    "a preprocessor of a blueprint in a blueprint": (
        """
        outer = Blueprint('outer', __name__, url_prefix='/<lang>')
        inner = Blueprint('inner', __name__)

        @outer.url_value_preprocessor
        def pull(endpoint, values):
            del values['lang']

        @inner.get('/a')
        def a():
            return 'a'

        outer.register_blueprint(inner)
        app.register_blueprint(outer)
        """,
        "/en/a",
    ),
    "a preprocessor that adds a value": (
        """
        @app.url_value_preprocessor
        def pull(endpoint, values):
            values['x'] = '1'

        @app.get('/a')
        def a(x):
            return x
        """,
        "/a",
    ),
    "a preprocessor that passes the values on": (
        """
        def remove(values):
            values.clear()

        @app.url_value_preprocessor
        def pull(endpoint, values):
            remove(values)

        @app.get('/a/<x>')
        def a():
            return 'a'
        """,
        "/a/1",
    ),
    "a hook that changes request.view_args": (
        """
        @app.before_request
        def pull():
            request.view_args.pop('x')

        @app.get('/a/<x>')
        def a():
            return 'a'
        """,
        "/a/1",
    ),
    "an application that calls its views itself": (
        """
        class App(Flask):
            def dispatch_request(self):
                return self.view_functions[request.endpoint]()

        app = App(__name__)

        @app.get('/a/<x>')
        def a():
            return 'a'
        """,
        "/a/1",
    ),
    "a class that takes any argument": (
        """
        class A(MethodView):
            def dispatch_request(self, **kwargs):
                return self.get()

            def get(self):
                return 'a'

        app.add_url_rule('/a/<x>', view_func=A.as_view('a'))
        """,
        "/a/1",
    ),
    "a static method of a class": (
        """
        class A(MethodView):
            @staticmethod
            def get(x):
                return x

        app.add_url_rule('/a/<x>', view_func=A.as_view('a'))
        """,
        "/a/1",
    ),
    "a class with a decorator that removes an argument": (
        """
        def without_x(f):
            @wraps(f)
            def wrapper(x):
                return f()
            return wrapper

        class A(MethodView):
            decorators = [without_x]

            def get(self):
                return 'a'

        app.add_url_rule('/a/<x>', view_func=A.as_view('a'))
        """,
        "/a/1",
    ),
}


@pytest.mark.parametrize(
    ("program", "path"), [pytest.param(*row, id=name) for name, row in FITTING.items()]
)
def test_a_view_that_its_route_can_call_is_not_reported(mistake, program, path):
    assert found(mistake, program) == []

    assert mistake.ask("GET", path).status_code == 200
    assert not mistake.errors


def test_a_type_error_in_the_view_itself_is_not_blamed_on_its_route(mistake):
    write(
        mistake,
        """
        def inner(name):
            return name

        @app.get('/success/<name>')
        def success(name):
            return inner(nme=name)
        """,
    )
    mistake.ask("GET", "/success/Ada")

    assert mistake.errors
    assert mistake.advice is None


@pytest.mark.parametrize(
    ("change", "arguments", "what"),
    [
        ("values['x'] = 1", "name", "a() takes no 'x', but the variables of its route '/<name>'"),
        (
            "values.pop('name')",
            "name",
            "a() needs 'name', but the variables of its route '/<name>'",
        ),
    ],
)
def test_a_value_that_a_preprocessor_has_changed_is_not_blamed_on_the_route(
    mistake, change, arguments, what
):
    write(
        mistake,
        f"""
        @app.url_value_preprocessor
        def pull(endpoint, values):
            {change}

        @app.get('/<name>')
        def a({arguments}):
            return 'a'
        """,
    )

    advice = mistake.advised("GET", "/Ada")

    assert advice.what == f"{what} were changed before it was called."
    assert advice.diff == ""


def test_the_page_uses_the_arguments_that_a_preprocessor_has_left(mistake):
    write(
        mistake,
        """
        def remove(values):
            values.pop('lang')

        @app.url_value_preprocessor
        def pull(endpoint, values):
            remove(values)

        @app.get('/<lang>/<name>')
        def success():
            return 'welcome'
        """,
    )

    advice = mistake.advised("GET", "/en/Ada")

    assert advice.what == "success() takes no 'name', but its route '/<lang>/<name>' passes it."


TWO_ROUTES = """
    @app.get('/')
    @app.get('/<name>')
    def index():
        return 'welcome'
"""
TWO_ENDPOINTS = """
    class Page(MethodView):
        def get(self):
            return 'welcome'

    app.add_url_rule('/', view_func=Page.as_view('all'))
    app.add_url_rule('/<name>', view_func=Page.as_view('one'))
"""


@pytest.mark.parametrize("program", [TWO_ROUTES, TWO_ENDPOINTS])
def test_an_argument_that_not_every_route_passes_gets_a_default(mistake, program):
    assert "name=None)." in found(mistake, program)[0]

    mistake.advised("GET", "/Ada")
    mistake.apply(mistake.advice.diff)

    assert mistake.ask("GET", "/Ada").text == mistake.ask("GET", "/").text == "welcome"


def test_an_argument_that_a_decorator_may_pass_is_not_written_into_the_route(mistake):
    program = """
        def with_user(view):
            @wraps(view)
            def wrapper(*args, **kwargs):
                return view(*args, **kwargs)
            return wrapper

        @app.get('/<name>')
        @with_user
        def index(user, name):
            return name
    """
    assert found(mistake, program)[0].endswith(
        "Write <user> in the route, remove the argument, or pass it in the decorator."
    )
    assert not mistake.advised("GET", "/Ada").diff
