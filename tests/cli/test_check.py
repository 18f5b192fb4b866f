"""`retort check`: each rule on a faulty and on a correct program, and false positives."""

import json
import re
import shutil
from pathlib import Path

import pytest

from retort.devtools.checks import RULES

EXAMPLES = Path(__file__).parents[2] / "examples"


def view(body, rule="/", methods=("GET",), name="index", arguments=""):
    """The source of a view, which begins at line 5 of the program with its decorator."""
    lines = "".join(f"    {line}\n" for line in body.splitlines())
    return f"\n@app.route({rule!r}, methods={list(methods)!r})\ndef {name}({arguments}):\n{lines}"


BOTH = ("GET", "POST")
LOGIN = view("return {'name': request.form['nm']}", "/login", ("POST",), "login")
PAGE = view("return render_template('page.html')")


# The examples


def test_in_the_tutorials_program_the_unescaped_line_is_found_and_nothing_else(retort):
    done = retort("check", str(EXAMPLES / "login" / "login.py"), "--json")

    [finding] = json.loads(done.stdout)["findings"]
    assert finding["rule"] == "unescaped"
    assert finding["file"].endswith("login.py")
    assert finding["line"] == 6
    assert "'name'" in finding["message"]
    assert "escape(name)" in finding["fix"]
    assert done.returncode == 1


@pytest.mark.parametrize("program", ["guestbook/guestbook.py", "chat/chat.py", "signup/signup.py"])
def test_in_the_other_examples_nothing_is_found(retort, program):
    done = retort("check", str(EXAMPLES / program))

    assert done.stdout == "Nothing found.\n"
    assert done.returncode == 0


def test_the_tutorials_form_with_another_field_name_is_found(retort, world):
    shutil.copy(EXAMPLES / "login" / "login.py", world)
    page = (EXAMPLES / "login" / "login.html").read_text()
    (world / "login.html").write_text(page.replace('"nm"', '"name"'))

    found = json.loads(retort("check", "login.py", "--json").stdout)["findings"]

    assert [(one["file"], one["line"], one["rule"]) for one in found] == [
        ("login.html", 5, "field-unread"),
        ("login.py", 6, "unescaped"),
        ("login.py", 11, "field-missing"),
    ]
    assert "'nm'" in found[0]["fix"]
    assert "'name'" in found[2]["fix"]


# Where forms are sent


def test_a_form_for_a_route_that_does_not_exist_is_an_error(findings):
    form = '\n<form action="/logn" method="post"><input name="nm"></form>'

    assert findings(LOGIN + PAGE, page=form) == ["form-target page.html:1"]
    [finding] = findings.whole(LOGIN + PAGE, page=form)
    assert "/login" in finding.fix


@pytest.mark.parametrize("action", ["/login", "{{ url_for('login') }}", '{{ url_for("login") }}'])
def test_a_form_for_a_route_that_takes_it_is_sound(findings, action):
    form = f'<form action="{action}" method="post"><input name="nm"></form>'

    assert findings(LOGIN + PAGE, page=form) == []


@pytest.mark.parametrize(
    "action", ["/login", "{{ url_for('login') }}", "http://localhost:5000/login"]
)
def test_a_form_whose_method_the_route_does_not_take_is_an_error(findings, action):
    form = f'<form action="{action}"><input name="nm"></form>'

    assert findings(LOGIN + PAGE, page=form) == ["form-method page.html:1"]
    [finding] = findings.whole(LOGIN + PAGE, page=form)
    assert finding.fix == "Add method='post' to the form."


@pytest.mark.parametrize(
    "action",
    [
        "https://example.com/login",
        "//example.com/x",
        "http://localhost:8080/other",
        "mailto:ada@example.com",
        "javascript:void(0)",
        "{{ target }}",
        "/users/{{ id }}",
        "{{ url_for('login') if x else '/' }}",
        "{{ url_for(name) }}",
    ],
)
def test_an_address_elsewhere_or_unknown_is_passed_over(findings, action):
    form = f'<form action="{action}" method="post"><input name="q"></form>'

    assert findings(LOGIN + PAGE, page=form) == []


