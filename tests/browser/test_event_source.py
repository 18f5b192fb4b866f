"""Chromium's EventSource: events arrive, and it connects again with the last id."""

import pytest

SITE = "http://localhost:5000"
PROGRAM = """
import asyncio
import threading

from retort import Event, Flask, event_stream, request

app = Flask(__name__)
opened = []


@app.get("/")
def index():
    return '''<!doctype html><title>Events</title><ul id="log"></ul><script>
        const log = (text) => {
            const line = document.createElement("li")
            line.textContent = text
            document.querySelector("#log").append(line)
        }
        function listen(address) {
            const source = new EventSource(address)
            source.onopen = () => log("open")
            source.onmessage = (event) => log(`message ${event.data} ${event.lastEventId}`)
            source.addEventListener("news", (event) => log(`news ${event.data}`))
            source.onerror = () => log(`error ${source.readyState}`)
            window.source = source
        }
    </script>'''


async def some():
    yield "plain"
    yield {"name": "Jürgen ✓"}
    yield "two\\nlines"
    yield Event("of a type", event="news")
    await asyncio.sleep(600)


def numbers(first):
    for number in range(first, first + 2):
        yield Event(f"number {number}", id=number)


@app.get("/some")
async def stream_some():
    return event_stream(some(), heartbeat=0.05)


@app.get("/numbers")
def stream_numbers():
    opened.append(request.last_event_id)
    return event_stream(numbers(int(request.last_event_id or -1) + 1), retry=50)


@app.get("/later")
async def stream_later():
    async def later():
        await asyncio.sleep(600)
        yield
    return event_stream(later())


@app.get("/failing")
async def stream_failing():
    async def failing():
        raise ValueError("at once")
        yield
    return event_stream(failing())


@app.get("/opened")
def get_opened():
    return opened
"""

pytestmark = pytest.mark.xdist_group("event source in the browser")


@pytest.fixture(scope="module")
def page(serve, browse, tmp_path_factory):
    program = tmp_path_factory.mktemp("program") / "events.py"
    program.write_text(PROGRAM)
    with serve(str(program)) as site, browse(site) as page:
        yield page


@pytest.fixture
def listen(page):
    """Open an EventSource; returns a function that waits for a line of its log."""

    def listen(path):
        page.goto(SITE)
        page.evaluate("listen", path)

    yield listen
    page.evaluate("source.close()")


def wait_for_line(page, text):
    page.wait_for_function(
        "text => [...document.querySelectorAll('li')].some(each => each.textContent === text)",
        arg=text,
    )


def lines(page):
    return page.locator("li").all_text_contents()


def test_events_arrive_while_the_stream_is_open(page, listen):
    listen("/some")

    wait_for_line(page, "news of a type")
    assert lines(page) == [
        "open",
        "message plain ",
        'message {"name": "J\\u00fcrgen \\u2713"} ',
        "message two\nlines ",
        "news of a type",
    ]


def test_a_stream_is_open_before_its_first_event(page, listen):
    listen("/later")

    wait_for_line(page, "open")
    assert lines(page) == ["open"]


def test_it_connects_again_with_the_last_id_after_the_given_time(page, listen):
    listen("/numbers")

    wait_for_line(page, "message number 4 4")
    assert lines(page)[:5] == [
        *("open", "message number 0 0", "message number 1 1"),
        *("error 0", "open"),
    ]
    opened = page.evaluate("fetch('/opened').then(response => response.json())")
    assert opened[:3] == [None, "1", "3"]


def test_it_does_not_connect_again_after_an_error_before_the_first_event(page, listen):
    listen("/failing")

    wait_for_line(page, "error 2")  # CLOSED
    assert lines(page) == ["error 2"]
