"""JSON providers: the bytes of the default one, and what a replacement has to give."""

import dataclasses
import datetime as dt
import decimal
import io
import json
import uuid
import weakref

import pytest
from hypothesis import given
from hypothesis import strategies as st

import retort
from retort.json.provider import DefaultJSONProvider, JSONProvider, _default


@dataclasses.dataclass
class Point:
    x: int
    inner: object = None


class Bold:
    def __html__(self):
        return "<b>é</b>"


CEST = dt.timezone(dt.timedelta(hours=2))


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (dt.date(2020, 1, 2), '"Thu, 02 Jan 2020 00:00:00 GMT"'),
        (dt.datetime(2020, 1, 2, 3, 4, 5, 678), '"Thu, 02 Jan 2020 03:04:05 GMT"'),
        (
            dt.datetime(2020, 1, 2, 3, 4, 5, tzinfo=CEST),
            '"Thu, 02 Jan 2020 01:04:05 GMT"',
        ),
        (decimal.Decimal("1.10"), '"1.10"'),
        (decimal.Decimal("NaN"), '"NaN"'),
        (uuid.UUID(int=5), '"00000000-0000-0000-0000-000000000005"'),
        (Point(1, Point(2)), '{"inner": {"inner": null, "x": 2}, "x": 1}'),
        (Bold(), '"<b>\\u00e9</b>"'),
        ([(1, 2), {}], "[[1, 2], {}]"),
        ({1: 2, 3: 4}, '{"1": 2, "3": 4}'),
        (float("inf"), "Infinity"),
    ],
)
def test_the_extra_types_and_the_odd_values_are_written_as_flask_writes_them(app, value, text):
    assert app.json.dumps(value) == text


@pytest.mark.parametrize(
    "value",
    [{1, 2}, b"x", object(), Point, dt.time(1, 2), dt.timedelta(1), [[object()]]],
)
def test_other_types_are_a_type_error_that_names_the_type(app, value):
    with pytest.raises(
        TypeError, match=r"of type \w+ is not JSON serializable.*app\.json\.default"
    ):
        app.json.dumps(value)


def test_keys_of_several_types_cannot_be_sorted(app):
    with pytest.raises(TypeError):
        app.json.dumps({1: 1, "a": 2})

    app.json.sort_keys = False
    assert app.json.dumps({1: 1, "a": 2}) == '{"1": 1, "a": 2}'


def test_what_contains_itself_is_a_value_error(app):
    loop = []
    loop.append(loop)

    with pytest.raises(ValueError, match="Circular reference"):
        app.json.dumps(loop)


@pytest.mark.parametrize(
    ("debug", "compact", "body"),
    [
        (False, None, b'{"a":[1],"b":{}}\n'),
        (True, None, b'{\n  "a": [\n    1\n  ],\n  "b": {}\n}\n'),
        (True, True, b'{"a":[1],"b":{}}\n'),
        (False, False, b'{\n  "a": [\n    1\n  ],\n  "b": {}\n}\n'),
    ],
)
def test_responses_are_compact_unless_debug_mode_or_a_setting_changes_it(app, debug, compact, body):
    app.debug = debug
    app.json.compact = compact

    assert app.json.response({"b": {}, "a": [1]}).data == body


def test_the_options_of_a_provider_count_at_any_time(app):
    assert app.json.dumps({"b": "é", "a": 1}) == '{"a": 1, "b": "\\u00e9"}'

    app.json.ensure_ascii = False
    app.json.sort_keys = False
    app.json.mimetype = "application/vnd.shop+json"
    response = app.json.response({"b": "é", "a": 1})

    assert app.json.dumps({"b": "é", "a": 1}) == '{"b": "é", "a": 1}'
    assert response.data == '{"b":"é","a":1}\n'.encode()
    assert response.mimetype == "application/vnd.shop+json"


def test_default_can_be_set_and_set_again(app):
    for word in ("first", "second"):
        app.json.default = lambda value, word=word: word
        assert app.json.dumps(object()) == f'"{word}"'


def test_default_can_be_a_static_function_or_a_method_of_a_subclass(app):
    class Static(DefaultJSONProvider):
        sort_keys = False

        @staticmethod
        def default(value):
            return sorted(value) if isinstance(value, set) else DefaultJSONProvider.default(value)

    class Method(DefaultJSONProvider):
        def default(self, value):
            return type(self).__name__

    assert Static(app).dumps({"b": {2, 1}, "a": decimal.Decimal(1)}) == '{"b": [1, 2], "a": "1"}'
    assert Method(app).dumps(object()) == '"Method"'