def test_a_form_without_an_action_is_sent_to_the_page_it_is_on(findings):
    form = '<form method="post"><button>Send</button></form>'
    takes = view("return render_template('page.html')", methods=BOTH)

    assert findings(PAGE, page=form) == ["form-method page.html:1"]
    assert findings(takes, page=form) == []


@pytest.mark.parametrize(
    "script",
    [
        "form.action = '/save'",
        "$('form').attr('action', '/save')",
        "form['action'] = '/save'",
        "$('form').submit(function () { return false; })",
        "form.addEventListener('submit', send)",
        "form.onsubmit = send",
    ],
)
def test_a_script_may_decide_where_a_form_is_sent(findings, write, script):
    form = '<form action="" method="post"><button>Send</button></form>'
    assert findings(PAGE, page=f"{form}<script>{script}</script>") == []

    write("static/forms.js", script)
    assert findings(PAGE, page=form) == []


def test_a_script_that_sends_a_form_as_it_is_changes_nothing(findings):
    page = '<form method="post"></form><script>document.forms[0].submit()</script>'

    assert findings(PAGE, page=page) == ["form-method page.html:1"]


def test_the_page_is_that_of_the_template_around_it(findings):
    pages = {
        "page": '{% extends "base.html" %}{% block main %}{% include "form.html" %}{% endblock %}',
        "base": "{% block main %}{% endblock %}",
        "form": '<form method="post"><button>Send</button></form>',
    }

    assert findings(PAGE, **pages) == ["form-method form.html:1"]


def test_a_template_rendered_by_a_helper_has_no_known_page(findings):
    program = "\ndef show():\n    return render_template('page.html')\n" + view("return show()")

    assert findings(program, page='<form method="post"></form>') == []


def test_two_views_of_one_path_share_its_methods(findings):
    program = PAGE + view("return redirect(url_for('index'))", "/", ("POST",), "save")

    assert findings(program, page='<form method="post"></form>') == []
    form = '<form action="{{ url_for(\'index\') }}" method="post"></form>'
    assert findings(program, page=form) == []


def test_a_form_in_a_string_of_a_view_is_read_as_well(findings):
    program = view("return '<form method=post><input name=x></form>'")

    assert findings(program) == ["form-method program.py:7"]
    assert findings(view("return '<form method=\"%s\"></form>' % 'get'")) == []


def test_a_slash_redirect_is_followed(findings):
    program = view("return {'x': request.form['nm']}", "/login/", ("POST",), "login")
    form = '<form action="/login" method="post"><input name="nm"></form>'

    assert findings(program + PAGE, page=form) == []


def test_middleware_may_handle_other_paths(findings):
    program = PAGE + "\napp.wsgi_app = (lambda inner: lambda *given: inner(*given))(app.wsgi_app)\n"

    assert findings(program, page='<form action="/other"></form>') == []


@pytest.mark.parametrize("method", ["put", "DELETE", "patch", "pst"])
def test_a_method_that_html_does_not_support_is_an_error(findings, method):
    form = f'<form action="/login" method="{method}"></form>'

    assert findings(LOGIN + PAGE, page=form) == ["form-verb page.html:1"]


def test_the_methods_of_html_and_a_dialog_are_sound(findings):
    forms = (
        '<form method="dialog"></form><form action="/login" method="POST"><input name=nm></form>'
    )

    assert findings(LOGIN + PAGE, page=forms) == []


UPLOAD = view("request.files['up']\nreturn ''", "/up", ("POST",), "up")


@pytest.mark.parametrize(
    ("attributes", "rules"),
    [
        ('method="post"', ["file-enctype page.html:2"]),
        ("", ["file-enctype page.html:2", "form-method page.html:1"]),
        ('method="post" enctype="multipart/form-data"', []),
        ("method=POST enctype='MULTIPART/form-data'", []),
        ('method="post" enctype="{{ enctype }}"', []),
        ('method="post" {% if files %}enctype="multipart/form-data"{% endif %}', []),
    ],
)
def test_a_file_needs_post_and_multipart(findings, attributes, rules):
    form = f'<form action="/up" {attributes}>\n<input type="file" name="up"></form>'

    assert findings(UPLOAD + PAGE, page=form) == rules


