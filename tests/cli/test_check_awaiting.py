"""The rule on ``await`` of plain values, which programs for Quart have."""

import pytest

VIEW = "\n@app.route('/', methods=['GET', 'POST'])\nasync def index():\n    "


def of_rule(found):
    return [finding for finding in found if finding.rule == "needless-await"]


@pytest.mark.parametrize(
    ("line", "shown"),
    [
        ("form = await request.form", "request.form"),
        ("form = (await request.files)['photo']", "request.files"),
        ("form = await request.get_json()", "request.get_json()"),
        ("form = await request.get_data(as_text=True)", "request.get_data(as_text=True)"),
    ],
)
def test_an_awaited_part_of_the_request_is_an_error(findings, line, shown):
    [finding] = of_rule(findings.whole(f"{VIEW}{line}\n    return ''\n"))

    assert (finding.level, finding.line) == ("error", 7)
    assert finding.message == (
        f"index() awaits {shown}, which cannot be awaited: the parts of a request are plain"
        " values, in async functions too."
    )
    assert finding.fix == f"Write {shown} without await."


@pytest.mark.parametrize(
    "call", ["render_template_string('a')", "make_response('a')", "send_file('program.py')"]
)
def test_an_awaited_function_of_retort_is_an_error(findings, call):
    [finding] = of_rule(findings.whole(f"{VIEW}return await {call}\n"))

    assert f"awaits {call}, which cannot be awaited: the function returns" in finding.message


def test_functions_that_are_no_views_are_checked_too(findings):
    [finding] = of_rule(findings.whole("\nasync def read():\n    return await request.form\n"))

    assert finding.message.startswith("read() awaits request.form")


SILENT = {
    "a coroutine of the program": (
        f"\nasync def fetch():\n    return ''{VIEW}return await fetch()\n"
    ),
    "a function of the program with such a name": (
        "\nasync def render_template(name):\n    return ''"
        f"{VIEW}return await render_template('a')\n"
    ),
    "no await": f"{VIEW}return request.form.get('name', '')\n",
    "a local name": f"{VIEW}request = make()\n    return await request.form\n",
    "another attribute": f"{VIEW}return await request.pool.fetch()\n",
    "a request class of the program": (
        "\nclass Own(Request):\n    @property\n    async def form(self):\n        return {}\n"
        f"app.request_class = Own\n{VIEW}return await request.form\n"
    ),
    "an attribute that the program sets": (
        "\n@app.before_request\ndef load():\n    request.form = make()\n"
        f"{VIEW}return await request.form\n"
    ),
    "a WebSocket": (
        "\nfrom retort import websocket\n@app.websocket('/chat', origins=[])\nasync def chat():\n"
        "    await websocket.accept()\n    await websocket.send(await websocket.receive())\n"
    ),
    "what a function returns": (
        "\nfrom retort import copy_current_websocket_context\nasync def run():\n"
        "    await copy_current_websocket_context(run)()\n"
    ),
}


@pytest.mark.parametrize("program", SILENT.values(), ids=SILENT.keys())
def test_nothing_is_reported_about(findings, program):
    assert of_rule(findings.whole(program)) == []
