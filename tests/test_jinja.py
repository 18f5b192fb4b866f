"""Templates are rendered as Jinja renders them, with less work; see also test_templating.py."""

import contextlib
import re

import jinja2
import markupsafe
import pytest
from hypothesis import given
from hypothesis import strategies as st
from jinja2.compiler import CodeGenerator
from jinja2.nativetypes import NativeEnvironment, NativeTemplate
from jinja2.runtime import Context
from jinja2.sandbox import SandboxedEnvironment, SecurityError
from markupsafe import Markup, escape

import retort
from retort.jinja import Environment

# The same templates and values, rendered by Jinja and by ours


class Row:
    """Has attributes and items."""

    id = "<attribute>"

    def __getitem__(self, key):
        return f"<item {key}>"

    def __str__(self):
        return "<row>"


class Bold:
    def __html__(self):
        return "<b>"


class Text(str):
    """Prints as something else than what it holds."""

    __slots__ = ()

    def __str__(self):
        return "<text>"


class Number(int):
    def __str__(self):
        return "<number>"


class Mapping(dict):
    id = "<attribute of a mapping>"

    def __missing__(self, key):
        return f"<no {key}>"


NAMES = ["id", "name", "items", "get", "copy", "keys", "__class__", "x", "no"]

ODD = [Row(), Bold(), Text("<own>"), Number(5), b"<bytes>", 10**30, Markup("<i>"), {"items": "<"}]

leaves = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    st.text(alphabet="ab<>&'\"é\0 {}", max_size=6),
    st.text(alphabet="<a&", max_size=4).map(Markup),
    st.sampled_from(ODD),
)
values = st.recursive(
    leaves,
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.dictionaries(st.sampled_from(NAMES) | st.integers(0, 2), inner, max_size=4),
        st.dictionaries(st.sampled_from(NAMES), inner, max_size=3).map(Mapping),
    ),
    max_leaves=8,
)
contexts = st.dictionaries(st.sampled_from(["a", "b", "row", "id", "shared"]), values, max_size=4)

expressions = st.recursive(
    st.sampled_from(
        ["a", "b", "row", "shared", "none_such", "7", "1.5", "'<q>'", "none", "[a, 1]"]
    ),
    lambda inner: st.one_of(
        st.tuples(inner, st.sampled_from(NAMES[:6])).map(".".join),
        st.tuples(inner, st.sampled_from(NAMES)).map("{0[0]}['{0[1]}']".format),
        st.tuples(inner, inner).map(" ~ ".join),
        st.tuples(
            inner, st.sampled_from(["e", "safe", "upper", "list", "string", "default('<')"])
        ).map("({0[0]})|{0[1]}".format),
        st.tuples(inner, inner).map("({0[0]} if {0[1]} else '&')".format),
        inner.map("({})|map(attribute='id')|join('<')".format),
    ),
    max_leaves=3,
)
templates = st.recursive(
    st.text(alphabet="ab<&\n ", max_size=5) | expressions.map("{{{{ {} }}}}".format),
    lambda inner: st.one_of(
        st.lists(inner, min_size=2, max_size=4).map("".join),
        st.tuples(expressions, inner).map("{{% for row in {0[0]} %}}{0[1]}{{% endfor %}}".format),
        st.tuples(expressions, inner).map(
            "{{% for row in {0[0]} %}}{{{{ loop.index }}}}{0[1]}{{% else %}}<{{% endfor %}}".format
        ),
        st.tuples(expressions, inner).map("{{% if {0[0]} %}}{0[1]}{{% endif %}}".format),
        st.tuples(expressions, inner).map("{{% set b = {0[0]} %}}{0[1]}".format),
        inner.map("{{% set a %}}{}{{% endset %}}{{{{ a }}}}".format),
        inner.map("{{% filter upper %}}{}{{% endfilter %}}".format),
        inner.map("{{% macro m(a) %}}{}{{{{ a }}}}{{% endmacro %}}{{{{ m('<m>') }}}}".format),
        inner.map("{{% autoescape false %}}{}{{% endautoescape %}}".format),
        inner.map("{{% autoescape a %}}{}{{% endautoescape %}}".format),
    ),
    max_leaves=6,
)

