"""A view that returned what is no response: the value, the line and the conversion."""

import gc

import pytest
import werkzeug.test

from retort.devtools import with_debugger
from retort.devtools.advice import advise
from retort.server.protocol.response_head import InvalidResponse, make_head

PROGRAM = """
    import asyncio, contextlib, dataclasses, datetime, decimal, enum, functools, pathlib, sqlite3
    import types, uuid
    from flask import Flask, jsonify, make_response, redirect, render_template, request

    app = Flask(__name__)

    {before}

    @app.route('/', methods=['GET', 'POST'])
    def index():
        {body}
"""


def view(mistake, body, before=""):
    body = body.replace("\n", "\n        ")
    before = before.replace("\n", "\n    ")
    mistake.write("program.py", PROGRAM.replace("{body}", body).replace("{before}", before))


CONVERTED = [
    ("42", "42 (an int)", "Return str(42).", "42"),
    ("1 + 2.5", "3.5 (a float)", "Return str(1 + 2.5).", "3.5"),
    ("not request.args", "True (a bool)", "Return str(not request.args).", "True"),
    (
        "decimal.Decimal('1.50')",
        "Decimal('1.50') (a Decimal)",
        "Return str(decimal.Decimal('1.50')).",
        "1.50",
    ),
    ("{7}", "{7} (a set)", "Return list({7}).", "[\n  7\n]\n"),
    ("range(1)", "range(0, 1) (a range)", "Return list(range(1)).", "[\n  0\n]\n"),
    (
        "datetime.date(2026, 1, 2)",
        "datetime.date(2026, 1, 2) (a date)",
        "Return datetime.date(2026, 1, 2).isoformat().",
        "2026-01-02",
    ),
    ("memoryview(b'raw')", "a memoryview", "Return bytes(memoryview(b'raw')).", "raw"),
    (
        "pathlib.PurePosixPath('a')",
        "PurePosixPath('a') (a PurePosixPath)",
        "Return str(pathlib.PurePosixPath('a')).",
        "a",
    ),
    (
        "ValueError('too long')",
        "ValueError('too long') (a ValueError)",
        "Return str(ValueError('too long')).",
        "too long",
    ),
    (
        "types.MappingProxyType({'a': 1})",
        "mappingproxy({'a': 1}) (a mappingproxy)",
        "Return dict(types.MappingProxyType({'a': 1})).",
        '{\n  "a": 1\n}\n',
    ),
    (
        "enum.Enum('Size', 'small').small",
        "<Size.small: 1> (a Size)",
        "Return str(enum.Enum('Size', 'small').small.value).",
        "1",
    ),
    ("'hello',", "a tuple of one item, made by the comma at the end", "Remove the comma.", "hello"),
    (
        "7, 201",
        "a tuple whose first item, the body, is 7 (an int)",
        "Return str(7).",
        "7",
    ),
]


@pytest.mark.parametrize(
    ("returned", "described", "fix", "text"), CONVERTED, ids=[row[0] for row in CONVERTED]
)
def test_a_value_is_named_with_its_line_and_converted(mistake, returned, described, fix, text):
    view(mistake, f"return {returned}")

    advice = mistake.advised("GET", "/")

    assert advice.what == f"index() returned {described}, which is no response."
    assert advice.place.source == f"return {returned}"
    assert advice.fix == fix
    assert mistake.mended("GET", "/").text == text


def test_a_dataclass_is_sent_by_jsonify_which_is_imported(mistake):
    view(mistake, "return User(1)", "@dataclasses.dataclass\nclass User:\n    id: int")
    mistake.write(
        "program.py",
        (mistake.folder / "program.py").read_text().replace("Flask, jsonify,", "Flask,"),
    )

    advice = mistake.advised("GET", "/")

    assert advice.fix == "Return jsonify(User(1))."
    assert mistake.mended("GET", "/").json == {"id": 1}


def test_a_row_of_sqlite_becomes_a_dict(mistake):
    view(
        mistake,
        "with contextlib.closing(sqlite3.connect(':memory:')) as db:\n"
        "    db.row_factory = sqlite3.Row\n"
        "    return db.execute('select 1 as id').fetchone()",
    )

    advice = mistake.advised("GET", "/")

    assert advice.what == "index() returned a Row, which is no response."
    assert mistake.mended("GET", "/").json == {"id": 1}


def test_an_object_of_the_program_gets_no_conversion_that_may_fail(mistake):
    view(mistake, "return User()", "class User:\n    pass")

    advice = mistake.advised("GET", "/")

    assert advice.what == "index() returned a User, which is no response."
    assert advice.fix == "Return a string, a dict, a list or a response."
    assert advice.diff == ""


def test_a_method_that_makes_a_dict_is_used(mistake):
    view(
        mistake,
        "return User()",
        "class User:\n    def to_dict(self):\n        return {'id': 1}",
    )

    assert mistake.advised("GET", "/").fix == "Return User().to_dict()."
    assert mistake.mended("GET", "/").json == {"id": 1}


