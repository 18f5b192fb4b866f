"""The console of the debugger is only for browsers on this machine."""

import pytest
from werkzeug.test import Client

from retort.devtools import with_debugger
from retort.devtools.debugger import is_local

ON_THIS_MACHINE = {"REMOTE_ADDR": "127.0.0.1", "HTTP_HOST": "127.0.0.1:5000"}
SOMEWHERE_ELSE = [
    {"REMOTE_ADDR": "192.0.2.7"},
    {"REMOTE_ADDR": "2001:db8::7"},
    {"REMOTE_ADDR": ""},
    {"REMOTE_ADDR": "127.0.0.1.example.org"},
    *(
        {f"HTTP_{field.upper().replace('-', '_')}": "192.0.2.7"}
        for field in (
            "X-Forwarded-For",
            "X-Forwarded-Proto",
            "X-Forwarded-Host",
            "X-Forwarded-Port",
            "X-Forwarded-Server",
            "X-Forwarded-Ssl",
            "X-Original-Forwarded-For",
            "Forwarded",
            "Forwarded-For",
            "CF-Connecting-IP",
            "CF-Connecting-IPv6",
            "True-Client-IP",
            "X-Real-IP",
            "X-Client-IP",
            "Client-IP",
            "Fastly-Client-IP",
            "X-Cluster-Client-IP",
            "X-Azure-ClientIP",
            "Fly-Client-IP",
            "X-Appengine-User-IP",
            "X-Remote-Addr",
            "X-Envoy-External-Address",
            "CDN-Loop",
            "Via",
        )
    ),
    {"HTTP_X_FORWARDED_FOR": "127.0.0.1"},
    {"HTTP_X_FORWARDED_PROTO": ""},
    {"HTTP_HOST": "rebound.example:5000"},
]


def broken(environ, start_response):
    raise ValueError("on purpose")


@pytest.fixture
def debugger(capsys):
    yield with_debugger(broken, console=True)
    capsys.readouterr()  # it also prints the traceback


def console_of(debugger, environ):
    """Whether there is a console at /console: the page, and not a refusal."""
    answer = Client(debugger).get("/console", environ_overrides=environ)
    return answer.status_code == 200 and "EVALEX" in answer.text


@pytest.mark.parametrize("address", ["127.0.0.1", "127.8.8.8", "::1"])
def test_a_browser_on_this_machine_has_a_console(debugger, address):
    assert console_of(debugger, {**ON_THIS_MACHINE, "REMOTE_ADDR": address})


@pytest.mark.parametrize("other", SOMEWHERE_ELSE, ids=lambda other: str(sorted(other.items())))
def test_others_have_none(debugger, other):
    assert not console_of(debugger, {**ON_THIS_MACHINE, **other})


@pytest.mark.parametrize("other", SOMEWHERE_ELSE, ids=lambda other: str(sorted(other.items())))
def test_others_cannot_run_code_with_the_secret_and_the_pin_either(debugger, other):
    client = Client(debugger)
    assert console_of(debugger, ON_THIS_MACHINE)  # there is a frame now
    asks = {"__debugger__": "yes", "s": debugger.secret, "frm": "0", "cmd": "12345679*63"}
    pin = {"__debugger__": "yes", "s": debugger.secret, "cmd": "pinauth", "pin": debugger.pin}

    for query in (pin, asks):
        environ = {**ON_THIS_MACHINE, **other}
        answer = client.get("/console", query_string=query, environ_overrides=environ)
        assert "777777777" not in answer.text
        assert '"auth": true' not in answer.text


def test_here_the_pin_lets_code_run(debugger):
    client = Client(debugger)
    ask = {"__debugger__": "yes", "s": debugger.secret}
    page = {"environ_overrides": ON_THIS_MACHINE}
    client.get("/console", **page)

    client.get("/console", query_string={**ask, "cmd": "pinauth", "pin": debugger.pin}, **page)
    answer = client.get("/console", query_string={**ask, "frm": "0", "cmd": "12345679*63"}, **page)

    assert "777777777" in answer.text


def test_what_browsers_send_by_themselves_leaves_the_console_on(debugger):
    fields = {
        "HTTP_ACCEPT": "text/html",
        "HTTP_ACCEPT_LANGUAGE": "de",
        "HTTP_CACHE_CONTROL": "no-cache",
        "HTTP_COOKIE": "ip=192.0.2.7",
        "HTTP_DNT": "1",
        "HTTP_ORIGIN": "http://127.0.0.1:5000",
        "HTTP_REFERER": "http://127.0.0.1:5000/console",
        "HTTP_SEC_FETCH_SITE": "same-origin",
        "HTTP_UPGRADE_INSECURE_REQUESTS": "1",
        "HTTP_USER_AGENT": "Mozilla/5.0 (X11; Linux x86_64) via",
    }

    assert console_of(debugger, {**ON_THIS_MACHINE, **fields})


def test_no_address_at_all_is_not_this_machine():
    assert not is_local({})