def test_default_may_be_something_that_no_dictionary_takes_as_a_key(app):
    class Default:
        __hash__ = None

        def __call__(self, value):
            return "called"

    app.json.default = Default()

    assert app.json.dumps(object()) == '"called"'
    assert app.json.dumps(object(), separators=(",", ":")) == '"called"'


def test_the_options_of_a_call_win_over_those_of_the_provider(app):
    value = {"b": object(), "a": "é"}

    text = app.json.dumps(
        value, sort_keys=False, ensure_ascii=False, indent=1, default=lambda value: None
    )

    assert text == '{\n "b": null,\n "a": "é"\n}'
    assert app.json.dumps({(1,): 1, "a": 2}, skipkeys=True, sort_keys=False) == '{"a": 2}'
    with pytest.raises(TypeError):
        app.json.dumps({}, no_such_option=1)


plain_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=12,
)


@given(value=plain_values, ensure_ascii=st.booleans(), sort_keys=st.booleans())
def test_the_kept_encoder_writes_what_the_standard_library_writes(value, ensure_ascii, sort_keys):
    app = retort.Flask("generated")
    app.json.ensure_ascii = ensure_ascii
    app.json.sort_keys = sort_keys
    options = {"ensure_ascii": ensure_ascii, "sort_keys": sort_keys}

    assert app.json.dumps(value) == json.dumps(value, **options)
    assert app.json.dumps(value, separators=(",", ":")) == json.dumps(
        value, separators=(",", ":"), **options
    )


def test_a_response_is_of_the_apps_own_class(app):
    class Own(retort.Response):
        pass

    app.response_class = Own

    assert type(app.json.response(1)) is Own


def test_an_overridden_dumps_makes_the_text_of_a_response(app):
    class Shouting(DefaultJSONProvider):
        def dumps(self, obj, **kwargs):
            return super().dumps(obj, **kwargs).upper()

    app.json = Shouting(app)

    @app.get("/")
    def index():
        return {"a": "b"}

    assert app.test_client().get("/").data == b'{"A":"B"}\n'


def test_an_overridden_method_of_the_provider_makes_the_responses(app, monkeypatch):
    app.add_url_rule("/", view_func=lambda: {"a": 1j})
    client = app.test_client()

    app.json.default = str
    assert client.get("/").data == b'{"a":"1j"}\n'
    app.json.dumps = lambda obj, **options: "of the instance"
    assert client.get("/").data == b"of the instance\n"
    del app.json.dumps
    monkeypatch.setattr(DefaultJSONProvider, "dumps", lambda self, obj, **options: "of the class")
    assert client.get("/").data == b"of the class\n"
    app.json.response = lambda obj: retort.Response("a response")
    assert client.get("/").data == b"a response"


def test_a_provider_class_is_taken_from_the_app_class():
    class Unsorted(DefaultJSONProvider):
        sort_keys = False

    class App(retort.Flask):
        json_provider_class = Unsorted

    assert App("app").json.dumps({"b": 1, "a": 2}) == '{"b": 1, "a": 2}'


def test_a_provider_of_another_library_gives_two_methods(app):
    class Minimal(JSONProvider):
        def dumps(self, obj, **kwargs):
            return f"<{obj} {kwargs}>"

        def loads(self, s, **kwargs):
            return [s, kwargs]

    provider = Minimal(app)
    file = io.StringIO()
    provider.dump(1, file, a=2)

    assert file.getvalue() == "<1 {'a': 2}>"
    assert provider.load(io.StringIO("x"), a=2) == ["x", {"a": 2}]
    assert provider.response(1, 2).data == b"<(1, 2) {}>"
    assert provider.response(a=1).mimetype == "application/json"


@pytest.mark.parametrize("method", ["dumps", "loads"])
def test_the_error_of_an_incomplete_provider_names_the_missing_method(app, method):
    class Empty(JSONProvider):
        pass

    with pytest.raises(NotImplementedError, match=rf"Empty has to define {method}\(\)"):
        getattr(Empty(app), method)("1")


def test_a_provider_does_not_keep_its_app_alive():
    class Owner:
        pass

    owner = Owner()
    provider = DefaultJSONProvider(owner)
    ghost = weakref.ref(owner)
    provider.dumps({"a": 1})
    del owner

    assert ghost() is None


def test_the_function_behind_default_can_be_used_alone():
    assert _default(dt.date(2020, 1, 1)) == "Wed, 01 Jan 2020 00:00:00 GMT"
    assert DefaultJSONProvider.default is _default
