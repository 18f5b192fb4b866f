"""Tagged JSON: Flask's wire format, both ways."""

import datetime as dt
import uuid
from collections import OrderedDict

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markupsafe import Markup

from retort.json.provider import DefaultJSONProvider
from retort.json.tag import (
    JSONTag,
    PassDict,
    PassList,
    TagDict,
    TaggedJSONSerializer,
    TagTuple,
)

UTC = dt.timezone.utc


@pytest.fixture
def serializer():
    return TaggedJSONSerializer()


# What Flask 3.1.3 wrote for these values.
WIRE = [
    ({"a": (1, 2)}, '{"a":{" t":[1,2]}}'),
    ((1, (2,)), '{" t":[1,{" t":[2]}]}'),
    ([1, [b"\xff\x00"]], '[1,[{" b":"/wA="}]]'),
    (b"", '{" b":""}'),
    (Markup("<b>é"), '{" m":"<b>\\u00e9"}'),
    (uuid.UUID(int=77), '{" u":"0000000000000000000000000000004d"}'),
    (
        dt.datetime(2020, 1, 2, 3, 4, 5, tzinfo=UTC),
        '{" d":"Thu, 02 Jan 2020 03:04:05 GMT"}',
    ),
    ({" t": 1}, '{" di":{" t__":1}}'),
    ({" di": 1}, '{" di":{" di__":1}}'),
    ({" di": {" t": (1,)}}, '{" di":{" di__":{" di":{" t__":{" t":[1]}}}}}'),
    ({" t": 1, "b": 2}, '{" t":1,"b":2}'),
    ({" t__": 1}, '{" t__":1}'),
    ({" ": 1}, '{" ":1}'),
    ({"z": 1, "a": None, "f": 1.5}, '{"z":1,"a":null,"f":1.5}'),
    ({}, "{}"),
    ("é", '"\\u00e9"'),
]


@pytest.mark.parametrize(("value", "text"), WIRE)
def test_values_are_written_and_read_as_flask_does(serializer, value, text):
    assert serializer.dumps(value) == text
    assert serializer.loads(text) == value
    assert type(serializer.loads(text)) is type(value)


def test_what_has_markup_comes_back_as_markup(serializer):
    class Bold:
        def __html__(self):
            return "<b>x</b>"

    assert serializer.dumps(Bold()) == '{" m":"<b>x</b>"}'
    assert serializer.loads('{" m":"<b>x</b>"}') == Markup("<b>x</b>")


def test_a_time_without_zone_is_taken_for_utc_and_loses_its_fraction(serializer):
    written = serializer.dumps(dt.datetime(2020, 1, 2, 3, 4, 5, 999))

    assert serializer.loads(written) == dt.datetime(2020, 1, 2, 3, 4, 5, tzinfo=UTC)


def test_a_date_has_no_tag_and_becomes_text(serializer):
    assert serializer.loads(serializer.dumps(dt.date(2020, 1, 1))) == (
        "Wed, 01 Jan 2020 00:00:00 GMT"
    )


def test_keys_that_are_no_text_become_text(serializer):
    assert serializer.loads(serializer.dumps({1: 2})) == {"1": 2}


def test_an_unsupported_type_is_a_type_error(serializer):
    with pytest.raises(TypeError, match="not JSON serializable"):
        serializer.dumps({"a": {1, 2}})


session_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False)
    | st.text()
    | st.binary()
    | st.uuids(),
    lambda inner: (
        st.lists(inner)
        | st.lists(inner).map(tuple)
        | st.dictionaries(st.text() | st.sampled_from([" t", " di", " b", " u__"]), inner)
    ),
    max_leaves=15,
)


@given(value=session_values)
def test_whatever_is_written_is_read_back(value):
    serializer = TaggedJSONSerializer()

    assert serializer.loads(serializer.dumps(value)) == value


@pytest.mark.parametrize(
    "text",
    ['{" t":1}', '{" t":null}', '{" b":"x"}', '{" u":"zz"}', '{" u":5}', '{" d":5}', '{" di":{}}'],
)
def test_a_tag_with_the_wrong_content_is_an_error(serializer, text):
    with pytest.raises((TypeError, ValueError, AttributeError)):
        serializer.loads(text)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ('{" zz":1}', {" zz": 1}),
        ('{" t":[1],"x":2}', {" t": [1], "x": 2}),
        ('{" di":{" t__":1}}', {" t": 1}),
        ('{" d":"no date"}', None),
        ("[]", []),
    ],
)
def test_what_only_looks_like_a_tag_is_not_changed(serializer, text, value):
    assert serializer.loads(text) == value


def test_tags_are_checked_in_flasks_order(serializer):
    assert [type(tag).__name__ for tag in serializer.order] == [
        "TagDict",
        "PassDict",
        "TagTuple",
        "PassList",
        "TagBytes",
        "TagMarkup",
        "TagUUID",
        "TagDateTime",
    ]
    assert list(serializer.tags) == [" di", " t", " b", " m", " u", " d"]


# Tags of one's own


class TagSet(JSONTag):
    __slots__ = ()
    key = " s"

    def check(self, value):
        return isinstance(value, set)

    def to_json(self, value):
        return self.serializer.tag(sorted(value))

    def to_python(self, value):
        return set(value)


def test_a_registered_tag_carries_its_type(serializer):
    serializer.register(TagSet)

    assert serializer.dumps({"a": {2, 1}}) == '{"a":{" s":[1,2]}}'
    assert serializer.loads('{"a":{" s":[1,2]}}') == {"a": {1, 2}}


def test_a_registered_tag_belongs_to_one_serializer_only(serializer):
    serializer.register(TagSet)

    assert " s" not in TaggedJSONSerializer().tags


