"""New Relic: `newrelic-admin run-program` before the command that serves names each transaction."""

import pytest

SHOW = """

import newrelic.agent


@app.after_request
def show_transaction(response):
    transaction = newrelic.agent.current_transaction()
    if transaction is not None:
        response.headers["X-Transaction"] = transaction.path
        response.headers["X-Frameworks"] = str(sorted(transaction._frameworks))
    return response
"""


@pytest.fixture
def server(launch, serving_words, tmp_path):
    with (tmp_path / "traced.py").open("a") as program:
        program.write(SHOW)
    env = {
        "NEW_RELIC_DEVELOPER_MODE": "true",  # nothing leaves the machine
        "NEW_RELIC_LICENSE_KEY": "0" * 40,
        "NEW_RELIC_APP_NAME": "traced",
        "NEW_RELIC_STARTUP_TIMEOUT": "20",
        "NEW_RELIC_LOG": str(tmp_path / "newrelic.log"),
    }
    return launch("newrelic-admin", "run-program", *serving_words, env=env)


def test_each_transaction_has_the_name_that_it_has_on_flask(server, framework):
    assert server.ask("/framework").text == framework

    names = {
        path: server.ask(path).headers["X-Transaction"]
        for path in ["/page/ada", "/crash", "/nowhere", "/tea", "/thing", "/shop/item/3"]
    }

    assert names == {
        "/page/ada": "WebTransaction/Function/traced:page",
        "/crash": "WebTransaction/Function/traced:crash",
        "/nowhere": "WebTransaction/Function/flask.app:Flask.handle_http_exception",
        "/tea": "WebTransaction/Function/traced:tea",
        "/thing": "WebTransaction/Function/traced:thing",
        "/shop/item/3": "WebTransaction/Function/traced:item",
    }


def test_the_framework_is_named(server):
    assert server.ask("/thing").headers["X-Frameworks"] == "[('Flask', '3.1.3')]"