def test_a_set_that_json_cannot_hold_gets_no_diff(mistake):
    view(mistake, "return {object()}")

    advice = mistake.advised("GET", "/")

    assert "a set" in advice.what
    assert advice.diff == ""


# Functions, classes and coroutines


def test_a_function_without_its_parentheses_is_called(mistake):
    view(mistake, "return hello", "def hello():\n    return 'hello'")

    advice = mistake.advised("GET", "/")

    assert advice.what == (
        "index() returned the function hello itself, not its result, which is no response."
    )
    assert advice.fix == "Write hello()."
    assert mistake.mended("GET", "/").text == "hello"


@pytest.mark.parametrize("name", ["render_template", "redirect", "jsonify", "int", "Flask"])
def test_a_function_that_needs_arguments_is_named_without_a_diff(mistake, name):
    view(mistake, f"return {name}")

    advice = mistake.advised("GET", "/")

    assert advice.what.startswith("index() returned the ")
    assert f" {name} itself" in advice.what
    assert advice.fix == f"Call it: write {name}(...) with its arguments."
    assert advice.diff == ""


def test_a_view_that_returns_itself_is_not_made_to_call_itself(mistake):
    view(mistake, "return index")

    assert mistake.advised("GET", "/").diff == ""


def test_a_wsgi_application_that_fails_is_not_taken_for_a_missing_call(mistake):
    view(
        mistake, "return other", "def other(environ, start_response):\n    raise ValueError('own')"
    )

    mistake.ask("GET", "/")

    assert str(mistake.errors[0]) == "own"
    assert mistake.advice is None


@pytest.mark.filterwarnings("ignore:coroutine")
@pytest.mark.parametrize("kind", ["def", "async def"])
def test_a_coroutine_is_awaited(mistake, kind):
    view(mistake, "return load()", "async def load():\n    return 'loaded'")
    program = (mistake.folder / "program.py").read_text()
    mistake.write("program.py", program.replace("def index", f"{kind} index"))

    advice = mistake.advised("GET", "/")

    assert advice.what == (
        "index() returned a coroutine (the async function load() was not awaited), which is no"
        " response."
    )
    assert mistake.mended("GET", "/").text == "loaded"
    gc.collect()  # the coroutine warns that it was not awaited


# Tuples


def test_a_tuple_from_elsewhere_is_described_by_its_first_item(mistake):
    view(mistake, "row = (1, 'Bob')\nreturn row")

    advice = mistake.advised("GET", "/")

    assert advice.what == (
        "index() returned a tuple whose first item, the body, is 1 (an int), which is no response."
    )
    assert advice.diff == ""


def test_a_status_before_the_body_is_put_behind_it(mistake):
    view(mistake, "return 404, 'not found'")

    advice = mistake.advised("GET", "/")
    response = mistake.mended("GET", "/")

    assert advice.fix == "Write the body first, then the status: return 'not found', 404."
    assert (response.status_code, response.text) == (404, "not found")


@pytest.mark.parametrize("returned", ["404, '201 CREATED'", "7, 'seven'"])
def test_a_number_before_another_text_is_not_called_a_status(mistake, returned):
    view(mistake, f"return {returned}")

    assert "then the status" not in mistake.advised("GET", "/").fix


def test_a_tuple_of_too_many_items_is_counted(mistake):
    view(mistake, "return 'a', 'b', 'c', 'd'")

    advice = mistake.advised("GET", "/")

    assert advice.what == "index() returned a tuple of 4 items, which is no response."


# The line


def test_among_several_returns_the_only_possible_one_is_named(mistake):
    view(
        mistake,
        "if request.method == 'POST':\n    return redirect('/')\n"
        "if request.args:\n    return 'args'\ntotal = 5\nreturn total",
    )

    advice = mistake.advised("GET", "/")

    assert advice.place.source == "return total"
    assert advice.fix == "Return str(total)."


def test_two_returns_that_can_have_given_the_value_are_both_listed(mistake):
    view(mistake, "if request.args:\n    return len('a')\ntotal = 1\nreturn total")

    advice = mistake.advised("GET", "/")

    assert advice.what == "The return value for GET / is no response: it is 1 (an int)."
    assert advice.facts == (("Lines that may return it", "index(), line 12; index(), line 14"),)
    assert advice.diff == ""


def test_a_value_of_a_hook_is_not_blamed_on_the_view(mistake):
    view(mistake, "return 'hello'", "@app.before_request\ndef check():\n    return 42")

    advice = mistake.advised("GET", "/")

    assert advice.what == "check() returned 42 (an int), which is no response."
    assert mistake.mended("GET", "/").text == "42"


def test_a_value_of_an_error_handler_is_not_blamed_on_the_view(mistake):
    view(
        mistake,
        "return len(None)",
        "@app.errorhandler(TypeError)\ndef sorry(error):\n    return 42",
    )

    assert mistake.advised("GET", "/").what.startswith(
        "The return value for GET / is no response"
    )  # the view may have returned an int as well

    view(
        mistake,
        "1 / 0\nreturn 'x'",
        "@app.errorhandler(Exception)\ndef sorry(error):\n    return 42",
    )

    assert mistake.advised("GET", "/").what.startswith("sorry() returned 42")