# Views


@pytest.mark.parametrize(
    "body",
    [
        "return {'x': request.form['x']}",
        "return {'x': request.form.get('x')}",
        "form = request.form\nreturn {'x': form.get('x')}",
        "request.files['x']\nreturn ''",
        "if request.method == 'POST':\n    return 'sent'\nreturn 'form'",
        "if 'POST' == request.method:\n    return 'sent'\nreturn 'form'",
        "if request.method in ('POST', 'PUT'):\n    return 'sent'\nreturn 'form'",
        "import flask\nreturn {'x': flask.request.form['x']}",
    ],
)
def test_a_view_that_waits_for_a_form_must_take_one(findings, body):
    line = 7 + ("import" in body)

    assert findings(view(body)) == [f"view-method program.py:{line}"]
    assert findings(view(body, methods=BOTH)) == []


@pytest.mark.parametrize(
    "body",
    [
        "return {'x': request.args.get('x'), 'y': request.values.get('x')}",
        "if request.method == 'HEAD':\n    return ''\nreturn 'form'",
        "if request.method != 'POST':\n    return ''\nreturn 'form'",
        "request = type('R', (), {'form': {'x': 1}})\nreturn {'x': request.form['x']}",
    ],
)
def test_a_view_that_does_not_wait_for_a_form_is_sound(findings, body):
    assert findings(view(body)) == []


@pytest.mark.parametrize(
    "test",
    [
        "request.method == 'post'",
        "'Post' == request.method",
        "request.method != 'post'",
        "request.method in ('post', 'put')",
    ],
)
def test_a_method_is_compared_in_capitals(findings, test):
    body = f"if {test}:\n    return 'sent'\nreturn 'form'"

    assert findings(view(body, methods=BOTH)) == ["view-method program.py:7"]


@pytest.mark.parametrize(
    "test",
    [
        "request.method.lower() == 'post'",
        "request.method in ('post', 'POST')",
        "request.method == 'patch'",  # which fetch() sends as it is written
        "request.method == 'purge'",
        "request.method == verb",
    ],
)
def test_other_comparisons_of_the_method_are_sound(findings, test):
    body = f"verb = 'POST'\nif {test}:\n    return 'sent'\nreturn 'form'"

    assert findings(view(body, methods=BOTH)) == []


def test_a_hook_may_set_the_form_for_all_methods(findings):
    program = """
@app.before_request
def prepare():
    request.form = {**request.form, **request.args}
"""
    assert findings(program + view("return {'x': request.form.get('x')}")) == []


def test_the_functions_of_one_endpoint_are_judged_one_by_one(findings):
    program = """
@app.get("/login")
def login():
    return {"x": request.form["nm"]}

@login.post
def login():
    return {"x": request.form["nm"]}
"""
    assert findings(program) == ["view-method program.py:7"]


def test_the_methods_of_a_class_are_judged_one_by_one(findings):
    program = """
from flask.views import MethodView
class Login(MethodView):
    def get(self):
        return {"x": request.form["nm"]}
    def post(self):
        return {"x": request.form["nm"]}
app.add_url_rule("/login", view_func=Login.as_view("login"))
""".replace("flask.views", "retort.views")

    assert findings(program) == ["view-method program.py:8"]


CHANGES = [
    "db.session.commit()",
    "db.commit()",
    "db.session.delete(1)",
    "db.query.first().delete()",
]


@pytest.mark.parametrize("change", CHANGES)
@pytest.mark.parametrize("methods", [("GET",), BOTH])
def test_a_change_on_get_is_a_warning(findings, change, methods):
    program = view(f"{change}\nreturn ''", "/remove/<int:id>", methods, "remove", "id")

    assert findings("db = None" + program) == ["state-on-get program.py:7"]
    [finding] = findings.whole("db = None" + program)
    assert finding.level == "warning"


