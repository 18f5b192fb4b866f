"""The rules of `retort check` for WebSocket routes."""

import pytest

CHAT = "async def chat():\n    return None\n"
OPEN = f"\n@app.websocket('/chat')\n{CHAT}"


def of_rule(found, name="websocket-origin"):
    return [finding for finding in found if finding.rule == name]


def test_a_websocket_without_a_rule_about_origins_is_reported(findings):
    [finding] = of_rule(findings.whole(OPEN))

    assert (finding.level, finding.line) == ("warning", 5)
    assert "Pages of every site can open the WebSocket /chat (chat())" in finding.message
    assert "origins=[]" in finding.fix
    assert "CROSS_ORIGIN_PROTECTION" in finding.fix


def test_a_websocket_of_a_blueprint_is_reported_once(findings):
    program = f"""
shop = Blueprint('shop', __name__)
@shop.websocket('/chat')
@shop.websocket('/talk')
{CHAT}
app.register_blueprint(shop)
"""
    assert len(of_rule(findings.whole(program))) == 1


SILENT = {
    "origins of the own site": f"\n@app.websocket('/chat', origins=[])\n{CHAT}",
    "a list of origins": f"\n@app.websocket('/chat', origins=['https://a.example'])\n{CHAT}",
    "all origins": f"\n@app.websocket('/chat', origins='*')\n{CHAT}",
    "the protection of the configuration": f"{OPEN}app.config['CROSS_ORIGIN_PROTECTION'] = True\n",
    "a Retort": f"\nimport retort\napp = retort.Retort(__name__)\napp.secret_key = 'x'\n{OPEN}",
    "a hook that reads the field": (
        f"{OPEN}@app.before_websocket\ndef check():\n"
        "    if request.headers.get('Origin') != 'https://a.example':\n        abort(403)\n"
    ),
    "a hook that reads the attribute": (
        f"{OPEN}@app.before_websocket\ndef check():\n"
        "    if request.origin != 'https://a.example':\n        abort(403)\n"
    ),
    "a route of an extension, which has no such option": (
        "\n@app.route('/chat', websocket=True)\ndef chat():\n    return ''\n"
    ),
    "an HTTP route": "\n@app.get('/chat')\ndef chat():\n    return ''\n",
}


@pytest.mark.parametrize("program", SILENT.values(), ids=SILENT.keys())
def test_nothing_is_reported_about(findings, program):
    assert of_rule(findings.whole(program)) == []


def test_a_call_that_blocks_is_found_in_a_websocket_view(findings):
    program = (
        "\nimport time\n@app.websocket('/chat', origins=[])\nasync def chat():\n    time.sleep(1)\n"
    )

    [finding] = findings.whole(program)

    assert finding.rule == "blocking-call"
    assert finding.message.startswith("The async WebSocket view chat() calls time.sleep(1)")
    assert "remove async" in finding.fix


def test_a_synchronous_websocket_view_may_block(findings):
    program = "\nimport time\n@app.websocket('/chat', origins=[])\ndef chat():\n    time.sleep(1)\n"

    assert findings(program) == []


def test_rules_about_http_views_do_not_apply_to_websockets(findings):
    program = """
db = None
@app.websocket('/chat/<int:number>', origins=[])
async def chat(number):
    if number:
        return
    db.commit()
"""
    assert findings(program) == []


def test_two_websockets_with_one_address_are_an_error(findings):
    program = "\n".join(
        f"@app.websocket('/chat', origins=[])\nasync def {name}():\n    print('{name}')\n"
        for name in ("first", "second")
    )

    assert findings(program) == ["shadowed-route program.py:8"]


def test_a_page_and_a_websocket_may_have_one_address(findings):
    page = "\n@app.get('/chat')\ndef page():\n    return ''\n"
    program = f"{page}@app.websocket('/chat', origins=[])\n{CHAT}"

    assert findings(program) == []


def test_a_session_without_a_key_is_found_in_a_websocket_view(findings):
    program = "\n@app.websocket('/chat', origins=[])\nasync def chat():\n    session['n'] = 1\n"

    assert findings(program) == ["no-secret-key program.py:7"]


def test_a_websocket_whose_view_lacks_a_variable_is_an_error(findings):
    program = f"\n@app.websocket('/chat/<name>', origins=[])\n{CHAT}"

    [finding] = findings.whole(program)

    assert finding.rule == "view-arguments"
    assert "chat() takes no 'name'" in finding.message


def test_an_extension_may_pass_an_argument_of_its_own(findings):
    program = "\n@app.route('/chat', websocket=True)\ndef chat(ws):\n    return ''\n"

    assert findings(program) == []
