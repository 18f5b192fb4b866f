"""An event loop that is started, or waited for, on the event loop that runs."""

import pytest

# The coroutines of the mistakes.
pytestmark = [
    pytest.mark.filterwarnings("ignore:coroutine '.*' was never awaited"),
    pytest.mark.usefixtures("collected"),
]


TOP = """
import asyncio
from flask import Flask, current_app, render_template_string

app = Flask(__name__)

async def fetch():
    return 'fetched'

"""


def written(mistake, text):
    mistake.write("program.py", TOP + text)


@pytest.mark.parametrize(
    "call", ["asyncio.run(fetch())", "asyncio.get_event_loop().run_until_complete(fetch())"]
)
def test_a_loop_in_an_async_view_is_replaced_by_await(mistake, call):
    written(mistake, f"@app.get('/')\nasync def index():\n    return {call}\n")

    advice = mistake.advised("GET", "/")

    shown = call.partition("(fetch")[0]
    assert advice.what == (
        f"{shown}() was called on the event loop that already runs this function."
    )
    assert advice.fix == "Write await fetch()."
    assert mistake.mended("GET", "/").text == "fetched"


def test_a_loop_in_a_function_that_an_async_view_calls_is_named(mistake):
    written(
        mistake,
        "def helper():\n    return asyncio.run(fetch())\n\n"
        "@app.get('/')\nasync def index():\n    return helper()\n",
    )

    advice = mistake.advised("GET", "/")

    assert advice.fix == (
        "Write async before the def of helper(), await fetch() there, and await helper(...) in"
        " index()."
    )


@pytest.mark.parametrize("name", ["ensure_sync", "async_to_sync"])
def test_a_coroutine_function_is_awaited_on_the_loop(mistake, name):
    written(mistake, f"@app.get('/')\nasync def index():\n    return current_app.{name}(fetch)()\n")

    advice = mistake.advised("GET", "/")

    assert advice.what == (
        "The coroutine function fetch() was called through ensure_sync() on the event loop."
    )
    assert advice.fix.startswith("Write await before a call of fetch() itself")
    assert advice.place.source == f"return current_app.{name}(fetch)()"


def test_an_async_context_processor_cannot_run_in_an_async_view(mistake):
    written(
        mistake,
        "@app.context_processor\nasync def menu():\n    return {}\n\n"
        "@app.get('/')\nasync def index():\n    return render_template_string('hello')\n",
    )

    advice = mistake.advised("GET", "/")

    assert "The coroutine function menu() was called" in advice.what
    assert "await asyncio.to_thread(render_template, ...)" in advice.fix


def test_another_error_about_a_loop_gets_no_advice(mistake):
    written(
        mistake,
        "@app.get('/')\nasync def index():\n    raise RuntimeError('the running loop is gone')\n",
    )

    mistake.ask("GET", "/")

    assert mistake.errors
    assert mistake.advice is None


def test_asyncio_run_in_a_synchronous_view_works(mistake):
    written(mistake, "@app.get('/')\ndef index():\n    return asyncio.run(fetch())\n")

    assert mistake.ask("GET", "/").text == "fetched"
