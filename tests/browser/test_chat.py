"""The chat as its members use it, in two tabs, with each of its three ways."""

import contextlib
import os
import signal
from pathlib import Path

import pytest

CHAT = Path(__file__).parents[2] / "examples" / "chat"
SOCKET, EVENTS = "Connected by WebSocket.", "Connected by server-sent events."

pytestmark = pytest.mark.xdist_group("chat in the browser")

# The chat with other settings, and a file with the process that has the last connection.
PROGRAM = """
import os, sys
from pathlib import Path

sys.path.insert(0, {folder!r})
from chat import app, request

app.config["WEBSOCKET_MAX_CONNECTIONS"] = {websockets}


@app.before_request
@app.before_websocket
def note_worker():
    if request.path in ("/events", "/socket"):
        Path(__file__).with_suffix(".worker").write_text(f"{{os.getpid()}}")
"""


@pytest.fixture
def write_chat(tmp_path):
    def write_chat(name, websockets=100):
        file = tmp_path / f"{name}.py"
        file.write_text(PROGRAM.format(folder=str(CHAT), websockets=websockets))
        return file

    return write_chat


@contextlib.contextmanager
def two_tabs(browse, site, other=None, state=SOCKET):
    """Two tabs of one browser, on one site or two."""
    with browse(site) as page:
        context = page.context.browser.new_context()
        first, second = context.new_page(), context.new_page()
        for tab, place in ((first, site), (second, other or site)):
            tab.goto(place.url)
            wait_for_state(tab, state)
        yield first, second


def wait_for_state(tab, text):
    tab.get_by_role("status").filter(has_text=text).wait_for()


def send(tab, name, text):
    tab.get_by_label("Name").fill(name)
    tab.get_by_label("Text").fill(text)
    tab.get_by_role("button", name="Send").click()


def wait_for_message(tab, text):
    tab.locator("li span").get_by_text(text, exact=True).wait_for()


def messages(tab):
    return tab.locator("li").all_inner_texts()


def assert_they_talk(first, second):
    send(first, "Ada", "hello")
    for tab in (first, second):
        wait_for_message(tab, "hello")
    send(second, "Bob", "<i>hi</i>")
    for tab in (first, second):
        wait_for_message(tab, "<i>hi</i>")
        assert messages(tab) == ["Ada hello", "Bob <i>hi</i>"]
        assert tab.get_by_label("Text").input_value() == ""


def test_two_tabs_talk_over_websockets(serve, browse):
    with serve(str(CHAT / "chat.py")) as site, two_tabs(browse, site) as tabs:
        assert_they_talk(*tabs)


def test_two_tabs_talk_over_server_sent_events_where_no_websocket_opens(serve, browse, write_chat):
    program = write_chat("events", websockets=0)
    with serve(str(program)) as site, two_tabs(browse, site, state=EVENTS) as tabs:
        assert_they_talk(*tabs)


def test_without_javascript_the_form_sends_and_the_page_shows_the_messages(serve, browse):
    with serve(str(CHAT / "chat.py")) as site, browse(site) as with_javascript:
        with_javascript.goto(site.url)
        wait_for_state(with_javascript, SOCKET)
        page = with_javascript.context.browser.new_context(java_script_enabled=False).new_page()
        page.goto(site.url)

        send(page, "Ada", "by the form")
        assert messages(page) == ["Ada by the form"]
        assert page.get_by_label("Name").input_value() == "Ada"
        assert page.get_by_label("Text").input_value() == ""
        wait_for_message(with_javascript, "by the form")

        send(with_javascript, "Bob", "by the socket")
        wait_for_message(with_javascript, "by the socket")
        page.get_by_role("link", name="Show new messages").click()
        assert messages(page) == ["Ada by the form", "Bob by the socket"]


@pytest.mark.parametrize(("state", "websockets"), [(SOCKET, 100), (EVENTS, 0)])
def test_a_refused_message_shows_the_reason_and_stays_in_the_form(
    serve, browse, write_chat, state, websockets
):
    program = write_chat("refusing", websockets)
    with serve(str(program)) as site, browse(site) as page:
        page.goto(site.url)
        wait_for_state(page, state)
        send(page, " ", "hello")

        page.get_by_role("alert").filter(has_text="Please fill in the name.").wait_for()
        assert page.get_by_label("Text").input_value() == "hello"
        assert messages(page) == []


@pytest.mark.parametrize(("state", "websockets"), [(SOCKET, 100), (EVENTS, 0)])
def test_both_tabs_go_on_when_a_worker_is_killed(
    serve, browse, write_chat, redis_server, state, websockets
):
    """Each tab is on a server of its own with two workers; Redis connects them."""
    program, other_program = write_chat("one", websockets), write_chat("other", websockets)
    options = {"env": {"REDIS_URL": redis_server.url}}
    with (
        serve(str(program), "--workers", "2", **options) as site,
        serve(str(other_program), "--workers", "2", **options) as other,
        two_tabs(browse, site, other, state) as (first, second),
    ):
        assert_they_talk(first, second)
        worker_file = program.with_suffix(".worker")
        worker = int(worker_file.read_text())
        os.kill(worker, signal.SIGKILL)
        site.wait_for(lambda: int(worker_file.read_text()) != worker)
        send(second, "Bob", "to the tab of the killed worker")
        for tab in (first, second):
            wait_for_message(tab, "to the tab of the killed worker")
        wait_for_state(first, state)
        send(first, "Ada", "from that tab")
        for tab in (first, second):
            wait_for_message(tab, "from that tab")
            assert len(messages(tab)) == 4


def test_a_tab_gets_what_was_sent_while_its_server_was_down(
    serve, browse, choose_port, redis_server, write_chat
):
    program, port = str(write_chat("restarted")), str(choose_port())
    options = {"env": {"REDIS_URL": redis_server.url}}
    with contextlib.ExitStack() as stack:
        other = stack.enter_context(serve(program, **options))
        with serve(program, "--port", port, **options) as site:
            tabs = stack.enter_context(two_tabs(browse, site, other))
        wait_for_state(tabs[0], "Connecting...")
        send(tabs[1], "Bob", "meanwhile")
        wait_for_message(tabs[1], "meanwhile")

        stack.enter_context(serve(program, "--port", port, **options))
        wait_for_message(tabs[0], "meanwhile")
        wait_for_state(tabs[0], SOCKET)
