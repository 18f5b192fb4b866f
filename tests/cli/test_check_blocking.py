"""The rule on calls that block the event loop."""

import sys
import types

import pytest

TOP = "\nimport asyncio, queue, sqlite3, subprocess, threading, time, urllib.request\n"
VIEW = f"{TOP}@app.get('/')\nasync def index():\n    "


def of_rule(found):
    return [finding for finding in found if finding.rule == "blocking-call"]


@pytest.fixture
def requests(monkeypatch):
    """A module that stands for the package requests."""
    module = types.ModuleType("requests")
    module.get = lambda url: None
    module.Session = type("Session", (), {"get": lambda self, url: None})
    monkeypatch.setitem(sys.modules, "requests", module)
    return module


CALLS = [
    ("time.sleep(1)", "await asyncio.sleep(1)"),
    ("urllib.request.urlopen('http://a.example')", "httpx.AsyncClient"),
    ("subprocess.run(['ls'], check=True)", "await asyncio.to_thread(subprocess.run, ['ls'],"),
    ("sqlite3.connect('a.db')", "with a function that opens the connection"),
    ("input()", "await asyncio.to_thread(input)"),
]


@pytest.mark.parametrize(("call", "fix"), CALLS)
def test_a_call_that_blocks_is_found_in_an_async_view(findings, call, fix):
    [finding] = of_rule(findings.whole(f"{VIEW}{call}\n    await asyncio.sleep(0)\n    return ''"))

    assert (finding.level, finding.line) == ("warning", 8)
    assert finding.message.startswith(f"The async view index() calls {call}, which blocks.")
    assert fix in finding.fix
    assert "remove async" not in finding.fix


@pytest.mark.parametrize(
    ("top", "call"),
    [
        ("import requests", "requests.get('http://a.example')"),
        ("from requests import get", "get('http://a.example')"),
        ("import requests\nclient = requests.Session()", "client.get('http://a.example')"),
    ],
)
@pytest.mark.usefixtures("requests")
def test_requests_that_wait_for_a_response_are_found(findings, top, call):
    [finding] = of_rule(findings.whole(f"{top}\n{VIEW}{call}\n    return ''\n"))

    assert f"calls {call}, which blocks" in finding.message
    assert "asynchronous client" in finding.fix


@pytest.mark.parametrize(
    ("top", "call"),
    [
        ("jobs = queue.Queue()", "jobs.get()"),
        ("jobs = queue.SimpleQueue()", "jobs.get(timeout=5)"),
        ("ready = threading.Event()", "ready.wait()"),
        ("db = sqlite3.connect(':memory:')", "db.execute('select 1')"),
        (
            "import types\nspace = types.SimpleNamespace(ready=threading.Event())",
            "space.ready.wait()",
        ),
    ],
)
def test_methods_of_objects_of_the_program_are_found(findings, top, call):
    program = f"{TOP}{top}\n@app.get('/')\nasync def index():\n    {call}\n    return ''\n"

    [finding] = of_rule(findings.whole(program))

    assert f"calls {call}, which blocks" in finding.message


def test_a_view_without_await_may_become_synchronous(findings):
    [finding] = of_rule(findings.whole(f"{VIEW}time.sleep(1)\n    return ''\n"))

    assert finding.fix == (
        "Write await asyncio.sleep(1); or remove async from index(), and it is called in a thread."
    )


def test_a_long_call_is_shown_without_its_arguments(findings):
    url = "http://a.example/" + "a" * 60
    [finding] = of_rule(findings.whole(f"{VIEW}urllib.request.urlopen('{url}')\n    return ''\n"))

    assert "calls urllib.request.urlopen(...), which" in finding.message


def test_a_function_that_an_async_view_calls_is_followed(findings):
    program = f"""{TOP}
def page():
    time.sleep(1)
    return ''

@app.get('/')
async def index():
    return page()
"""
    [finding] = of_rule(findings.whole(program))

    assert finding.line == 8
    assert finding.message == (
        "page() calls time.sleep(1), which blocks. The coroutine function index() calls page() on"
        " the event loop. Until it returns, nothing else runs on the event loop of this process."
    )
    assert finding.fix == "Write await asyncio.to_thread(page, ...) in index()."


