"""The rule on `@app.route` without parentheses."""

import pytest


@pytest.mark.parametrize("decorator", ["app.route", "app.get", "app.post", "shop.route"])
def test_a_route_without_parentheses_is_an_error(findings, decorator):
    program = f"\nshop = Blueprint('shop', __name__)\n@{decorator}\ndef index():\n    return ''\n"

    [finding] = findings.whole(program)

    assert (finding.rule, finding.level, finding.line) == ("route-parentheses", "error", 6)
    assert f"@{decorator} has no parentheses: it registers no route" in finding.message
    assert f"@{decorator}('/index')" in finding.fix


def test_an_error_handler_without_parentheses_is_an_error(findings):
    [finding] = findings.whole("\n@app.errorhandler\ndef missing(error):\n    return ''\n")

    assert finding.rule == "route-parentheses"
    assert "registers no error handler" in finding.message
    assert "@app.errorhandler(404)" in finding.fix


def test_an_application_that_a_function_creates_is_known(findings):
    program = """
def create_app():
    app = Flask(__name__)
    @app.route
    def index():
        return ""
    return app
"""
    assert findings(program) == ["route-parentheses program.py:7"]


@pytest.mark.parametrize("decorator", ["app.before_request", "app.teardown_request", "api.route"])
def test_decorators_without_an_argument_are_sound(findings, decorator):
    program = """
class Api:
    def route(self, f):
        return f
api = Api()
"""
    assert findings(program + f"@{decorator}\ndef index(*args): return None\n") == []
