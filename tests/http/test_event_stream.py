"""Server-sent events, read by a strict parser of the standard's grammar."""

import json
import re
from dataclasses import dataclass

import pytest
from hypothesis import given
from hypothesis import strategies as st

import retort
from retort.http.event_stream import (
    FIELDS,
    Event,
    format_comment,
    format_event,
    format_item,
    format_retry,
)


@dataclass
class Received:
    """An event as an EventSource dispatches it."""

    data: str
    type: str = "message"
    last_event_id: str = ""


class EventSource:
    """Reads streams as the HTML Standard says (sections 9.2.5 and 9.2.6), and accepts no other."""

    # stream = [ bom ] *event; event = *( comment / field ) end-of-line
    LINE = re.compile(r"([^\r\n]*)(?:\r\n|\n|\r)")
    FIELD = re.compile(r"([^\0-\x1f:]+)(?:: ?(.*))?", re.S)
    NAMES = {"event", "data", "id", "retry"}

    def __init__(self):
        self.last_event_id = ""
        self.retry = None
        self.comments = []

    def read(self, stream):
        """The events of a complete stream."""
        text = stream.decode("utf-8").removeprefix("\ufeff")
        lines = self.LINE.findall(text)
        assert self.LINE.sub("", text) == "", "text after the last line"
        assert not lines or lines[-1] == "", "the last event is not complete"
        return list(self._events(lines))

    def _events(self, lines):
        data, kind, last_id = "", "", self.last_event_id
        for line in lines:
            if line.startswith(":"):
                self.comments.append(line[1:])
            elif line:
                name, value = self.FIELD.fullmatch(line).groups(default="")
                assert name in self.NAMES
                if name == "data":
                    data += f"{value}\n"
                elif name == "event":
                    kind = value
                elif name == "id":
                    assert "\0" not in value
                    last_id = value
                else:
                    assert re.fullmatch("[0-9]+", value)
                    self.retry = int(value)
            else:
                self.last_event_id = last_id
                if data:
                    yield Received(data.removesuffix("\n"), kind or "message", last_id)
                data, kind = "", ""


def received(*events):
    source = EventSource()
    return source.read(b"".join(map(format_event, events)))


texts = st.text(st.characters(exclude_categories=["Cs"]))
texts |= st.text(
    st.sampled_from(["\n", "\r", ":", " ", "\0", "\x85", "\u2028", "\ufeff", "é", "a"])
)
words = texts.map(lambda text: re.sub("[\r\n]", "", text))
ids = words.map(lambda text: text.replace("\0", ""))
numbers = st.integers(0, 10**20)
values = st.recursive(
    st.none() | st.booleans() | st.integers() | texts,
    lambda inner: st.lists(inner) | st.dictionaries(texts, inner),
)
events = st.builds(
    Event, texts | values, st.none() | words, st.none() | ids | numbers, st.none() | numbers
)


@given(st.lists(events))
def test_what_is_formatted_is_read_as_the_same(sent):
    source = EventSource()
    results = source.read(b"".join(map(format_event, sent)))

    assert len(results) == len(sent)
    last_id, retry = "", None
    for event, result in zip(sent, results, strict=True):
        last_id = last_id if event.id is None else str(event.id)
        retry = retry if event.retry is None else event.retry
        if isinstance(event.data, str):
            assert result.data == re.sub("\r\n?", "\n", event.data)
        else:
            assert json.loads(result.data) == event.data
        assert (result.type, result.last_event_id) == (event.event or "message", last_id)
    assert source.retry == retry


def test_an_event_has_its_fields_and_an_empty_line():
    event = Event("a\nb", event="news", id="7", retry=3000)

    assert format_event(event) == b"event: news\nid: 7\nretry: 3000\ndata: a\ndata: b\n\n"
    assert format_event(Event("")) == b"data: \n\n"
    assert format_event(Event("ü")) == "data: ü\n\n".encode()


@pytest.mark.parametrize(
    ("data", "text"),
    [
        ("a\r\nb\rc\nd", "a\nb\nc\nd"),
        ("\r\n\r\n", "\n\n"),
        ("a\n", "a\n"),
        ("data: x\n\nevent: y", "data: x\n\nevent: y"),
        (" a", " a"),
        (":a", ":a"),
        ("a\u2028b\x0bc\x85d", "a\u2028b\x0bc\x85d"),
        ({"a": [1, None]}, '{"a": [1, null]}'),
        (42, "42"),
        (None, "null"),
    ],
)
def test_data_arrives_as_it_was(data, text):
    assert received(Event(data)) == [Received(text)]


def test_an_empty_id_removes_the_last_one():
    first, second, third = received(Event("a", id=7), Event("b"), Event("c", id=""))

    assert [first.last_event_id, second.last_event_id, third.last_event_id] == ["7", "7", ""]


def test_json_is_written_by_the_given_function():
    event = Event({"a": 1})

    assert format_event(event, lambda data: f"{type(data).__name__}\n!") == (
        b"data: dict\ndata: !\n\n"
    )


def test_json_is_written_by_the_application_if_there_is_one(app):
    app.json.sort_keys = False
    with app.app_context():
        assert format_event(Event({"b": 1, "a": 2})) == b'data: {"b": 1, "a": 2}\n\n'


@pytest.mark.parametrize("name", ["event", "id"])
@pytest.mark.parametrize("value", ["a\nb", "a\r", "\r\n", "a\n\ndata: forged"])
def test_a_line_break_in_a_field_is_an_error(name, value):
    with pytest.raises(ValueError, match=rf"Event\({name}='a?\\.*has a line break"):
        Event("data", **{name: value})