PAGES = {
    "base.html": "<{% block title %}base {{ a }}{% endblock %}|{% block main %}{% endblock %}>",
    "macros.html": "{% macro show(value) %}<{{ value.id }} {{ shared }}>{% endmacro %}",
    "part.html": "part {{ a.id }} {{ shared }}",
    "child.html": (
        "{% extends 'base.html' %}{% from 'macros.html' import show %}"
        "{% block title %}{{ super() }}{{ show(row) }}{% endblock %}"
        "{% block main %}{% include 'part.html' %}{{ self.title() }}{{ a.name }}{% endblock %}"
    ),
    "plain.txt": "{{ a }} {{ row.id }}",
}


def environments():
    """Jinja's own, and ours, with the same settings."""
    app = retort.Flask("app of the templates")
    app.jinja_loader = jinja2.DictLoader(PAGES)
    app.jinja_env.globals["shared"] = "<shared>"
    jinjas = jinja2.Environment(
        loader=jinja2.DictLoader(PAGES),
        autoescape=app.select_jinja_autoescape,
        extensions=app.jinja_options.get("extensions", ()),
    )
    jinjas.globals.update(app.jinja_env.globals)
    return jinjas, app.jinja_env


JINJAS, OURS = environments()


def outcome(function, *arguments, **keywords):
    try:
        return function(*arguments, **keywords)
    except Exception as error:  # whatever it is, it has to be the same
        return type(error), str(error)


def from_text(environment, source, context):
    text = environment.from_string(source).render(context)
    return without_addresses(text) if isinstance(text, str) else text


def without_addresses(text):
    """Two renderings may have methods of two lists in them."""
    return re.sub("0[xX][0-9A-Fa-f]+", "0x...", text)


@given(source=templates, context=contexts)
def test_a_template_gives_what_jinja_gives(source, context):
    assert outcome(from_text, OURS, source, context) == outcome(from_text, JINJAS, source, context)


@given(name=st.sampled_from(["child.html", "plain.txt"]), context=contexts)
def test_pages_that_extend_include_and_import_give_what_they_give_in_jinja(name, context):
    theirs = outcome(JINJAS.get_template(name).render, context)
    assert outcome(OURS.get_template(name).render, context) == theirs


@given(source=templates, context=contexts)
def test_a_stream_has_the_same_pieces_as_in_jinja(source, context):
    def pieces(environment):
        found = []
        with contextlib.suppress(Exception):
            found.extend(map(str, environment.from_string(source).generate(context)))
        return [without_addresses(piece) for piece in found]

    assert pieces(OURS) == pieces(JINJAS)


@given(value=values, name=st.sampled_from(NAMES))
def test_attribute_lookup_equals_jinjas(value, name):
    def look(environment):
        found = environment.getattr(value, name)
        if isinstance(found, jinja2.Undefined):
            return type(found), found._undefined_obj is value, found._undefined_name
        return repr(found)

    assert look(OURS) == look(JINJAS)


@pytest.mark.parametrize("value", [*ODD, None, True, 1.5, float("nan"), 1e300, "<&>\"'", [Bold()]])
def test_each_kind_of_value_is_written_as_jinja_writes_it(value):
    source = "{{ a }}{{ a.id }}{{ a.items }}{% autoescape false %}{{ a }}{% endautoescape %}"
    assert outcome(from_text, OURS, source, {"a": value}) == outcome(
        from_text, JINJAS, source, {"a": value}
    )


@pytest.mark.parametrize("name", sorted(vars(dict)))
def test_a_dictionary_gives_its_methods_before_its_items(name):
    row = {name: "an item"}
    assert OURS.getattr(row, name) == getattr(row, name)


