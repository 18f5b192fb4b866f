"""`retort check`: declared inputs, their types and their place among decorators."""

import sys
from pathlib import Path

import pytest

import retort.views
from retort.devtools.checks import check_at_start

TOP = """
from functools import wraps
from typing import Annotated, NamedTuple
from msgspec import Meta, Struct
from retort import Body, Cookie, Draft, Form, Header, Path, Query, inputs
from flask.views import MethodView

class Order(Struct):
    count: int

def login_required(f):
    @wraps(f)
    def decorated(*args, **kwargs):
        if 'user' not in request.cookies:
            return redirect('/login')
        return f(*args, **kwargs)
    return decorated

def neutral(f):
    @wraps(f)
    def decorated(*args, **kwargs):
        return f(*args, **kwargs)
    return decorated
"""


@pytest.fixture(autouse=True)
def flask_views(monkeypatch):
    monkeypatch.setitem(sys.modules, "flask.views", retort.views)


@pytest.fixture
def rules(findings):
    """The rules that a program breaks, in the order of its lines."""

    def rules(program, **pages):
        return [one.rule for one in findings.whole(TOP + program, **pages)]

    return rules


# No other rule is misled


VIEWS = {
    "query": "@app.get('/')\ndef f(q: Query[str], page: Query[int] = 1): return {'q': q}",
    "a variable, a header and a cookie": (
        "@app.get('/<int:id>')\n"
        "def f(id: Path[int], x_trace: Header[str], sid: Cookie[str | None] = None): return ''"
    ),
    "a variable without a marker": "@app.get('/<id>')\ndef f(id, q: Query[str]): return {'q': q}",
    "a body": "@app.post('/')\ndef f(order: Body[Order]): return ''",
    "a form": "@app.post('/')\ndef f(order: Form[Order]): return ''",
    "a draft": (
        "@app.route('/', methods=['GET', 'POST'])\n"
        "def f(form: Draft[Order]): return '', form.status"
    ),
    "async": "@app.get('/')\nasync def f(q: Query[str]): return {'q': q}",
    "a decorator": "@app.get('/<id>')\n@neutral\ndef f(id, q: Query[str]): return {'q': q}",
    "@inputs": "@app.get('/<id>')\n@neutral\n@inputs\ndef f(id, q: Query[str]): return {'q': q}",
    "a method": (
        "class Orders(MethodView):\n"
        "    def get(self, id, q: Query[str]): return {'q': q}\n"
        "    def post(self, id, order: Body[Order]): return ''\n"
        "app.add_url_rule('/<id>', view_func=Orders.as_view('orders'))"
    ),
    "a function for each method": (
        "@app.get('/')\ndef f(q: Query[str]): return {'q': q}\n"
        "@f.post\ndef g(order: Form[Order]): return ''"
    ),
    "a blueprint": (
        "pages = Blueprint('pages', __name__)\n"
        "@pages.get('/')\ndef f(q: Query[str]): return {'q': q}\napp.register_blueprint(pages)"
    ),
    "a WebSocket": "@app.websocket('/')\ndef f(q: Query[str]): return",
}


@pytest.mark.parametrize("view", VIEWS.values(), ids=VIEWS)
def test_an_input_is_no_missing_variable_of_the_url(rules, view):
    assert set(rules(view)) <= {"websocket-origin"}


def test_an_argument_without_a_marker_is_still_missing(findings):
    program = TOP + "@app.get('/')\ndef f(q: Query[str], page): return {'q': q}\n"

    [finding] = findings.whole(program)

    assert finding.rule == "view-arguments"
    assert "'page'" in finding.message
    assert "'q'" not in finding.message


