"""The rule on `url_for` without a value that its route needs."""

import pytest

USER = "\n@app.route('/user/<name>')\ndef user(name):\n    return ''\n"


def uses(call):
    return f"{USER}\n@app.route('/')\ndef index():\n    return {call}\n"


@pytest.mark.parametrize(
    "call",
    [
        "url_for('user')",
        "url_for('user', user='x')",
        "url_for('user', name=None)",
        "url_for('user', 'Ada')",
        "url_for('static')",
        "app.url_for('user')",
        "current_app.url_for('user')",
        "redirect(url_for('user'))",
    ],
)
def test_a_value_that_every_route_needs_is_an_error_in_python(findings, call):
    assert findings(uses(call)) == ["url-values program.py:11"]


@pytest.mark.parametrize("call", ["url_for('user')", "url_for('user', name=none)"])
def test_it_is_an_error_in_a_template(findings, call):
    [finding] = findings.whole(uses("render_template('page.html')"), page="<p>\n{{ " + call + " }}")

    assert (finding.rule, finding.level, finding.line) == ("url-values", "error", 2)
    assert "lacks 'name' for /user/<name>" in finding.message
    assert "url_for('user', name=...)" in finding.fix


@pytest.mark.parametrize(
    "call",
    [
        "url_for('user', name='x')",
        "url_for('user', name='x', page=2)",
        "url_for('user', **request.args)",
        "url_for('user', *[])",
        "url_for('us' + 'er')",
        "other.url_for('user')",
    ],
)
def test_values_that_are_given_or_unknown_are_sound(findings, call):
    assert findings(uses(call).replace("\n", "\nother = None\n", 1)) == []


def test_a_default_or_a_second_route_makes_a_value_optional(findings):
    program = """
@app.route("/pages", defaults={"number": 1})
@app.route("/pages/<int:number>")
def pages(number):
    return ""
@app.route("/tags")
@app.route("/tags/<name>")
def tags(name=""):
    return url_for("pages") + url_for("tags")
"""
    assert findings(program) == []


@pytest.mark.parametrize(
    "addition",
    [
        "@app.url_defaults\ndef add(endpoint, values):\n    values.setdefault('name', 'x')",
        "app.url_build_error_handlers.append(print)",
    ],
)
def test_functions_may_add_values(findings, addition):
    assert findings(uses("url_for('user')") + addition + "\n") == []


def test_the_url_defaults_of_a_blueprint_are_for_its_endpoints(findings):
    program = """
shop = Blueprint("shop", __name__, url_prefix="/<language>")
@shop.url_defaults
def add(endpoint, values):
    values["language"] = "en"
@shop.get("/")
def index(language):
    return url_for(".index") + url_for("user")
app.register_blueprint(shop)
"""
    assert findings(USER + program) == ["url-values program.py:15"]


def test_a_function_of_the_program_with_that_name_is_another(findings):
    program = "\ndef url_for(endpoint, *rest):\n    return endpoint\n"

    assert findings(program + uses("url_for('user') + url_for('missing')")) == []


def test_a_url_for_that_is_passed_to_a_template_is_another(findings):
    program = uses("render_template('page.html', url_for=str)")

    assert findings(program, page="{{ url_for('user') }}{{ url_for('missing') }}") == []