def test_a_page_is_rendered_to_plain_text():
    text = OURS.get_template("child.html").render(a={"id": 1}, row={"id": "<"})

    assert type(text) is str
    assert text == (
        "<base {&#39;id&#39;: 1}<&lt; &lt;shared&gt;>|part 1 &lt;shared&gt;"
        "base {&#39;id&#39;: 1}<&lt; &lt;shared&gt;>>"
    )


def test_values_are_escaped_without_markup_objects():
    """So that the tests above are not empty. MarkupSafe 2 has no function for it."""
    names = OURS.get_template("child.html").root_render_func.__globals__

    assert (names["escape"] is not escape) == hasattr(markupsafe, "_escape_inner")
    assert names["escape"]("<") == "&lt;"
    assert type(names["escape"]("<")) is (str if names["escape"] is not escape else Markup)


def test_a_missing_item_is_the_undefined_of_the_environment():
    app = retort.Flask("strict")
    app.jinja_options = {"undefined": jinja2.StrictUndefined}

    template = app.jinja_env.from_string("{{ row.name }}")

    with pytest.raises(jinja2.UndefinedError, match="'dict object' has no attribute 'name'"):
        template.render(row={"id": 1})


def test_the_frames_of_an_error_are_those_that_jinja_shows():
    def shown(environment):
        with pytest.raises(jinja2.UndefinedError) as caught:
            environment.from_string("{{ row }}\n{{ row.a.b }}").render(row={})
        return [(entry.path, entry.lineno) for entry in caught.traceback[3:]]

    assert shown(OURS) == shown(JINJAS) != []


def test_an_item_may_have_a_key_that_cannot_be_compared():
    class Odd:
        def __hash__(self):
            return hash("name")

        def __eq__(self, other):
            raise TypeError("cannot be compared")

    source = "{{ row.name is undefined }}"
    assert from_text(OURS, source, {"row": {Odd(): 1}}) == "True"


# What is put in place of something wins


def test_a_class_whose_look_up_was_replaced_is_heeded(monkeypatch):
    template = OURS.from_string("{{ row.name }}")
    monkeypatch.setattr(Environment, "getattr", lambda self, obj, name: f"[{name}]")

    assert template.render(row={"name": "n"}) == "[name]"


def test_a_look_up_that_was_replaced_on_the_environment_alone_is_heeded(monkeypatch):
    monkeypatch.setattr(OURS, "getattr", lambda obj, name: f"[{name}]")

    assert OURS.from_string("{{ row.name }}").render(row={"name": "n"}) == "[name]"


def app_with(environment_class):
    app = retort.Flask("app with an environment of its own")
    app.jinja_environment = environment_class
    return app


def test_a_subclass_may_look_values_up_in_its_own_way():
    class Loud(Environment):
        def getattr(self, obj, attribute):
            return super().getattr(obj, attribute.lower())

    assert from_text(app_with(Loud).jinja_env, "{{ row.ID }}", {"row": {"id": 5}}) == "5"


@pytest.mark.parametrize("is_ours_first", [True, False])
def test_a_sandbox_stays_one(is_ours_first):
    bases = (Environment, SandboxedEnvironment)
    sandbox = type("Sandbox", bases if is_ours_first else bases[::-1], {})
    environment = app_with(sandbox).jinja_env

    assert from_text(environment, "{{ row.id }}", {"row": {"id": "<"}}) == "&lt;"
    for source in ("{{ row.__class__.__mro__ }}", "{{ ''['__class__'].__mro__ }}"):
        with pytest.raises(SecurityError):
            from_text(environment, source, {"row": {}})


def test_a_native_environment_gives_values():
    native = type("Native", (Environment, NativeEnvironment), {})
    environment = app_with(native).jinja_env

    assert environment.template_class is NativeTemplate
    assert from_text(environment, "{{ row.id }}", {"row": {"id": [1]}}) == [1]