def test_a_decorator_that_takes_the_variables_only_does_not_accept_inputs(findings):
    decorator = (
        "def by_id(f):\n"
        "    @wraps(f)\n"
        "    def decorated(id):\n"
        "        return f(id=id)\n"
        "    return decorated\n"
    )
    view = "def show(id, q: Query[str]): return {'q': q}\n"

    [finding] = findings.whole(TOP + decorator + "@app.get('/<id>')\n@by_id\n" + view)
    assert finding.rule == "view-arguments"
    assert "decorated(), the decorator's function around show(), takes no 'q'" in finding.message
    assert "@inputs" in finding.fix
    assert findings(TOP + decorator + "@app.get('/<id>')\n@by_id\n@inputs\n" + view) == []


# Types


def test_a_type_that_is_defined_nowhere_is_an_error(findings):
    [finding] = findings.whole(
        TOP + "@app.post('/')\ndef order(order: 'Body[Ordre]'):\n    return ''\n"
    )

    assert (finding.rule, finding.level) == ("input-type", "error")
    assert "name 'Ordre' is not defined" in finding.message
    assert "Define or import the type" in finding.fix


def test_a_type_that_is_defined_below_the_view_is_none(rules):
    view = "@app.post('/')\ndef order(order: 'Body[Later]'):\n    return ''\n"

    assert rules(view + "class Later(Struct):\n    count: int\n") == []


def test_an_unknown_type_of_a_field_is_an_error_also_deep_inside(findings):
    types = (
        "class Item(NamedTuple):\n    price: 'Decimal'\n"
        "class Cart(Struct):\n    items: list[Item]\n"
    )

    [finding] = findings.whole(
        TOP + types + "@app.post('/')\ndef buy(cart: Body[Cart]):\n    return ''\n"
    )

    assert finding.rule == "input-type"
    assert "Item" in finding.message
    assert "buy()" in finding.message


def test_what_does_not_fit_the_rule_is_found_for_types_that_were_not_known_at_registration(
    findings,
):
    view = "@app.get('/')\ndef order(order: 'Body[Later]'):\n    return ''\n"

    [finding] = findings.whole(TOP + view + "class Later(Struct):\n    count: int\n")

    assert finding.rule == "input-type"
    assert "takes GET" in finding.message
    assert "methods=['POST']" in finding.fix


def test_inputs_above_a_function_without_a_marker_is_an_error(rules):
    assert rules("@app.get('/')\n@inputs\ndef index():\n    return ''\n") == ["input-type"]


def test_a_decorator_without_wraps_hides_the_inputs(findings):
    decorator = (
        "def plain(f):\n"
        "    def wrapper(*args, **kwargs):\n"
        "        return f(*args, **kwargs)\n"
        "    return wrapper\n"
    )
    view = "@app.get('/')\n@plain\n{}def search(q: Query[str]):\n    return {{'q': q}}\n"

    [finding] = findings.whole(TOP + decorator + view.format(""))

    assert (finding.rule, finding.level) == ("input-lost", "error")
    assert "plain() hides the inputs 'q' of search()" in finding.message
    assert "@wraps(f)" in finding.fix
    assert findings(TOP + decorator + view.format("@inputs\n")) == []


# Inputs before a login


PLACED = "@app.post('/', endpoint='x')\n{}\ndef order({}):\n    return ''\n"
UNSAFE = {
    "body": ("@login_required", "order: Body[Order]"),
    "form": ("@login_required", "order: Form[Order]"),
    "query": ("@login_required", "page: Query[int] = 1"),
    "required text": ("@login_required", "q: Query[str]"),
    "limited text": ("@login_required", "q: Query[Annotated[str, Meta(max_length=9)]] = ''"),
    "below another decorator": ("@neutral\n@login_required", "order: Body[Order]"),
    "inputs above it": ("@login_required\n@neutral", "order: Body[Order]"),
}
SAFE = {
    "a draft": ("@login_required", "order: Draft[Order]"),
    "below": ("@login_required\n@inputs", "order: Body[Order]"),
    "further below": ("@login_required\n@neutral\n@inputs", "order: Body[Order]"),
    "another decorator": ("@neutral", "order: Body[Order]"),
    "text that may be missing": ("@login_required", "q: Query[str] = ''"),
    "nothing declared": ("@login_required", ""),
}


