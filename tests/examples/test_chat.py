"""The chat in one process: by its form, by server-sent events, and by a WebSocket."""

import asyncio
import importlib
import json
import re
import sys
from http import HTTPStatus
from pathlib import Path

import pytest

from retort.testing import WebSocketRefused

CHAT = Path(__file__).parents[2] / "examples" / "chat"
MODULES = ("chat", "room", "redis_room")
ADA = {"name": "Ada", "text": "hello"}


@pytest.fixture
def chat(monkeypatch):
    monkeypatch.delenv("REDIS_URL", raising=False)
    monkeypatch.syspath_prepend(CHAT)
    yield importlib.import_module("chat")
    for name in MODULES:
        sys.modules.pop(name, None)


@pytest.fixture
def client(chat):
    return chat.app.test_client()


def shown(client):
    """What the page shows: pairs of a name and a text."""
    return re.findall("<b>(.*?)</b> <span>(.*?)</span>", client.get("/").text)


def pair_of(message):
    return message["name"], message["text"]


def next_events(response, count):
    """The ids and messages of the next events of a stream, without heartbeats."""
    text, events = "", []
    while len(events) < count:
        text += next(response.response).decode()  # may have several events
        events = re.findall("^id: (.*)\ndata: (.*)\n\n", text, re.MULTILINE)
    assert len(events) == count
    return [(id, json.loads(data)) for id, data in events]


# The form


def test_the_page_has_the_form(client):
    page = client.get("/")

    assert page.status_code == HTTPStatus.OK
    assert '<form action="/" method="post">' in page.text
    assert shown(client) == []


def test_a_sent_message_is_on_the_page_and_the_form_keeps_the_name(client):
    response = client.post("/", data=ADA)
    page = client.get(response.location)

    assert response.status_code == HTTPStatus.SEE_OTHER
    assert shown(client) == [("Ada", "hello")]
    assert 'name="name" value="Ada"' in page.text
    assert 'name="text" value=""' in page.text


def test_markup_in_a_message_is_escaped(client):
    client.post("/", data={"name": "<b>Ada</b>", "text": "<script>alert(1)</script>"})
    page = client.get("/").text

    assert "&lt;b&gt;Ada&lt;/b&gt;" in page
    assert "<script>alert" not in page


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"text": "hello"}, "Please fill in the name."),
        ({"name": "  ", "text": "hello"}, "Please fill in the name."),
        ({"name": "Ada", "text": ""}, "Please fill in the text."),
        ({"name": "Ada", "text": "t" * 501}, "The text can have 500 characters, not 501."),
        ({"name": "n" * 41, "text": "hello"}, "The name can have 40 characters, not 41."),
    ],
)
def test_a_form_with_a_fault_comes_back_with_what_was_typed(client, fields, reason):
    page = client.post("/", data=fields)

    assert page.status_code == HTTPStatus.BAD_REQUEST
    assert f'<p role="alert">{reason}</p>' in page.text
    for name, value in fields.items():
        assert f'name="{name}" value="{value}"' in page.text
    assert shown(client) == []


def test_the_last_hundred_messages_are_kept(client):
    for number in range(103):
        client.post("/", data={**ADA, "text": f"{number}"})

    assert [text for _, text in shown(client)] == [f"{number}" for number in range(3, 103)]


def test_a_page_of_another_site_can_neither_send_nor_listen(client):
    headers = {"Origin": "https://other.example"}

    assert client.post("/", data=ADA, headers=headers).status_code == HTTPStatus.FORBIDDEN
    with (
        pytest.raises(WebSocketRefused) as refused,
        client.websocket("/socket", headers=headers),
    ):
        pass
    assert refused.value.response.status_code == HTTPStatus.FORBIDDEN
    assert shown(client) == []


# The WebSocket


def test_a_message_over_a_websocket_reaches_all_and_the_page(client):
    with client.websocket("/socket") as ada, client.websocket("/socket") as bob:
        ada.send_json(ADA)
        assert pair_of(ada.receive_json()) == pair_of(bob.receive_json()) == ("Ada", "hello")

        bob.send_json({"name": "Bob", "text": "hi"})
        assert pair_of(ada.receive_json()) == pair_of(bob.receive_json()) == ("Bob", "hi")

    assert shown(client) == [("Ada", "hello"), ("Bob", "hi")]


