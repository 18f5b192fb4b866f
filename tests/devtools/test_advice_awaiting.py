"""Await of what is no awaitable, and coroutines that were not awaited."""

import pytest

# The coroutines of the mistakes.
pytestmark = [
    pytest.mark.filterwarnings("ignore:coroutine '.*' was never awaited"),
    pytest.mark.usefixtures("collected"),
]


TOP = """
from flask import Flask, make_response, render_template_string, request
import asyncio

app = Flask(__name__)

async def fetch():
    return {'name': 'Ada'}

def plain():
    return 'plain'

async def rows():
    yield 'one'

"""


def written(mistake, *lines, view="async def index():"):
    body = "".join(f"    {line}\n" for line in lines)
    mistake.write("program.py", f"{TOP}@app.route('/', methods=['GET', 'POST'])\n{view}\n{body}")


PARTS = [
    ("return (await request.form)['name']", "request.form"),
    ("form = await request.form", "request.form"),
    ("return (await request.get_json())['name']", "request.get_json()"),
    ("return (await request.get_data())", "request.get_data()"),
    ("return await request.form['name']", "request.form['name']"),
    ("return str(await request.files)", "request.files"),
]


@pytest.mark.parametrize(("line", "shown"), PARTS)
def test_a_part_of_the_request_is_not_awaited(mistake, line, shown):
    written(mistake, line, "return form['name']")
    data = {"json": {"name": "Ada"}} if "json" in line else {"data": {"name": "Ada"}}

    advice = mistake.advised("POST", "/", **data)

    assert advice.what.startswith(f"{shown} is a")
    assert advice.what.endswith(", which cannot be awaited.")
    assert "In Quart these parts are awaited" in advice.why
    assert advice.fix == f"Write {shown} without await."
    assert mistake.mended("POST", "/", **data).status_code == 200


def test_the_parentheses_of_the_await_are_removed(mistake):
    written(mistake, "return (await request.form)['name']")

    advice = mistake.advised("POST", "/", data={"name": "Ada"})

    assert "+    return request.form['name']" in advice.diff
    assert mistake.mended("POST", "/", data={"name": "Ada"}).text == "Ada"


def test_the_parentheses_of_a_call_remain(mistake):
    written(mistake, "return str(await request.form)")

    advice = mistake.advised("POST", "/", data={"name": "Ada"})

    assert "+    return str(request.form)" in advice.diff


def test_a_function_of_retort_is_not_awaited(mistake):
    written(mistake, "return await render_template_string('hello')")

    advice = mistake.advised("GET", "/")

    assert advice.what == "render_template_string('hello') is a str, which cannot be awaited."
    assert "In Quart some are awaited" in advice.why
    assert mistake.mended("GET", "/").text == "hello"


def test_a_plain_function_of_the_program_is_not_awaited(mistake):
    written(mistake, "return await plain()")

    advice = mistake.advised("GET", "/")

    assert (advice.what, advice.why) == ("plain() is a str, which cannot be awaited.", "")
    assert mistake.mended("GET", "/").text == "plain"


def test_a_function_that_returns_nothing_is_named(mistake):
    written(mistake, "await [].clear()", "return ''")

    assert mistake.advised("GET", "/").what == "[].clear() is None, which cannot be awaited."
    assert mistake.mended("GET", "/").status_code == 200


def test_one_of_several_awaits_is_found_by_what_it_awaits(mistake):
    written(mistake, "return (await fetch())['name'] + (await request.form)['name']")

    advice = mistake.advised("POST", "/", data={"name": "!"})

    assert advice.what.startswith("request.form is a")
    assert mistake.mended("POST", "/", data={"name": "!"}).text == "Ada!"


def test_a_function_without_its_call_is_named(mistake):
    written(mistake, "return await fetch")

    advice = mistake.advised("GET", "/")

    assert advice.what == "fetch is a function: the await needs a call of it."
    assert advice.fix == "Write await fetch() with its arguments."


def test_an_asynchronous_generator_is_not_awaited(mistake):
    written(mistake, "return await rows()")

    advice = mistake.advised("GET", "/")

    assert advice.what.startswith("rows() is an asynchronous generator, which cannot be awaited")
    assert "async for value in rows()" in advice.fix


def test_an_asynchronous_generator_is_iterated_with_async_for(mistake):
    written(mistake, "text = ''", "for row in rows():", "    text += row", "return text")

    advice = mistake.advised("GET", "/")

    assert advice.what == "rows() is an asynchronous generator, which only async for iterates over."
    assert mistake.mended("GET", "/").text == "one"


def test_a_synchronous_view_has_to_be_async_for_async_for(mistake):
    written(mistake, "for row in rows():", "    return row", view="def index():")

    advice = mistake.advised("GET", "/")

    assert "index() has to be async for that: write async def." in advice.fix
    assert advice.diff == ""


def test_a_list_of_an_asynchronous_generator_is_collected_in_another_way(mistake):
    written(mistake, "return list(rows())")

    advice = mistake.advised("GET", "/")

    assert advice.fix == "Collect its values: [value async for value in ...]."


USES = [
    ("data = fetch()", "return data['name']", "data", "await fetch()"),
    ("data = fetch()", "return data.get('name')", "data", "await fetch()"),
    ("", "return fetch().get('name')", "fetch()", "(await fetch())"),
    ("", "return fetch()['name']", "fetch()", "(await fetch())"),
    ("data = fetch()", "for name in data:\n        return name", "data", "await fetch()"),
]


@pytest.mark.parametrize(("first", "second", "shown", "fix"), USES)
def test_a_coroutine_that_was_not_awaited_is_named(mistake, first, second, shown, fix):
    written(mistake, first, second)

    advice = mistake.advised("GET", "/")

    assert advice.what == f"{shown} is a coroutine: the async function fetch() was not awaited."
    assert advice.fix == f"Write {fix}."
    assert mistake.mended("GET", "/").text in ("Ada", "name")


def test_a_synchronous_view_has_to_be_async_for_await(mistake):
    written(mistake, "data = fetch()", "return data['name']", view="def index():")

    advice = mistake.advised("GET", "/")

    assert advice.fix == "Write async before the def of index(), and await fetch()."


def test_a_returned_coroutine_is_named_in_an_async_view(mistake):
    written(mistake, "return fetch()")

    advice = mistake.advised("GET", "/")

    assert "the async function fetch() was not awaited" in advice.what
    assert mistake.mended("GET", "/").json == {"name": "Ada"}


SILENT = {
    "an error with the same words": (
        "raise TypeError(\"object dict can't be used in 'await' expression\")",
    ),
    "several awaits of the same kind": ("x = {}", "return (await x)['a'] + (await x)['b']"),
    "an attribute of another object": ("return {}.nm",),
}


@pytest.mark.parametrize("lines", SILENT.values(), ids=SILENT.keys())
def test_there_is_no_advice_on_await_for(mistake, lines):
    written(mistake, *lines)

    mistake.ask("GET", "/")

    assert mistake.errors
    assert mistake.advice is None or "await" not in mistake.advice.fix