@pytest.mark.parametrize(("decorators", "arguments"), UNSAFE.values(), ids=UNSAFE)
def test_inputs_that_strangers_can_have_validated_are_a_warning(findings, decorators, arguments):
    [finding] = findings.whole(TOP + PLACED.format(decorators, arguments))

    assert (finding.rule, finding.level) == ("input-before-login", "warning")
    assert "before @login_required" in finding.message
    assert "@inputs" in finding.fix
    assert Path("program.py").read_text().splitlines()[finding.line - 1] == "@login_required"


@pytest.mark.parametrize(("decorators", "arguments"), SAFE.values(), ids=SAFE)
def test_inputs_that_are_read_after_the_login_are_none(rules, decorators, arguments):
    assert rules(PLACED.format(decorators, arguments)) == []


NAMES = {
    "admin_required": "raise PermissionError",
    "requires_auth": "abort(401)",
    "token_required": "return {'error': 'no token'}, 401",
    "check_access": "abort(403)",
    "guard": "abort(403)",
    "only_here": "return redirect(url_for('login'))",
}


@pytest.mark.parametrize(("name", "refusal"), NAMES.items(), ids=NAMES)
def test_a_login_check_is_recognised_by_its_name_or_its_refusal(rules, name, refusal):
    decorator = (
        f"def {name}(f):\n"
        "    @wraps(f)\n"
        "    def decorated(*args, **kwargs):\n"
        "        if not request.cookies:\n"
        f"            {refusal}\n"
        "        return f(*args, **kwargs)\n"
        "    return decorated\n"
        "@app.get('/login')\ndef login(): return ''\n"
    )

    found = rules(decorator + PLACED.format(f"@{name}", "order: Body[Order]"))

    assert found == ["input-before-login"]


def test_a_decorator_factory_is_recognised(rules):
    decorator = (
        "def roles_required(*roles):\n"
        "    def decorate(f):\n"
        "        @wraps(f)\n"
        "        def decorated(*args, **kwargs):\n"
        "            if not request.cookies:\n"
        "                raise PermissionError\n"
        "            return f(*args, **kwargs)\n"
        "        return decorated\n"
        "    return decorate\n"
    )

    found = rules(decorator + PLACED.format("@roles_required('boss')", "order: Body[Order]"))

    assert found == ["input-before-login"]


@pytest.mark.parametrize("name", ["log_login", "count_users", "author", "with_session"])
def test_a_decorator_that_refuses_no_request_is_none(rules, name):
    decorator = (
        f"def {name}(f):\n"
        "    @wraps(f)\n"
        "    def decorated(*args, **kwargs):\n"
        "        print(request.path)\n"
        "        return f(*args, **kwargs)\n"
        "    return decorated\n"
    )

    assert rules(decorator + PLACED.format(f"@{name}", "order: Body[Order]")) == []


def test_a_check_before_the_request_is_none(rules):
    hook = (
        "@app.before_request\n"
        "def login_required_here():\n"
        "    if 'user' not in request.cookies:\n"
        "        abort(401)\n"
    )

    assert rules(hook + PLACED.format("", "order: Body[Order]").replace("\n\n", "\n")) == []


def test_the_decorators_of_a_class_come_before_the_inputs_of_its_methods(rules):
    method = "    {}def post(self, order: Body[Order]):\n        return ''\n"
    route = "app.add_url_rule('/', view_func=Orders.as_view('orders'))\n"
    outside = "class Orders(MethodView):\n    decorators = [login_required]\n"

    assert rules(outside + method.format("") + route) == []
    inside = "class Orders(MethodView):\n" + method.format("@login_required\n    ")
    assert rules(inside + route) == ["input-before-login"]


