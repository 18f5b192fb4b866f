"""The functions of retort.json: through the app's provider, or plain where there is no app."""

import decimal
import io

import pytest

import retort
import retort.json
from retort.json.provider import DefaultJSONProvider


class Loud(DefaultJSONProvider):
    """Records its calls for a test."""

    def dumps(self, obj, **kwargs):
        return f"dumps {obj} {kwargs}"

    def loads(self, s, **kwargs):
        return f"loads {s} {kwargs}"


@pytest.fixture
def loud_app(app):
    app.json = Loud(app)
    with app.app_context():
        yield app


def test_without_an_app_json_is_plain_with_the_extra_types():
    value = {"b": decimal.Decimal("1.10"), "a": "é"}

    assert retort.json.dumps(value) == '{"b": "1.10", "a": "\\u00e9"}'


def test_without_an_app_the_options_are_those_of_the_standard_library():
    text = retort.json.dumps({"b": 1, "a": 2}, sort_keys=True, indent=1)

    assert text == '{\n "a": 2,\n "b": 1\n}'
    assert retort.json.dumps(object(), default=lambda value: "own") == '"own"'


def test_without_an_app_files_work_too():
    file = io.StringIO()

    retort.json.dump({"a": decimal.Decimal(1)}, file)
    file.seek(0)

    assert retort.json.load(file) == {"a": "1"}


@pytest.mark.parametrize(
    "text", ['{"a": "é"}', '{"a": "é"}'.encode(), '{"a": "é"}'.encode("utf-16")]
)
def test_json_is_read_from_text_and_from_bytes(text):
    assert retort.json.loads(text) == {"a": "é"}
    assert retort.json.loads("[1.5]", parse_float=str) == ["1.5"]


def test_what_is_not_json_is_a_value_error():
    with pytest.raises(ValueError, match="Expecting property name"):
        retort.json.loads("{")


def test_in_an_app_context_all_goes_through_the_apps_provider(loud_app):
    file = io.StringIO()

    retort.json.dump("x", file, a=1)

    assert file.getvalue() == "dumps x {'a': 1}"
    assert retort.json.dumps("x", a=1) == "dumps x {'a': 1}"
    assert retort.json.loads("x", a=1) == "loads x {'a': 1}"
    assert retort.json.load(io.StringIO("x"), a=1) == "loads x {'a': 1}"


def test_an_app_sorts_keys_by_default(app):
    with app.app_context():
        assert retort.json.dumps({"b": 1, "a": 2}) == '{"a": 2, "b": 1}'


def test_jsonify_answers_through_the_apps_provider(loud_app):
    assert retort.jsonify(1).data == b"dumps 1 {'separators': (',', ':')}\n"


@pytest.mark.parametrize(
    ("args", "kwargs", "body"),
    [
        ((), {}, b"null\n"),
        ((None,), {}, b"null\n"),
        (("x",), {}, b'"x"\n'),
        (([1, 2],), {}, b"[1,2]\n"),
        ((1, 2), {}, b"[1,2]\n"),
        ((), {"b": 1, "a": 2}, b'{"a":2,"b":1}\n'),
        (({"b": 1, "a": {"d": 1, "c": 2}},), {}, b'{"a":{"c":2,"d":1},"b":1}\n'),
        (("é\u2028</script>",), {}, b'"\\u00e9\\u2028</script>"\n'),
    ],
)
def test_jsonify_takes_one_value_or_several_or_keywords(app, args, kwargs, body):
    with app.app_context():
        response = retort.jsonify(*args, **kwargs)

    assert response.data == body
    assert response.status_code == 200
    assert response.mimetype == "application/json"
    assert response.headers["Content-Type"] == "application/json"


def test_jsonify_takes_no_mixture(app):
    with app.app_context(), pytest.raises(TypeError, match="pass one dict"):
        retort.jsonify(1, a=2)


def test_jsonify_needs_an_app():
    with pytest.raises(RuntimeError, match="Working outside of application context"):
        retort.jsonify(1)


def test_the_module_offers_what_extensions_import_from_it():
    assert retort.json._json.__name__ == "json"
    assert retort.json.provider.JSONProvider
    assert not hasattr(retort.json, "JSONEncoder")  # gone in Flask 2.3; tested for by extensions