def test_a_message_of_the_form_reaches_a_websocket(client):
    with client.websocket("/socket") as ws:
        client.post("/", data=ADA)

        assert pair_of(ws.receive_json()) == ("Ada", "hello")


def test_a_websocket_gets_what_came_after_the_last_message_it_had(client):
    for text in ("one", "two", "three"):
        client.post("/", data={**ADA, "text": text})
    with client.websocket("/socket") as ws:
        first, *_ = ws.receive_json(), ws.receive_json(), ws.receive_json()

    with client.websocket(f"/socket?last={first['id']}") as ws:
        assert [ws.receive_json()["text"] for _ in range(2)] == ["two", "three"]
    with client.websocket("/socket?last=unknown") as ws:
        assert ws.receive_json() == first


@pytest.mark.parametrize(
    ("sent", "reason"),
    [
        ("{}", "Please fill in the name."),
        ('{"name": "Ada", "text": 7}', "Please fill in the text."),
        (json.dumps({**ADA, "name": "n" * 41}), "The name can have 40 characters, not 41."),
        ("[1]", "Send an object with a name and a text."),
        ("null", "Send an object with a name and a text."),
        ("{", ""),
        ("", ""),
        (b"\xff", ""),
        ("[" * 50_000, ""),
    ],
)
def test_what_is_no_message_gets_the_reason_and_the_next_message_is_sent(client, sent, reason):
    with client.websocket("/socket") as ws:
        ws.send(sent)
        error = ws.receive_json()
        assert list(error) == ["error"]
        assert error["error"]
        assert reason in error["error"]

        ws.send_json(ADA)
        assert pair_of(ws.receive_json()) == ("Ada", "hello")


def test_half_a_character_is_sent_as_a_question_mark(client):
    with client.websocket("/socket") as ws:
        ws.send(r'{"name": "Ada", "text": "hi \ud800"}')
        assert ws.receive_json()["text"] == "hi ?"

    assert shown(client) == [("Ada", "hi ?")]


@pytest.mark.parametrize("end", ["close", "vanish"])
def test_a_websocket_that_has_ended_leaves_no_task_and_no_error(client, chat, caplog, end):
    with client.websocket("/socket") as ws:
        ws.send_json(ADA)
        ws.receive()
        getattr(ws, end)()

    async def tasks():
        await asyncio.sleep(0)  # those that were cancelled end
        return [task for task in asyncio.all_tasks() if "send_messages" in repr(task)]

    assert chat.app.async_to_sync(tasks)() == []
    assert caplog.records == []


# Server-sent events


def test_an_event_stream_has_the_messages_of_the_form_and_of_websockets(client):
    with client.get("/events") as stream, client.websocket("/socket") as ws:
        client.post("/", data=ADA)
        ws.send_json({"name": "Bob", "text": "hi"})
        events = next_events(stream, 2)

    assert stream.mimetype == "text/event-stream"
    assert [pair_of(message) for _, message in events] == [("Ada", "hello"), ("Bob", "hi")]
    assert [id for id, _ in events] == [message["id"] for _, message in events]


@pytest.mark.parametrize("by", ["header", "query"])
def test_an_event_stream_goes_on_after_the_last_event(client, by):
    client.post("/", data=ADA)
    with client.get("/events") as stream:
        [(first_id, _)] = next_events(stream, 1)
    client.post("/", data={**ADA, "text": "two"})

    headers = {"Last-Event-ID": first_id} if by == "header" else {}
    query = {"last": first_id} if by == "query" else {}
    with client.get("/events", headers=headers, query_string=query) as stream:
        [(_, message)] = next_events(stream, 1)
    assert message["text"] == "two"


# Readers


def test_a_reader_that_is_too_slow_misses_the_oldest_and_gets_the_rest_in_order(chat):
    async def read():
        room = chat.Room()
        room.add({"id": "first"})
        messages = room.messages()
        received = [(await anext(messages))["id"]]
        for number in range(150):
            room.add({"id": number})
        received += [(await anext(messages))["id"] for _ in range(100)]
        await messages.aclose()
        return received

    assert asyncio.run(read()) == ["first", *range(50, 150)]