def test_the_start_of_a_program_shows_what_cannot_be_read(findings):
    program = TOP + "@app.post('/')\ndef order(order: 'Body[Ordre]'):\n    return ''\n"
    findings(program)

    found = check_at_start(sys.modules["program"].app)

    assert [one.rule for one in found] == ["input-type"]


# What other rules know of inputs

DRAFT = (
    "@app.route('/', methods=['GET', 'POST'])\n"
    "def send(form: Draft[Order]):\n{}\n    return render_template_string('', form=form)\n"
)


@pytest.mark.parametrize(
    "body",
    [
        "    if form.is_valid:\n        db.session.commit()\n        return ''",
        "    if form.is_valid and is_free(form.value):\n        db.session.commit()",
        "    if not form.is_valid:\n        return 'again'\n    db.session.commit()",
        "    if form.is_submitted:\n        db.session.commit()",
        "    if form.is_valid:\n        return redirect(url_for('send'))",
    ],
)
def test_a_valid_draft_means_that_the_request_is_no_get(rules, body):
    head = "db = None\ndef is_free(order): return True\n"

    assert rules(head + DRAFT.format(body)) == []


def test_is_valid_of_another_object_says_nothing_of_the_method(rules):
    body = "    if account.is_valid:\n        db.session.commit()"

    assert rules("db = account = None\n" + DRAFT.format(body)) == ["state-on-get"]


def test_a_draft_of_a_view_for_get_only_is_never_sent(findings):
    view = "@app.get('/')\ndef send(form: Draft[Order]):\n    return '', form.status\n"

    [finding] = findings.whole(TOP + view)

    assert finding.rule == "view-method"
    assert "takes the form 'form', but accepts GET only" in finding.message


NOTE = "class Note(Struct):\n    text: str\n    tag: Annotated[str, Meta(pattern='^[a-z]+$')]\n"
UNESCAPED = {
    "a query": ("q: Query[str]", "'found ' + q", "'q', which comes from the query,"),
    "an optional one": ("q: Query[str | None] = None", "f'found {q}'", "the query"),
    "a header": ("agent: Header[str]", "agent", "a header"),
    "a form": ("note: Form[Note]", "f'<p>{note.text}'", "'note.text', which comes from a form,"),
    "a draft": ("form: Draft[Note]", "f'<p>{form.value.text}'", "'form.value.text'"),
    "a body": ("note: Body[Note]", "note.text.strip()", "the JSON body"),
}
ESCAPED = {
    "escaped": ("q: Query[str]", "f'found {escape(q)}'"),
    "a number": ("page: Query[int]", "f'page {page}'"),
    "a choice": ("q: Query[Literal['a', 'b']]", "f'found {q}'"),
    "a pattern": ("note: Form[Note]", "f'<p>{note.tag}'"),
    "a dict": ("note: Form[Note]", "{'text': note.text}"),
    "another attribute": ("note: Form[Note]", "f'<p>{note.count}'"),
}


def returning(arguments, value):
    view = f"@app.post('/')\ndef send({arguments}):\n    return {value}\n"
    return f"{TOP}from typing import Literal\n{NOTE}{view}"


@pytest.mark.parametrize(("arguments", "value", "says"), UNESCAPED.values(), ids=UNESCAPED)
def test_text_of_an_input_that_is_returned_unescaped_is_an_error(findings, arguments, value, says):
    [finding] = findings.whole(returning(arguments, value))

    assert finding.rule == "unescaped"
    assert says in finding.message


@pytest.mark.parametrize(("arguments", "value"), ESCAPED.values(), ids=ESCAPED)
def test_inputs_that_are_safe_in_html_are_none(findings, arguments, value):
    assert findings(returning(arguments, value)) == []


def test_a_text_that_was_compared_may_have_been_validated(findings):
    view = (
        "@app.post('/')\ndef send(note: Form[Note]):\n"
        "    if note.text not in ('a', 'b'):\n        abort(404)\n"
        "    return f'<p>{note.text}'\n"
    )

    assert findings(TOP + NOTE + view) == []
