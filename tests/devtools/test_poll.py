"""Polls of error pages: a page of this site gets the id of the process, others get nothing."""

import pytest
from werkzeug.test import Client

from retort.devtools import Failure, failure_page, with_debugger
from retort.devtools.poll import PROCESS

POLL = {"Retort-Poll": "1"}


@pytest.fixture(params=["program", "program that does not start"])
def client(app, request):
    app.debug = True
    if request.param == "program":
        return Client(with_debugger(app, console=False))
    return Client(failure_page(Failure("a reason")))


def test_a_poll_gets_the_id_of_the_process_and_nothing_else(client):
    for path in ("/", "/nowhere"):
        answer = client.options(path, headers=POLL)

        assert answer.status_code == 204
        assert answer.data == b""
        assert dict(answer.headers) == {"Retort-Poll": PROCESS, "Cache-Control": "no-store"}


def test_the_page_has_the_id_that_a_poll_gets(client):
    page = client.get("/nowhere", headers={"Accept": "text/html"}).text

    assert f'data-process="{PROCESS}"' in page


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {**POLL, "Sec-Fetch-Site": "cross-site"},
        {**POLL, "Sec-Fetch-Site": "same-site"},
        {"Access-Control-Request-Headers": "retort-poll", "Origin": "http://evil.test"},
    ],
)
def test_other_sites_get_no_id(client, headers):
    answer = client.options("/", headers=headers)

    assert "Retort-Poll" not in answer.headers
    assert PROCESS not in answer.text


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_only_options_is_a_poll_so_that_no_view_runs_for_one(client, method):
    assert client.open("/", method=method, headers=POLL).status_code >= 400


def test_the_program_never_sees_a_poll(app):
    seen = []
    app.before_request(lambda: seen.append(1))

    Client(with_debugger(app, console=False)).options("/", headers=POLL)

    assert seen == []


def test_a_page_knows_the_method_of_its_request(client):
    def method_in(method):
        page = client.open("/nowhere", method=method, headers={"Accept": "text/html"}).text
        return page.partition('data-method="')[2].partition('"')[0]

    assert [method_in("GET"), method_in("POST")] == ["GET", "POST"]