def test_functions_are_followed_through_coroutine_functions(findings):
    program = f"""{TOP}
def read():
    return fetch()

def fetch():
    return urllib.request.urlopen('http://a.example')

async def page():
    return read()

@app.get('/')
async def index():
    first, second = await asyncio.gather(page(), page())
    return ''
"""
    [finding] = of_rule(findings.whole(program))

    assert "by way of read(), by the coroutine function page()" in finding.message
    assert finding.fix == "Write await asyncio.to_thread(read, ...) in page()."


def test_a_coroutine_function_that_a_view_awaits_is_named(findings):
    program = f"""{TOP}
async def page():
    time.sleep(1)

@app.get('/')
async def index():
    await page()
    return ''
"""
    [finding] = of_rule(findings.whole(program))

    assert finding.message.startswith("page() calls time.sleep(1), which blocks.")
    assert finding.fix == "Write await asyncio.sleep(1)."


@pytest.mark.parametrize(
    "decorator",
    [
        "app.before_request",
        "app.after_request",
        "app.teardown_request",
        "app.teardown_appcontext",
        "app.errorhandler(404)",
        "app.context_processor",
    ],
)
def test_coroutine_functions_of_other_kinds_are_checked(findings, decorator):
    program = f"{TOP}@{decorator}\nasync def step(*args):\n    time.sleep(1)\n"

    [finding] = of_rule(findings.whole(program))

    assert finding.line == 8
    assert "step() calls time.sleep(1)" in finding.message


CLASS = f"""{TOP}
from retort.views import MethodView
class Entry(MethodView):
    async def get(self):
        time.sleep(1)
        return ''
app.add_url_rule('/', view_func=Entry.as_view('entry'))
"""
SEVERAL = f"""{TOP}
@app.get('/')
def index():
    return ''
@index.post
async def send():
    time.sleep(1)
    return ''
"""
ENSURED = f"""{TOP}
import functools
def logged(view):
    @functools.wraps(view)
    def wrapper(**values):
        return app.ensure_sync(view)(**values)
    return wrapper
@app.get('/')
@logged
async def index():
    time.sleep(1)
    return ''
"""
GENERATOR = f"{VIEW}time.sleep(1)\n    yield ''\n"


@pytest.mark.parametrize("program", [CLASS, SEVERAL, ENSURED, GENERATOR])
def test_other_forms_of_async_views_are_checked(findings, program):
    [finding] = of_rule(findings.whole(program))

    assert "calls time.sleep(1), which blocks" in finding.message


@pytest.mark.parametrize(
    "returned",
    [
        *("ticks()", "ticks(), 200", "stream_with_context(ticks()), 200"),
        "event_stream(ticks(), retry=1)",
    ],
)
def test_an_asynchronous_generator_that_a_synchronous_view_returns_is_checked(findings, returned):
    program = f"""{TOP}
from retort import event_stream
async def ticks():
    while True:
        yield 'tick'
        time.sleep(1)

@app.get('/')
def index():
    return {returned}
"""
    [finding] = of_rule(findings.whole(program))

    assert finding.line == 11
    assert finding.message.startswith("The async generator ticks() calls time.sleep(1)")


def test_a_background_task_on_the_event_loop_is_checked(findings):
    program = f"""{TOP}
async def send():
    time.sleep(1)

@app.get('/')
def index():
    app.add_background_task(send)
    return ''
"""
    [finding] = of_rule(findings.whole(program))

    assert finding.message.startswith("The async background task send() calls time.sleep(1)")


