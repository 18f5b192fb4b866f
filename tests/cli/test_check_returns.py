"""The rules on views without a return value: which ends of a function are reached."""

import pytest


def view(body, methods=("GET",), decorators=""):
    """The source of a view, whose body begins at line 7 of the program."""
    lines = "".join(f"    {line}\n" for line in body.splitlines())
    return f"\n@app.route('/', methods={list(methods)!r}){decorators}\ndef index():\n{lines}"


BOTH = ("GET", "POST")


@pytest.mark.parametrize(
    ("body", "line"),
    [
        ("render_template_string('x')", 7),
        ("pass", 7),
        ("'''Only a docstring.'''", 7),
        ("return", 7),
        ("return None", 7),
        ("if request.method == 'GET':\n    return\nreturn ''", 8),
        ("if request.args:\n    print('a')\nelse:\n    print('b')", 7),
        ("with open('x') as file:\n    print(file)", 8),
        ("for word in 'a b'.split():\n    print(word)", 7),
        ("try:\n    print('a')\nfinally:\n    print('b')", 7),
        ("def inner():\n    return ''", 7),
    ],
)
def test_a_view_that_always_returns_nothing_is_an_error(findings, body, line):
    assert findings(view(body)) == [f"no-return program.py:{line}"]


def test_a_forgotten_return_is_named(findings):
    [finding] = findings.whole(view("name = 'x'\nrender_template_string('hello')"))

    assert finding.level == "error"
    assert "index() returns nothing: no return follows line 8" in finding.message
    assert finding.fix == "Write return before it: return render_template_string(...)."


@pytest.mark.parametrize(
    ("body", "which"),
    [
        ("if request.method == 'POST':\n    return 'sent'", "GET"),
        ("if request.method != 'POST':\n    return 'form'", "POST"),
        ("if request.method == 'POST' and request.args:\n    return 'sent'", "GET"),
        ("match request.method:\n    case 'POST':\n        return 'sent'", "GET"),
    ],
)
def test_a_method_that_gets_no_response_is_named(findings, body, which):
    [finding] = findings.whole(view(body, BOTH))

    assert finding.rule == "no-return"
    assert f"returns nothing for {which}: " in finding.message


@pytest.mark.parametrize(
    ("body", "line"),
    [
        ("if request.args:\n    return 'a'", 7),
        ("if request.args:\n    return 'a'\nelif request.cookies:\n    return 'b'", 9),
        ("if request.args:\n    return 'a'\nelse:\n    print('b')", 10),
        ("for word in request.args:\n    if word:\n        return ''", 7),
        ("for word in request.args:\n    if word:\n        continue\n    return ''", 7),
        ("while request.args:\n    return 'a'", 7),
        ("while True:\n    if request.args:\n        break\n    return ''", 7),
        ("try:\n    return 'a'\nexcept ValueError:\n    print('b')", 7),
        ("match request.args:\n    case {'a': 1}:\n        return 'a'", 7),
        ("if request.args:\n    return\nreturn 'a'", 8),
        ("if request.args:\n    return 'a'\nhelper()", 9),
    ],
)
def test_a_branch_that_returns_nothing_is_a_warning(findings, body, line):
    program = "\n\ndef helper(): pass" + view(body)

    assert findings(program) == [f"some-return program.py:{line + 2}"]
    assert [finding.level for finding in findings.whole(program)] == ["warning"]