def test_a_key_that_is_taken_is_an_error_unless_forced(serializer):
    class Other(TagSet):
        pass

    serializer.register(TagSet)

    with pytest.raises(KeyError, match=r"' s' of Other is taken by TagSet.*force=True"):
        serializer.register(Other)
    assert len(serializer.order) == 9

    serializer.register(Other, force=True)
    assert type(serializer.tags[" s"]) is Other


def test_a_tag_can_be_put_before_others(serializer):
    class Colour(tuple):
        __slots__ = ()

    class TagColour(TagTuple):
        __slots__ = ()
        key = " c"

        def check(self, value):
            return isinstance(value, Colour)

        def to_python(self, value):
            return Colour(value)

    serializer.register(TagColour, index=0)

    assert serializer.dumps((Colour("rg"), (1,))) == '{" t":[{" c":["r","g"]},{" t":[1]}]}'
    assert type(serializer.loads('{" c":["r"]}')) is Colour


def test_a_tag_without_a_key_writes_but_is_not_marked(serializer):
    class Compress(JSONTag):
        __slots__ = ()

        def check(self, value):
            return value == "long"

        def to_json(self, value):
            return "short"

        def tag(self, value):
            return self.to_json(value)

    serializer.register(Compress, index=0)
    serializer.register(Compress, index=0)  # nothing to collide with

    assert serializer.dumps(["long"]) == '["short"]'
    assert "" not in serializer.tags


def test_a_serializer_can_have_other_default_tags():
    class Bare(TaggedJSONSerializer):
        default_tags = [PassDict, PassList]

    assert Bare().dumps({"a": [(1,)]}) == '{"a":[[1]]}'
    with pytest.raises(TypeError):
        Bare().dumps(b"")


@pytest.mark.parametrize("method", ["check", "to_json", "to_python"])
def test_the_error_of_an_incomplete_tag_names_the_missing_method(serializer, method):
    class Empty(JSONTag):
        __slots__ = ()

    with pytest.raises(NotImplementedError, match=rf"Empty has to define {method}\(\)"):
        getattr(Empty(serializer), method)(1)


def test_a_tag_alone_marks_a_value(serializer):
    assert TagDict(serializer).tag({" t": 1}) == {" di": {" t__": 1}}
    assert serializer.tag({"a": (1,)}) == {"a": {" t": [1]}}
    assert serializer.untag({" t": [1]}) == (1,)
    assert serializer.untag({"a": 1}) == {"a": 1}


def test_in_an_app_context_the_apps_json_is_used(app, serializer):
    app.json.ensure_ascii = False

    with app.app_context():
        assert serializer.dumps({"z": 1, "a": "é"}) == '{"a":"é","z":1}'


# A flat dictionary, which no tag changes as long as the tags are the usual ones


class Loud(JSONTag):
    key = " loud"

    def check(self, value):
        return isinstance(value, str) and value.isupper()

    def to_json(self, value):
        return value.lower()

    def to_python(self, value):
        return value.upper()


def test_a_tag_for_a_json_type_is_used(serializer):
    assert serializer.dumps({"a": "X"}) == '{"a":"X"}'

    serializer.register(Loud, index=0)

    assert serializer.dumps({"a": "X"}) == '{"a":{" loud":"x"}}'
    assert serializer.loads('{"a":{" loud":"x"}}') == {"a": "X"}
    assert serializer.loads('{" loud":"x"}') == "X"


def test_a_tag_inserted_by_index_is_used(serializer):
    serializer.order.insert(0, Loud(serializer))
    serializer.tags["loud"] = Loud(serializer)

    assert serializer.dumps({"a": "X"}) == '{"a":{" loud":"x"}}'
    assert serializer.loads('{"loud":"x"}') == "X"


def test_a_tag_of_a_key_without_space_is_one(serializer):
    assert serializer.loads('{"plain":"x"}') == {"plain": "x"}

    serializer.tags["plain"] = Loud(serializer)

    assert serializer.loads('{"plain":"x"}') == "X"
    assert serializer.dumps({"plain": "x"}) == '{" di":{"plain__":"x"}}'


def test_the_default_tags_of_a_class_count(monkeypatch):
    monkeypatch.setattr(TaggedJSONSerializer, "default_tags", [Loud])

    assert TaggedJSONSerializer().dumps({"a": "X"}) == '{"a":"X"}'
    assert TaggedJSONSerializer().dumps("X") == '{" loud":"x"}'


@pytest.mark.parametrize("name", ["tag", "untag"])
def test_a_step_that_a_subclass_overrides_is_taken(name):
    own_class = type("Own", (TaggedJSONSerializer,), {name: lambda self, value: {"own": 2}})
    serializer = own_class()

    assert serializer.loads(serializer.dumps({"a": 1})) == {"own": 2}


def test_what_is_written_and_read_is_a_new_dictionary(serializer):
    class Own(dict):
        pass

    assert serializer.loads(serializer.dumps(Own(a=1))) == {"a": 1}
    assert type(serializer.loads('{"a":1}')) is dict


def test_the_provider_of_the_app_writes_and_reads(app, serializer):
    class Provider(DefaultJSONProvider):
        def dumps(self, obj, **kwargs):
            assert kwargs == {"separators": (",", ":")}
            return super().dumps(obj, **kwargs) + " "

        def loads(self, s, **kwargs):
            assert s.endswith(" ")
            assert kwargs == {}
            return OrderedDict(super().loads(s))

    app.json = Provider(app)
    with app.app_context():
        text = serializer.dumps({"a": 1})
        assert text == '{"a":1} '
        assert type(serializer.loads(text)) is dict