def test_a_nul_character_in_an_id_is_an_error():
    with pytest.raises(ValueError, match=r"Event\(id='a\\x00'\) has a NUL character"):
        Event("data", id="a\0")


@pytest.mark.parametrize(
    ("name", "value", "kind"),
    [
        ("event", 1, "int"),
        ("event", b"a", "bytes"),
        ("id", 1.5, "float"),
        ("id", True, "bool"),
        ("id", b"7", "bytes"),
        ("retry", 1.5, "float"),
        ("retry", "3000", "str"),
        ("retry", True, "bool"),
    ],
)
def test_a_field_of_another_type_is_an_error(name, value, kind):
    with pytest.raises(TypeError, match=rf"Event\({name}={value!r}\) is of type {kind}\. Pass"):
        Event("data", **{name: value})


def test_a_negative_time_is_an_error():
    with pytest.raises(ValueError, match=r"Event\(retry=-1\) is negative"):
        Event("data", retry=-1)
    with pytest.raises(ValueError, match=r"event_stream\(retry=-1\) is negative"):
        format_retry(-1)
    with pytest.raises(TypeError, match=r"event_stream\(retry=0\.5\) is of type float"):
        format_retry(0.5)


@pytest.mark.parametrize("make", [lambda text: Event(text), lambda text: Event([text])])
def test_text_that_utf_8_cannot_encode_is_an_error(make):
    with pytest.raises(ValueError, match=r"has the lone surrogate '\\ud800' at position \d"):
        format_event(make("ab\ud800"), lambda data: json.dumps(data, ensure_ascii=False))
    with pytest.raises(ValueError, match=r"Event\(event='\\ud800'\) has the lone surrogate"):
        Event("data", event="\ud800")


def test_a_comment_is_no_event():
    source = EventSource()
    stream = format_comment() + format_comment("a\nb\r\n\rdata: c") + format_event(Event("x"))

    assert format_comment() == b":\n\n"
    assert source.read(stream) == [Received("x")]
    assert source.comments == ["", " a", " b", "", " data: c"]


def test_a_comment_between_events_leaves_the_last_id():
    source = EventSource()
    stream = format_event(Event("a", id=7)) + format_comment() + format_event(Event("b"))

    assert [event.last_event_id for event in source.read(stream)] == ["7", "7"]


def test_the_time_is_sent_without_an_event():
    source = EventSource()

    assert source.read(format_retry(3000)) == []
    assert source.retry == 3000


def test_the_fields_of_the_response():
    assert dict(FIELDS) == {
        "Content-Type": "text/event-stream; charset=utf-8",
        "Cache-Control": "no-cache",
        "X-Accel-Buffering": "no",
    }


# What a source yields


@pytest.mark.parametrize(
    ("item", "event"),
    [
        ("a\nb", Event("a\nb")),
        ({"a": 1}, Event({"a": 1})),
        ([1, 2], Event([1, 2])),
        (Event(42, id=1), Event(42, id=1)),
    ],
)
def test_a_source_yields_strings_dicts_lists_and_events(item, event):
    assert format_item(item, iter([])) == format_event(event)


def generator(item):
    yield "first"
    yield item


async def async_generator(item):
    yield item


def item_of(source):
    """What the generator yields, while it waits at its ``yield``."""
    if hasattr(source, "ag_code"):
        step = source.__anext__()
        try:
            step.send(None)
        except StopIteration as stop:
            return stop.value
    next(source)
    return next(source)


@pytest.mark.parametrize("make", [generator, async_generator])
def test_an_error_names_the_line_of_the_generator(make):
    source = make(None)
    line = make.__code__.co_firstlineno + (2 if make is generator else 1)
    name = make.__name__
    start = rf'The generator {name} \(File ".*test_event_stream\.py", line {line}\) yielded None\. '

    with pytest.raises(TypeError, match=start + "To send nothing, do not yield"):
        format_item(item_of(source), source)


@pytest.mark.parametrize(
    ("item", "message"),
    [
        (42, r"yielded 42 \(type int\)\. An event stream takes a string, .* Event\(42\)\.$"),
        (("a", 200), r"yielded \('a', 200\) \(type tuple\)\."),
        (b"a", r"yielded b'a' \(type bytes\), and an event stream is text\. Decode it first"),
        (bytearray(b"a"), r"\(type bytearray\), and an event stream is text"),
        (Event(b"a"), r"which cannot be sent: The data of an event is b'a' \(type bytes\)"),
        ([object], r"yielded \[<class 'object'>\], which cannot be sent: Object of type type"),
        (range(10**30), r"yielded range\(0, 1000"),
    ],
)
def test_what_is_no_event_is_an_error_that_shows_it(item, message):
    with pytest.raises(TypeError, match=message):
        format_item(item, [])


def test_a_long_value_is_shortened_in_the_message():
    with pytest.raises(ValueError, match="lone surrogate") as caught:
        format_item("x" * 10_000 + "\ud800", iter([]))

    assert len(str(caught.value)) < 500


# The id with which a browser connects again


@pytest.mark.parametrize(
    ("field", "last_event_id"),
    [
        (None, None),
        ("", None),
        ("42", "42"),
        ("grün €".encode().decode("latin-1"), "grün €"),
        ("\xff", "\ufffd"),
        (" spaces ", " spaces "),
    ],
)
def test_the_last_event_id_of_a_request(field, last_event_id):
    environ = {} if field is None else {"HTTP_LAST_EVENT_ID": field}

    assert retort.Request(environ).last_event_id == last_event_id