@pytest.mark.parametrize(
    "body",
    [
        "if request.method == 'POST':\n    db.commit()\nreturn ''",
        "if request.method == 'POST' and request.form:\n    db.commit()\nreturn ''",
        "if request.method == 'GET':\n    return ''\ndb.commit()\nreturn ''",
        "if request.method != 'POST':\n    abort(400)\ndb.commit()\nreturn ''",
        "if request.method in ('GET', 'HEAD'):\n    return ''\ndb.commit()\nreturn ''",
        "if form.validate_on_submit():\n    db.commit()\nreturn ''",
        "if not form.validate_on_submit():\n    return ''\ndb.commit()\nreturn ''",
        "if request.form.get('x') is None:\n    return ''\ndb.commit()\nreturn ''",
        "x = request.form.get('x')\nif x != 'a':\n    return ''\ndb.commit()\nreturn ''",
        "x = request.form['x']\nif not x:\n    return ''\nif x:\n    db.commit()\nreturn ''",
        "match request.method:\n    case 'POST':\n        db.commit()\nreturn ''",
        "cache.delete('key')\nreturn ''",
        "def later():\n    db.commit()\nreturn ''",
    ],
)
def test_a_change_that_get_does_not_reach_is_sound(findings, body):
    assert findings("db = form = cache = None" + view(body, methods=BOTH)) == []


def test_a_change_in_a_view_for_post_alone_is_sound(findings):
    assert findings("db = None" + view("db.commit()\nreturn ''", methods=("POST",))) == []


# Endpoints


def test_an_unknown_endpoint_is_an_error_in_templates_and_views(findings):
    program = PAGE + view("return redirect(url_for('indx'))", "/away", name="away")
    page = "\n<p>\n<a href=\"{{ url_for('awya', x=1) }}\">away</a>"

    assert findings(program, page=page) == [
        "unknown-endpoint page.html:2",
        "unknown-endpoint program.py:11",
    ]
    fixes = [finding.fix for finding in findings.whole(program, page=page)]
    assert ["url_for('index')" in fix for fix in fixes] == [True, False]


def test_a_path_instead_of_an_endpoint_is_detected(findings):
    [finding] = findings.whole(view("return url_for('/login')") + LOGIN)

    assert "not a path: url_for('login')" in finding.fix


BLUEPRINT = """
shop = Blueprint("shop", __name__, url_prefix="/shop")
@shop.get("/")
def list_all():
    return url_for("{name}", filename="shop.css")
app.register_blueprint(shop)
"""


@pytest.mark.parametrize("name", ["shop.list_all", ".list_all", "static"])
def test_the_endpoints_of_a_blueprint_are_found(findings, name):
    assert findings(BLUEPRINT.format(name=name)) == []


@pytest.mark.parametrize("name", ["list_all", ".static", "blog.list_all"])
def test_an_endpoint_without_its_blueprint_is_unknown(findings, name):
    assert findings(BLUEPRINT.format(name=name)) == ["unknown-endpoint program.py:8"]


def test_the_endpoints_of_a_blueprint_that_is_not_registered_are_passed_over(findings):
    program = BLUEPRINT.format(name="shop.missing").replace("app.register", "# app.register")

    assert findings(program + PAGE, page="{{ url_for('shop.list_all') }}") == []


def test_a_long_list_of_endpoints_is_not_shown(findings):
    many = "".join(view("return ''", f"/{n}", name=f"view_{n}") for n in range(20))
    [finding] = findings.whole(many + view("return url_for('zzz')"))

    assert finding.fix == "'retort routes' lists the endpoints."


@pytest.mark.parametrize(
    ("line", "found"),
    [
        ("app.run()", 1),
        ("app.register_blueprint(shop)", 0),
        ("Extension(app)", 0),
        ("extension.init_app(app)", 0),
        ("admin.add_view(AdminView())", 0),
        ("socketio.run(app)", 1),
    ],
)
def test_what_is_added_when_the_file_is_run_is_not_missed(findings, line, found):
    program = view("return url_for('missing')") + f"if __name__ == '__main__':\n    {line}\n"

    assert len(findings(program)) == found