def test_a_subclass_may_put_the_pieces_together_in_its_own_way():
    class Marked(Environment):
        @staticmethod
        def concat(pieces):
            return "|".join(type(piece).__name__ for piece in pieces)

    assert from_text(app_with(Marked).jinja_env, "{{ a }}-", {"a": "x"}) == "Markup|str"


def test_a_subclass_may_generate_code_of_its_own():
    class Unescaping(CodeGenerator):
        def _output_child_post(self, node, frame, finalize):
            self.write(").unescape(")
            super()._output_child_post(node, frame, finalize)

    own = type("WithCode", (Environment,), {"code_generator_class": Unescaping})

    assert from_text(app_with(own).jinja_env, "{{ a }}", {"a": "<"}) == "<"


def test_a_subclass_may_have_its_own_contexts():
    class Own(Context):
        def __init__(self, environment, parent, name, blocks, globals=None):
            super().__init__(environment, parent, name, blocks, globals)
            assert globals.parents == environment.globals  # as live as they are in Jinja

        def resolve_or_missing(self, key):
            return f"<{key}>"

    environment = app_with(type("WithContext", (Environment,), {"context_class": Own})).jinja_env

    assert from_text(environment, "{{ a }}", {}) == "&lt;a&gt;"


def test_a_replaced_escape_is_called(monkeypatch):
    monkeypatch.setattr(jinja2.runtime, "escape", lambda value: f"[{value}]")

    assert OURS.from_string("{{ a }}").render(a="<") == "[<]"


def test_globals_that_are_set_later_count():
    app = retort.Flask("later")
    template = app.jinja_env.from_string("{{ now }} {{ own }}", globals={"own": 1})
    assert template.render() == " 1"

    app.jinja_env.globals.update(now="then", own="of all")
    template.globals["own"] = 2

    assert template.render() == "then 2"
    assert template.render(now="given") == "given 2"


def test_an_overlay_has_settings_and_templates_of_its_own():
    class Empty(jinja2.Undefined):
        def __str__(self):
            return "-"

    overlay = OURS.overlay(undefined=Empty, loader=jinja2.DictLoader({"child.html": "{{ a.no }}"}))

    assert overlay.get_template("child.html").render(a={}) == "-"
    assert OURS.get_template("base.html").render(a="") == "<base |>"


# Kept templates


def app_with_pages(**options):
    app = retort.Flask("app with pages")
    app.jinja_options = options
    app.jinja_loader = jinja2.DictLoader({str(n): f"page {n}" for n in range(8)})
    return app


def test_a_template_is_compiled_once_until_the_cache_is_emptied():
    environment = app_with_pages().jinja_env
    first = environment.get_template("1")
    assert environment.get_template("1") is first

    environment.cache.clear()
    second = environment.get_template("1")
    assert second is not first

    environment.cache = None
    assert environment.get_template("1") is not second


def test_a_full_cache_drops_what_was_not_used_for_longest():
    environment = app_with_pages(cache_size=2).jinja_env
    one = environment.get_template("1")
    two = environment.get_template("2")
    assert environment.get_template("1") is one

    environment.get_template("3")

    assert environment.get_template("1") is one
    assert environment.get_template("2") is not two
    assert len(environment.cache) == 2


@pytest.mark.parametrize("size", [0, -1])
def test_a_cache_may_be_none_or_without_bounds(size):
    environment = app_with_pages(cache_size=size).jinja_env

    pages = [environment.get_template(str(n)) for n in range(8)]

    is_kept = size == -1
    assert (environment.get_template("0") is pages[0]) is is_kept


def test_another_loader_has_other_templates():
    environment = app_with_pages().jinja_env
    assert environment.get_template("1").render() == "page 1"

    environment.loader = jinja2.DictLoader({"1": "another"})

    assert environment.get_template("1").render() == "another"
