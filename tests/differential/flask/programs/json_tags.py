"""Tagged JSON: the tags there are, tags of the program's own, their order and clashes."""

from datetime import datetime, timezone
from uuid import UUID

from flask import Flask
from flask.json import tag
from markupsafe import Markup


class Foo:
    def __init__(self, data):
        self.data = data


class TagFoo(tag.JSONTag):
    key = " f"

    def check(self, value):
        return isinstance(value, Foo)

    def to_json(self, value):
        return self.serializer.tag(value.data)

    def to_python(self, value):
        return Foo(value)


class TagText(TagFoo):
    key = ""

    def check(self, value):
        return isinstance(value, str)


VALUES = [
    None,
    1,
    1.5,
    True,
    "ä",
    [1, (2, b"3")],
    (),
    {"a": {"b": (1,)}},
    {" t": 1},
    {" t__": 1},
    {" b": "x"},
    {"one": 1, " t": 2},
    {},
    b"\x00",
    Markup("<b>"),
    UUID(int=7),
    datetime(2020, 1, 2, 3, 4, 5, tzinfo=timezone.utc),
    {1: "number as key"},
]


def create_app():
    return Flask(__name__)


def values(app, client):
    serializer = tag.TaggedJSONSerializer()
    return [
        [text, type(serializer.loads(text)).__name__, str(serializer.loads(text))]
        for text in map(serializer.dumps, VALUES)
    ]


def its_own_tag(app, client):
    serializer = tag.TaggedJSONSerializer()
    serializer.register(TagFoo)
    text = serializer.dumps({"foo": Foo((1, b"2"))})
    return text, serializer.loads(text)["foo"].data


def the_same_tag_twice(app, client):
    serializer = tag.TaggedJSONSerializer()
    serializer.register(TagFoo)
    serializer.register(TagFoo)


def forced(app, client):
    serializer = tag.TaggedJSONSerializer()
    serializer.register(tag.TagDict, force=True, index=0)
    return [type(one).__name__ for one in serializer.order]


def at_an_index(app, client):
    serializer = tag.TaggedJSONSerializer()
    serializer.register(TagFoo, index=0)
    serializer.register(TagText, index=-1)
    return [type(one).__name__ for one in serializer.order], sorted(serializer.tags)


def the_default_tags(app, client):
    return [cls.__name__ for cls in tag.TaggedJSONSerializer.default_tags]


def a_key_it_does_not_know(app, client):
    return tag.TaggedJSONSerializer().loads('{" zz": 1}')


def what_it_cannot_tag(app, client):
    return tag.TaggedJSONSerializer().dumps(object())


def parts(app, client):
    one = tag.TagUUID(tag.TaggedJSONSerializer())
    return [
        one.key,
        one.check(UUID(int=1)),
        one.check("x"),
        one.to_json(UUID(int=1)),
        one.tag(UUID(int=1)),
    ]


def abstract(app, client):
    tag.JSONTag(tag.TaggedJSONSerializer()).check(1)


def abstract_to_json(app, client):
    tag.JSONTag(tag.TaggedJSONSerializer()).to_json(1)


def abstract_to_python(app, client):
    tag.JSONTag(tag.TaggedJSONSerializer()).to_python(1)


STEPS = [
    values,
    its_own_tag,
    the_same_tag_twice,
    forced,
    at_an_index,
    the_default_tags,
    a_key_it_does_not_know,
    what_it_cannot_tag,
    parts,
    abstract,
    abstract_to_json,
    abstract_to_python,
]
