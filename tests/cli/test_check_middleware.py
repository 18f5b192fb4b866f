"""The rule on middleware for which a thread waits during a request to an async view."""

import pytest

MIDDLEWARE = """
class Timing:
    def __init__(self, app):
        self.app = app
    def __call__(self, environ, start_response):
        return self.app(environ, start_response)
"""
VIEW = "@app.get('/')\nasync def index():\n    return ''\n"
AROUND = "app.wsgi_app = Timing(app.wsgi_app)\n"


def of_rule(found):
    return [finding for finding in found if finding.rule == "waiting-thread"]


def test_middleware_around_async_views_is_reported_with_its_line(findings):
    [finding] = of_rule(findings.whole(MIDDLEWARE + VIEW + AROUND))

    assert (finding.level, finding.line) == ("warning", 13)
    assert finding.message.startswith("The middleware Timing around app.wsgi_app handles")
    assert "index() (program.py:10)" in finding.message
    assert "--threads" in finding.message


def test_middleware_inside_of_proxyfix_is_reported(findings):
    program = (
        f"{MIDDLEWARE}{VIEW}from werkzeug.middleware.proxy_fix import ProxyFix\n"
        "app.wsgi_app = ProxyFix(Timing(app.wsgi_app))\n"
    )

    [finding] = of_rule(findings.whole(program))

    assert finding.line == 14
    assert "The middleware Timing" in finding.message


def test_a_function_around_wsgi_app_is_reported(findings):
    program = f"""{VIEW}
def timing(inner):
    def timed(environ, start_response):
        return inner(environ, start_response)
    return timed
app.wsgi_app = timing(app.wsgi_app)
"""
    [finding] = of_rule(findings.whole(program))

    assert finding.line == 12
    assert "The middleware timing.<locals>.timed around" in finding.message


@pytest.mark.parametrize("method", ["wsgi_app", "__call__"])
def test_a_method_that_the_application_replaces_is_reported(findings, method):
    program = f"""
class App(Flask):
    def {method}(self, environ, start_response):
        return super().{method}(environ, start_response)
app = App(__name__)
{VIEW}
"""
    [finding] = of_rule(findings.whole(program))

    assert finding.line == 6
    assert f"The method App.{method}() of the program handles" in finding.message


def test_a_method_of_another_object_is_middleware(findings):
    program = f"""{VIEW}
class Monitor:
    def watch(self, environ, start_response):
        return inner(environ, start_response)
inner, app.wsgi_app = app.wsgi_app, Monitor().watch
"""
    [finding] = of_rule(findings.whole(program))

    assert finding.line == 4  # where it is put around wsgi_app cannot be determined
    assert finding.message.startswith("The middleware Monitor.watch around app.wsgi_app")


def test_middleware_that_an_extension_adds_is_reported_at_a_view(findings):
    program = f"{VIEW}import retort_layers\nretort_layers.init(app)\n"
    layers = """
def init(app):
    app.wsgi_app = Layer(app.wsgi_app)
class Layer:
    def __init__(self, app):
        self.app = app
    def __call__(self, *args):
        return self.app(*args)
"""
    from pathlib import Path

    Path("retort_layers.py").write_text(layers, encoding="utf-8")

    [finding] = of_rule(findings.whole(program))

    assert "The middleware Layer around app.wsgi_app" in finding.message


def test_middleware_around_async_methods_of_classes_is_reported(findings):
    program = f"""{MIDDLEWARE}
from retort.views import MethodView
class Entry(MethodView):
    async def get(self):
        return ''
app.add_url_rule('/', view_func=Entry.as_view('entry'))
{AROUND}"""

    [finding] = of_rule(findings.whole(program))

    assert "an async view such as get()" in finding.message


def test_middleware_around_websockets_is_reported(findings):
    socket = "@app.websocket('/chat', origins=[])\ndef chat():\n    return '', 403\n"

    [finding] = of_rule(findings.whole(MIDDLEWARE + socket + AROUND))

    assert "while a WebSocket such as chat() (program.py:10) runs" in finding.message


PROXY = (
    "from werkzeug.middleware.proxy_fix import ProxyFix\napp.wsgi_app = ProxyFix(app.wsgi_app)\n"
)
SILENT = {
    "no middleware": VIEW,
    "no async view": f"{MIDDLEWARE}{AROUND}@app.get('/')\ndef index():\n    return ''\n",
    "ProxyFix": f"{VIEW}{PROXY}",
    "ProxyFix twice": f"{VIEW}{PROXY}app.wsgi_app = ProxyFix(app.wsgi_app)\n",
    "middleware that is not in use": MIDDLEWARE + VIEW,
    "middleware of another application": (
        f"{MIDDLEWARE}{VIEW}other = Flask('other')\nother.wsgi_app = Timing(other.wsgi_app)\n"
    ),
    "coroutines that the application runs itself": (
        "import asyncio\nclass App(Flask):\n    def async_to_sync(self, func):\n"
        "        return lambda *args: asyncio.run(func(*args))\napp = App(__name__)\n"
        f"{MIDDLEWARE}{VIEW}{AROUND}"
    ),
}


@pytest.mark.parametrize("program", SILENT.values(), ids=SILENT.keys())
def test_nothing_is_reported_about(findings, program):
    assert of_rule(findings.whole(program)) == []