def test_a_name_that_is_computed_is_passed_over(findings):
    program = PAGE + view("return redirect(url_for('in' + 'dx'))", "/away", name="away")

    assert findings(program, page="{{ url_for(name) }}{# url_for('x') #}") == []


def test_a_program_with_its_own_url_building_may_have_more_endpoints(findings):
    program = view("return url_for('wiki')") + "\napp.url_build_error_handlers.append(print)\n"

    assert findings(program) == []


# Fields

FORM = '<form action="/login" method="post">\n<input name="{name}"></form>'


def test_a_field_that_is_required_and_not_sent_is_an_error(findings):
    found = findings.whole(LOGIN + PAGE, page=FORM.format(name="name"))

    assert [(one.rule, one.level) for one in found] == [
        ("field-missing", "error"),
        ("field-unread", "warning"),
    ]
    assert "The response is 400." in found[0].message


def test_an_optional_field_that_is_not_sent_is_a_warning(findings):
    program = view(
        "return {'x': [request.form['nm'], request.form.get('age')]}", "/login", ("POST",), "login"
    )

    assert findings(program + PAGE, page=FORM.format(name="nm")) == ["field-unsent program.py:7"]


@pytest.mark.parametrize(
    "inside",
    [
        "<input name=nm><input type=submit name=send><button name=b>x</button>",
        "<input name=nm>{{ form.hidden_tag() }}<input name=csrf_token>",
        "<input name=nm>{{ csrf_token() }}",
        "<textarea name=nm>{{ text }}</textarea>",
        "<select name=nm>{% for x in y %}<option>{{ x }}</option>{% endfor %}</select>",
        "<input name='{{ field }}'>",
        "{{ form.nm() }}",
        "{% include 'fields.html' %}",
        "{% for field in fields %}{{ field }}{% endfor %}",
        "</form><input name=nm form=f>",
        "<button name=nm value=1>x</button>",
        "<my-field name=nm></my-field>",
    ],
)
def test_fields_are_not_missed_where_they_are_or_may_be(findings, inside):
    form = f'<form id=f action="/login" method="post">{inside}</form>'

    assert findings(LOGIN + PAGE, page=form, fields="<input name=nm>") == []


@pytest.mark.parametrize(
    "body",
    [
        "save(request.form)",
        "dict(request.form)",
        "for name in request.form: pass",
        "save(**request.form)",
        "request.form[name]",
        "save(request)",
        "request.get_data()",
        "helper()",
    ],
)
def test_fields_are_not_unread_where_they_may_be_read(findings, body):
    program = "\nname = save = None\ndef helper():\n    return request.form['nm']\n"
    program += view(f"{body}\nreturn ''", "/login", ("POST",), "login") + PAGE

    assert findings(program, page=FORM.format(name="nm")) == []


def test_a_script_may_send_what_no_form_sends(findings):
    page = FORM.format(name="name") + "<script>fetch('/login', {method: 'POST'})</script>"

    assert findings(LOGIN + PAGE, page=page) == []


@pytest.mark.parametrize(
    "attribute", ["ng-submit", "data-ng-submit", "(submit)", "@submit", "hx-post"]
)
def test_a_form_that_a_script_sends_is_passed_over(findings, attribute):
    page = f'<form {attribute}="send()"><input name="nm"></form>'

    assert findings(PAGE, page=page) == []


def test_a_view_without_any_form_may_have_other_clients(findings):
    assert findings(LOGIN + PAGE, page="<p>no form") == []


def test_two_forms_for_one_view_are_taken_together(findings):
    program = view(
        "if 'a' in request.form:\n    return ''\nreturn {'b': request.form['b']}",
        "/login",
        ("POST",),
        "login",
    )
    page = FORM.format(name="a") + FORM.format(name="b")

    assert findings(program + PAGE, page=page) == []


def test_a_search_form_and_a_link_may_bring_different_arguments(findings):
    program = view("return {'q': request.args.get('q'), 'page': request.args.get('page')}", "/s")
    program += view("return render_template('page.html')", "/p", name="p")

    assert findings(program, page='<form action="/s"><input name="q"></form>') == []