@pytest.mark.parametrize(
    "body",
    [
        "if request.args:\n    return 'a'\nabort(404)",
        "if request.args:\n    return 'a'\nraise ValueError",
        "if request.args:\n    return 'a'\nimport sys\nsys.exit()",
        "if request.args:\n    return 'a'\nexit()",
        "if request.args:\n    return 'a'\nassert False, 'never'",
        "if request.args:\n    return 'a'\nrefuse()",
        "if request.args:\n    return 'a'\ndeclared()",
        "if request.args:\n    return 'a'\napi.abort(404)",
        "if request.args:\n    return 'a'\nelif not request.args:\n    return 'b'",
        "x = len(request.args)\nif x > 1:\n    return 'a'\nelif x <= 1:\n    return 'b'",
        "x = len(request.args)\nif x == 1:\n    return 'a'\nif x != 1:\n    return 'b'",
        "x = g.x\nif x is None:\n    return 'a'\nif x is not None:\n    return 'b'",
        "while True:\n    if request.args:\n        return 'a'",
        "while 1:\n    pass",
        "for word in request.args:\n    return 'a'\nelse:\n    return ''",
        "for word in request.args:\n    return 'a'",
        "for n in range(3):\n    try:\n        return 'a'\n    except OSError:\n        raise",
        "try:\n    return 'a'\nexcept ValueError:\n    abort(400)",
        "try:\n    return 'a'\nexcept ValueError:\n    return 'b'\nfinally:\n    print('c')",
        "try:\n    print('a')\nfinally:\n    return 'c'",
        "try:\n    x = 1\nexcept ValueError:\n    return 'b'\nelse:\n    return 'c'",
        "with open('x') as file:\n    return file.read()",
        "match g:\n    case {'a': 1}:\n        return 'a'\n    case _:\n        return 'b'",
        "yield 'a'",
        "if True:\n    return 'a'",
        "if request.args:\n    return 'a'\nelse:\n    return 'b'",
    ],
)
def test_a_view_that_ends_by_a_return_or_an_exception_is_sound(findings, body):
    program = """
from typing import NoReturn
def refuse():
    if request.args:
        abort(400)
    raise ValueError
def declared() -> NoReturn: ...
api = object()
"""
    assert findings(program + view(body)) == []


def test_both_methods_that_are_tested_need_no_more(findings):
    body = (
        "if request.method == 'GET':\n    return ''\nif request.method == 'POST':\n    return 'x'"
    )

    assert findings(view(body, BOTH)) == []


def test_a_changed_variable_is_another_condition(findings):
    body = "x = 1\nif x:\n    return 'a'\nx = len(request.args)\nif not x:\n    return 'b'"

    assert findings(view(body)) == ["some-return program.py:11"]


WRAPPERS = """
from functools import wraps
def passes(f):
    @wraps(f)
    def wrapper(*args, **kwargs):
        if request.args:
            abort(400)
        return f(*args, **kwargs)
    return wrapper
def changes(f):
    @wraps(f)
    def wrapper(*args, **kwargs):
        result = f(*args, **kwargs)
        return render_template_string('x', **(result or {}))
    return wrapper
"""


@pytest.mark.parametrize(("decorator", "found"), [("passes", 1), ("changes", 0)])
def test_a_decorator_may_make_a_response_of_nothing(findings, decorator, found):
    assert len(findings(WRAPPERS + view("pass", decorators=f"\n@{decorator}"))) == found


def test_an_application_may_make_a_response_of_nothing(findings):
    program = """
class Lenient(Flask):
    def make_response(self, rv):
        return super().make_response(rv or "")
app = Lenient(__name__)
"""
    assert findings(program + view("pass")) == []


def test_the_methods_of_class_based_views_are_checked(findings):
    program = """
from retort.views import MethodView, View
class Entry(MethodView):
    def get(self):
        pass
    def post(self):
        return ""
class Page(View):
    def dispatch_request(self):
        pass
class Converted(MethodView):
    def dispatch_request(self, **values):
        return super().dispatch_request(**values) or ""
    def get(self):
        pass
class Decorated(MethodView):
    decorators = [lambda f: lambda **values: f(**values) or ""]
    def get(self):
        pass
app.add_url_rule("/entry", view_func=Entry.as_view("entry"))
app.add_url_rule("/page", view_func=Page.as_view("page"))
app.add_url_rule("/converted", view_func=Converted.as_view("converted"))
app.add_url_rule("/decorated", view_func=Decorated.as_view("decorated"))
"""
    assert findings(program) == ["no-return program.py:13", "no-return program.py:8"]


def test_functions_by_method_are_checked_one_by_one(findings):
    program = """
@app.get("/login")
def login():
    return ""

@login.post
def login():
    print("sent")
"""
    assert findings(program) == ["no-return program.py:11"]


def test_an_asynchronous_view_is_checked(findings):
    assert findings("\n@app.get('/')\nasync def index():\n    pass\n") == ["no-return program.py:7"]
