"""``async for`` and ``async with`` of synchronous objects, and the reverse."""

import pytest

TOP = """
from flask import Flask, request

app = Flask(__name__)
numbers = [1, 2]

class Pool:
    async def __aenter__(self):
        return 'pool'
    async def __aexit__(self, *args):
        pass

class File:
    def __enter__(self):
        return 'file'
    def __exit__(self, *args):
        pass

pool = Pool()
file = File()

"""


def written(mistake, *lines, view="async def index():"):
    body = "".join(f"    {line}\n" for line in lines)
    mistake.write("program.py", f"{TOP}@app.route('/', methods=['GET', 'POST'])\n{view}\n{body}")


def test_a_list_is_iterated_without_async(mistake):
    written(mistake, "async for n in numbers:", "    return str(n)")

    advice = mistake.advised("GET", "/")

    assert advice.what == (
        "numbers (list) is not asynchronous, so async for cannot iterate over it."
    )
    assert advice.fix == "Write for in place of async for."
    assert mistake.mended("GET", "/").text == "1"


def test_the_body_of_a_request_is_read_by_its_chunks(mistake):
    written(mistake, "async for chunk in request.stream:", "    return chunk")

    advice = mistake.advised("POST", "/", data=b"body")

    assert advice.what.startswith("request.stream (")
    assert "@stream_body" in advice.fix
    assert "request.stream_chunks()" in advice.fix
    assert advice.diff == ""


@pytest.mark.parametrize("expression", ["Pool()", "pool"])
def test_an_asynchronous_object_is_entered_by_async_with(mistake, expression):
    written(mistake, f"with {expression} as entered:", "    return entered")

    advice = mistake.advised("GET", "/")

    assert advice.what == f"{expression} is asynchronous: only async with enters it."
    assert mistake.mended("GET", "/").text == "pool"


def test_a_synchronous_view_has_to_be_async_for_async_with(mistake):
    written(mistake, "with pool as entered:", "    return entered", view="def index():")

    advice = mistake.advised("GET", "/")

    assert advice.fix.endswith("index() has to be async for that: write async def.")
    assert advice.diff == ""


@pytest.mark.parametrize("expression", ["File()", "file"])
def test_a_synchronous_object_is_entered_by_with(mistake, expression):
    written(mistake, f"async with {expression} as entered:", "    return entered")

    advice = mistake.advised("GET", "/")

    assert advice.what == f"{expression} is not asynchronous, so async with cannot enter it."
    assert mistake.mended("GET", "/").text == "file"


SILENT = {
    "an object without these methods": ("with numbers:", "    return ''"),
    "an object of a function, whose class is not known": (
        "def make():",
        "    return Pool()",
        "with make():",
        "    return ''",
    ),
    "several objects": ("with file as a, pool as b:", "    return b"),
    "an error with the same words": (
        "raise TypeError(\"'async for' requires an object with __aiter__ method, got list\")",
    ),
}


@pytest.mark.parametrize("lines", SILENT.values(), ids=SILENT.keys())
def test_there_is_no_advice_on_blocks_for(mistake, lines):
    written(mistake, *lines)

    mistake.ask("GET", "/")

    assert mistake.errors
    assert mistake.advice is None