def test_a_search_form_with_another_name_is_found(findings):
    program = view("return {'q': request.args.get('q')}", "/s", name="search")
    program += view("return render_template('page.html')", "/p", name="p")

    assert findings(program, page='<form action="/s"><input name="query"></form>') == [
        "field-unread page.html:1",
        "field-unsent program.py:7",
    ]


def test_a_get_form_whose_view_reads_the_body_is_reported_with_the_fix(findings):
    program = view("return {'q': request.form.get('q')}", "/s", BOTH, name="search")
    program += view("return render_template('page.html')", "/p", name="p")

    [finding] = findings.whole(program, page='<form action="/s"><input name="q"></form>')

    assert finding.rule == "field-unread"
    assert "Read request.args" in finding.fix


# Escaping


def greet(expression, rule="/hi/<name>"):
    return view(f"return {expression}", rule, name="hi", arguments="name")


UNSAFE = [
    "'hello %s' % name",
    "'hello %s, %s' % ('x', name)",
    "'hello %(n)s' % {'n': name}",
    "f'hello {name}'",
    "f'hello {name.title()}'",
    "f'hello {name!s}'",
    "'hello {}'.format(name)",
    "'hello {n}'.format(n=name)",
    "'hello ' + name",
    "'<b>' + name + '</b>'",
    "''.join(['hello ', name])",
    "name",
    "str(name)",
    "name or 'World'",
    "f'hello {name}', 404",
    "make_response(f'hello {name}')",
    "Response('hello ' + name)",
    "Markup('hello ' + name)",
    "render_template_string('hello ' + name)",
    "'no' if request.args else f'hello {name}'",
]


@pytest.mark.parametrize("expression", UNSAFE)
def test_input_that_is_returned_as_html_is_an_error(findings, expression):
    assert findings(greet(expression)) == ["unescaped program.py:7"]


@pytest.mark.parametrize(
    "expression",
    [
        "'hello %s' % escape(name)",
        "f'hello {escape(name)}'",
        "'hello ' + Markup.escape(name)",
        "Markup('hello %s') % name",
        "Markup('hello ') + name",
        "Markup('hello {}').format(name)",
        "render_template('x.html', name=name)",
        "render_template_string('hello {{ name }}', name=name)",
        "jsonify(name=name)",
        "{'name': name}",
        "[name]",
        "redirect(url_for('static', filename=name))",
        "f'hello {len(name)}'",
        "f'hello {name:d}'",
        "Response('hello ' + name, mimetype='text/plain')",
        "f'hello {name}', 200, {'Content-Type': 'text/plain'}",
        "'hello %s' % people[name]",
        "lookup(name)",
    ],
)
def test_input_that_is_escaped_or_no_html_is_sound(findings, expression):
    assert findings("people = lookup = None" + greet(expression), x="{{ name }}") == []


@pytest.mark.parametrize(
    "rule", ["/<int:name>", "/<float:name>", "/<uuid:name>", "/<any(a,b):name>"]
)
def test_a_number_from_the_url_is_sound(findings, rule):
    assert findings(greet("f'hello {name}'", rule)) == []


@pytest.mark.parametrize("rule", ["/<name>", "/<path:name>", "/<string:name>"])
def test_any_text_from_the_url_is_not(findings, rule):
    assert findings(greet("f'hello {name}'", rule)) == ["unescaped program.py:7"]


@pytest.mark.parametrize(
    "source", ["args['x']", "args.get('x')", "args.get('x', '')", "form['x']", "values['x']"]
)
def test_fields_are_followed_through_variables(findings, source):
    body = (
        f"who = request.{source}\nif not who:\n    who = 'World'\ntext = 'hi ' + who\nreturn text"
    )

    assert findings(view(body, methods=BOTH)) == ["unescaped program.py:11"]
    assert findings(view(body.replace("'hi ' + who", "'hi ' + escape(who)"), methods=BOTH)) == []