SILENT = {
    "a background task in a thread": f"""{TOP}
def send():
    time.sleep(1)

@app.get('/')
async def index():
    app.add_background_task(send)
    return ''
""",
    "an asynchronous generator that runs on a loop of its own": f"""{TOP}
async def ticks():
    time.sleep(1)
    yield 'tick'

async def collect(source):
    return [tick async for tick in source]

@app.get('/')
def index():
    return asyncio.run(collect(ticks()))
""",
    "a synchronous view": f"{TOP}@app.get('/')\ndef index():\n    time.sleep(1)\n    return ''\n",
    "a function for a thread": f"{VIEW}await asyncio.to_thread(time.sleep, 1)\n    return ''\n",
    "a lambda for a thread": (
        f"{VIEW}await asyncio.to_thread(lambda: time.sleep(1))\n    return ''\n"
    ),
    "a function for the executor": (
        f"{VIEW}loop = asyncio.get_running_loop()\n"
        "    await loop.run_in_executor(None, time.sleep, 1)\n    return ''\n"
    ),
    "a function of the program for a thread": (
        f"def page():\n    time.sleep(1)\n{VIEW}await asyncio.to_thread(page)\n    return ''\n"
    ),
    "a function in the view for a thread": (
        f"{VIEW}def page():\n        time.sleep(1)\n    await asyncio.to_thread(page)\n"
        "    return ''\n"
    ),
    "an awaitable sleep": f"{VIEW}await asyncio.sleep(1)\n    return ''\n",
    "a sleep that only yields": f"{VIEW}time.sleep(0)\n    return ''\n",
    "a local name": f"{VIEW}time = request.args\n    time.sleep(1)\n    return ''\n",
    "a queue of asyncio": (
        f"{TOP}jobs = asyncio.Queue()\n@app.get('/')\nasync def index():\n"
        "    await jobs.get()\n    return ''\n"
    ),
    "a queue that does not wait": (
        f"{TOP}jobs = queue.Queue()\n@app.get('/')\nasync def index():\n"
        "    jobs.get(block=False)\n    jobs.get(False)\n    jobs.get_nowait()\n    return ''\n"
    ),
    "a get that is not of requests": f"{VIEW}request.args.get('url')\n    return ''\n",
    "an event of asyncio": (
        f"{TOP}ready = asyncio.Event()\n@app.get('/')\nasync def index():\n"
        "    await ready.wait()\n    return ''\n"
    ),
    "a connection that threads share": (
        f"{VIEW}db = sqlite3.connect('a.db', check_same_thread=False)\n"
        "    await asyncio.to_thread(db.execute, 'select 1')\n    return ''\n"
    ),
    "a file": f"{VIEW}text = open('program.py').read()\n    return text\n",
    "a generator, which is iterated in a thread": (
        f"def lines():\n    time.sleep(1)\n    yield ''\n{VIEW}return lines()\n"
    ),
    "a decorator that runs it on a loop of its own": f"""{TOP}
import functools
def alone(view):
    @functools.wraps(view)
    def wrapper(**values):
        return asyncio.run(view(**values))
    return wrapper
@app.get('/')
@alone
async def index():
    time.sleep(1)
    return ''
""",
    "an application that runs coroutines itself": f"""{TOP}
class App(Flask):
    def async_to_sync(self, func):
        return lambda *args: asyncio.run(func(*args))
app = App(__name__)
@app.get('/')
async def index():
    time.sleep(1)
    return ''
""",
    "a function that no view calls": f"{TOP}async def job():\n    time.sleep(1)\n",
    "a helper that its decorator runs in a thread": f"""{TOP}
import functools
def in_thread(function):
    @functools.wraps(function)
    async def wrapper(*args):
        return await asyncio.to_thread(function, *args)
    return wrapper
@in_thread
def page():
    time.sleep(1)
    return ''
@app.get('/')
async def index():
    return await page()
""",
    "a process that is not waited for": f"{VIEW}subprocess.Popen(['ls'])\n    return ''\n",
}


@pytest.mark.parametrize("program", SILENT.values(), ids=SILENT.keys())
def test_nothing_is_reported_about(findings, program):
    assert of_rule(findings.whole(program)) == []


def test_a_function_with_several_callers_is_reported_once(findings):
    program = f"{TOP}def page():\n    time.sleep(1)\n"
    for name in ("first", "second"):
        program += f"@app.get('/{name}')\nasync def {name}():\n    page()\n    return ''\n"

    assert len(of_rule(findings.whole(program))) == 1