def test_a_decorator_that_passes_the_value_on_is_not_blamed(mistake):
    view(
        mistake,
        "return 42",
        "def loud(f):\n    @functools.wraps(f)\n    def wrapper(*args):\n"
        "        return f(*args)\n    return wrapper",
    )
    program = (mistake.folder / "program.py").read_text()
    mistake.write("program.py", program.replace("def index", "@loud\ndef index"))

    assert mistake.advised("GET", "/").place.function == "index"


def test_a_decorator_of_a_class_based_view_is_seen(mistake):
    view(
        mistake,
        "return ''",
        "from retort.views import MethodView\n\n"
        "def numbered(f):\n    @functools.wraps(f)\n    def wrapper(*args, **kwargs):\n"
        "        number = 42\n        return number\n    return wrapper\n\n"
        "class Page(MethodView):\n    decorators = [numbered]\n"
        "    def get(self):\n        value = 'x'\n        return value\n\n"
        "app.add_url_rule('/page', view_func=Page.as_view('page'))",
    )

    advice = mistake.advised("GET", "/page")

    assert advice.what == "The return value for GET /page is no response: it is 42 (an int)."
    assert "wrapper(), line" in dict(advice.facts)["Lines that may return it"]


def test_a_value_that_the_view_made_a_response_of_is_not_said_to_be_returned(mistake):
    view(mistake, "answer = app.make_response(42)\nreturn answer")

    advice = mistake.advised("GET", "/")

    assert advice.what == "make_response() got 42 (an int), which is no response."
    assert advice.place.source == "answer = app.make_response(42)"


def test_make_response_is_named_where_the_program_called_it(mistake):
    view(mistake, "return make_response(42)")

    advice = mistake.advised("GET", "/")

    assert advice.what == "make_response() got 42 (an int), which is no response."
    assert advice.place.source == "return make_response(42)"


def streamed(mistake):
    """The last status and the body; Werkzeug's client would raise the error again."""
    app = with_debugger(mistake.load(), console=False)
    statuses = []

    def start_response(status, headers, exc_info=None):
        statuses.append(status)
        return statuses.append

    body = b"".join(app(werkzeug.test.create_environ("/"), start_response))
    return statuses[-1], body.decode()


@pytest.mark.parametrize(
    ("returned", "has_diff"),
    [("(number for number in [1])", True), ("iter([1])", False), ("map(len, ['a'])", False)],
)
def test_a_stream_of_numbers_is_explained(mistake, returned, has_diff):
    view(mistake, f"return {returned}")

    status, text = streamed(mistake)

    assert status == "500 Internal Server Error"
    assert "The response to GET / streams 1 (an int)." in text
    assert f"return {returned}" in text
    assert ("+    return (str(number) for number in [1])" in text) == has_diff


def test_a_stream_of_text_and_bytes_is_sent(mistake):
    view(mistake, "return iter(['a', b'b'])")

    assert streamed(mistake) == ("200 OK", "ab")


@pytest.mark.parametrize("headers", ["3", "'X-Total: 3'"])
def test_headers_that_are_no_dict_are_named(mistake, headers):
    view(mistake, f"return 'a', 200, {headers}")

    advice = mistake.advised("GET", "/")

    assert advice.what.startswith("index() returned a tuple whose third item, the headers, is ")
    assert headers in advice.what
    assert advice.place.source == f"return 'a', 200, {headers}"


@pytest.mark.parametrize(
    ("returned", "status"), [("'Bob', 30", "30 UNKNOWN"), ("'Bob', 'Smith'", "0 Smith")]
)
def test_a_status_that_no_server_can_send_is_explained(mistake, returned, status):
    view(mistake, f"return {returned}")
    answer = mistake.ask("GET", "/")
    with pytest.raises(InvalidResponse) as error:  # what Retort's server does with it
        make_head(answer.status, answer.headers, "GET")

    advice = advise(error.value, mistake.app, werkzeug.test.create_environ("/"))

    assert advice.what == f"The response to GET / has the status {status!r}, which is not valid."
    assert advice.place.source == f"return {returned}"


@pytest.mark.parametrize(
    ("proxy", "described"),
    [
        ("request", "<Request 'http://localhost/' [GET]> (a Request)"),
        ("g", "an _AppCtxGlobals"),
    ],
)
def test_a_proxy_is_explained_by_the_object_it_stands_for(mistake, proxy, described):
    view(mistake, f"return {proxy}", before="from flask import g")

    advice = mistake.advised("GET", "/")

    assert advice.what == f"index() returned {described}, which is no response."
    assert advice.place.source == f"return {proxy}"


def test_an_application_that_a_view_returns_calls_itself(mistake):
    view(mistake, "return current_app", before="from flask import current_app")

    advice = mistake.advised("GET", "/")

    assert advice.what == "The return value for GET / is the application itself."
    assert advice.place.function == "index"