@pytest.mark.parametrize(
    "body",
    [
        "x = request.args.get('x', type=int)\nreturn f'{x}'",
        "x = request.args['x']\nx = int(x)\nreturn f'{x}'",
        "x = request.args['x']\nif x not in ('a', 'b'):\n    abort(404)\nreturn f'{x}'",
        "x = request.args['x']\nif x == 'a':\n    return f'{x}'\nreturn ''",
        "x = request.args['x']\nif not x.isalnum():\n    abort(404)\nreturn f'{x}'",
        "x = request.args['x']\nif not is_name(x):\n    abort(404)\nreturn f'{x}'",
        "x = request.args['x']\ncheck(x)\nreturn f'{x}'",
        "x = request.args['x']\nfor x in range(3):\n    pass\nreturn f'{x}'",
    ],
)
def test_input_that_was_checked_or_changed_is_let_pass(findings, body):
    assert findings("check = is_name = None" + view(body)) == []


def test_a_failed_comparison_does_not_validate_the_value(findings):
    body = "if name != 'x':\n    return ''\nreturn 'hello ' + name"
    assert findings(view(body, "/<name>", arguments="name")) == []

    body = "if name == 'admin':\n    return 'hello admin'\nelse:\n    return 'hello ' + name"
    assert findings(view(body, "/<name>", arguments="name")) == ["unescaped program.py:10"]


def test_a_decorator_that_may_change_the_response_is_respected(findings):
    program = """
def as_json(f): return f
def login_required(f): return f
@app.get("/a/<name>")
@as_json
def a(name):
    return "hello " + name
@app.get("/b/<name>")
@login_required
def b(name):
    return "hello " + name
"""
    assert findings(program) == ["unescaped program.py:14"]


def test_a_program_whose_responses_are_no_html_is_sound(findings):
    program = (
        "class Plain(Response):\n    default_mimetype = 'text/plain'\napp.response_class = Plain\n"
    )

    assert findings(program + greet("'hello ' + name")) == []


def test_a_program_without_routes_yet_has_no_unknown_endpoints(findings):
    assert findings("\ndef later():\n    return url_for('index')\n") == []


# Addresses of two views


@pytest.mark.parametrize(("body", "found"), [("return 'b'", 1), ("return 'a'", 0)])
def test_a_second_view_of_an_address_is_an_error_unless_it_does_the_same(findings, body, found):
    program = view("return 'a'", "/a", name="first") + view(body, "/a", name="second")

    assert findings(program) == ["shadowed-route program.py:9"][:found]


# The page about methods

PAGE_OF_DOCS = EXAMPLES.parent / "docs" / "http-methods.md"
*SOUND, SHOP = re.findall(r"^```python\n(.*?)^```", PAGE_OF_DOCS.read_text("utf-8"), re.M | re.S)


@pytest.mark.parametrize("program", SOUND)
def test_in_the_programs_that_teach_methods_nothing_is_found(retort, write, program):
    write("program.py", program)

    assert retort("check", "program.py").stdout == "Nothing found.\n"


def test_the_page_shows_what_is_found_in_its_faulty_program(retort, write):
    write("shop.py", SHOP)

    told = retort("check", "shop.py").stdout

    assert f"$ retort check shop.py\n{told}```" in PAGE_OF_DOCS.read_text("utf-8")


# The command

FAULTY = {
    "shop.py": """
        from flask import Flask, redirect, render_template, request, session, url_for
        import time

        app = Flask(__name__)
        db = None

        @app.route("/")
        def index():
            return render_template("index.html")

        @app.route("/search")
        def search():
            if request.method == "POST":
                return redirect(url_for("indexes"))
            return "found " + request.args["q"]

        @app.route("/remove/<int:id>")
        def remove(id):
            db.commit()
            return ""

        @app.post("/order")
        def order():
            return {"name": request.form["name"], "note": request.form.get("note")}

        @app.get("/remove/<int:number>")
        def show(number):
            return session.get("number", "")

        @app.get("/orders/<int:number>")
        def orders():
            return ""
        @app.route
        def about():
            return settings.ABOUT

        @app.get("/old")
        def old():
            return redirect("/old")

        @app.get("/new")
        def new():
            render_template("new.html")

        @app.get("/newer")
        def newer():
            if request.args:
                return url_for("remove")

        @app.get("/slow")
        async def slow():
            time.sleep(1)
            return await render_template("index.html")

        @app.websocket("/chat")
        async def chat():
            pass

        from functools import wraps
        from msgspec import Struct
        from retort import Body, Form, Query

        class Guest(Struct):
            name: str
            age: int

        def login_required(f):
            @wraps(f)
            def decorated(*args, **kwargs):
                if not request.cookies:
                    return redirect("/")
                return f(*args, **kwargs)
            return decorated

        def plain(f):
            def wrapper(*args, **kwargs):
                return f(*args, **kwargs)
            return wrapper

        @app.post("/guests")
        @login_required
        def add_guest(guest: Form[Guest]):
            return guest.name

        @app.get("/guests")
        @plain
        def guests(page: Query[int]):
            return str(page)

        @app.put("/guests")
        def replace_guests(guests: "Body[Guests]"):
            return ""
    """,
    "Static/shop.css": "",
    "templates/index.html": """
        <form action="/searching"><input name="q"></form>
        <form action="/search" method="post"><input name="q"></form>
        <form action="/order" method="delete"></form>
        <form action="/order" method="post">
          <input type="file" name="photo">
          <input name="named">
        </form>
        {% include "broken.html" %}
        <form action="/guests" method="post">
          <input name="age" type="date" required>
          <input name="mail">
        </form>
    """,
    "templates/broken.html": "{% for x in y %}",
}


@pytest.fixture
def faulty(write):
    """A program with every fault."""
    for name, text in FAULTY.items():
        write(name, text)


def test_a_faulty_program_shows_every_kind(retort, faulty):
    done = retort("check", "shop.py", "--json")

    told = json.loads(done.stdout)
    # Middleware may respond to any address, so with it other rules report nothing.
    assert {finding["rule"] for finding in told["findings"]} == RULES.keys() - {"waiting-thread"}
    assert told["errors"] + told["warnings"] == len(told["findings"])
    assert done.returncode == 1
    for finding in told["findings"]:
        assert set(finding) == {"level", "rule", "file", "line", "message", "fix"}
        assert finding["level"] == RULES[finding["rule"]][0]


def test_the_findings_are_grouped_by_file_each_with_its_fix(retort, faulty):
    done = retort("--app", "shop", "check")

    paragraphs = done.stdout.strip().split("\n\n")
    assert [text for text in paragraphs if not text.startswith(" ")][:4] == [
        "Static",
        "shop.py",
        "templates/broken.html",
        "templates/index.html",
    ]
    described = [text for text in paragraphs if text.startswith("  ")]
    assert all("\n    Fix: " in text for text in described)
    assert "  shop.py:15: error (unescaped)" in done.stdout
    assert paragraphs[-1].endswith("warnings.")
    assert max(len(line) for line in done.stdout.splitlines()) <= 100


def test_warnings_alone_are_no_failure(retort, write):
    write(
        "program.py",
        """
        from flask import Flask
        app, db = Flask(__name__), None

        @app.get("/x")
        def x():
            db.commit()
            return ""
        """,
    )
    done = retort("check", "program.py")

    assert "0 errors, 1 warning." in done.stdout
    assert done.returncode == 0


def test_the_help_marks_errors(retort):
    shown = retort("check", "--help").stdout

    for rule, (level, about) in RULES.items():
        assert f"{level:8} {rule:17} {about}" in shown


def test_no_program_is_an_error_of_its_own(retort):
    done = retort("check", "missing.py")

    assert done.returncode == 2
    assert "missing.py" in done.stderr
    assert done.stdout == ""


def test_a_program_may_have_a_command_of_that_name_itself(retort, write):
    write(
        "app.py",
        """
        from flask import Flask
        app = Flask(__name__)

        @app.cli.command()
        def check():
            print("my own check")
        """,
    )
    assert retort("check").stdout == "my own check\n"
