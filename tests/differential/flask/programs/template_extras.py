"""Filters, tests and globals in every way to add them; autoescape; the environment."""

from flask import Blueprint, Flask, render_template, render_template_string
from jinja2 import Undefined
from markupsafe import Markup
from steps import get


def create_app():
    app = Flask(__name__)
    part = Blueprint("part", __name__)

    @app.template_filter()
    def shout(text):
        return text.upper()

    @app.template_filter("backwards")
    def reverse(text):
        return text[::-1]

    app.add_template_filter(lambda text: text + "!", "exclaim")
    app.add_template_filter(len)

    @app.template_test()
    def short(text):
        return len(text) < 4

    @app.template_test("tiny")
    def is_tiny(text):
        return len(text) < 2

    app.add_template_test(lambda text: not text, "blank")

    @app.template_global()
    def twice(number):
        return 2 * number

    @app.template_global("thrice")
    def three_times(number):
        return 3 * number

    app.add_template_global(lambda: "global", "named")

    part.add_app_template_filter(str.title, "titled")
    part.app_template_filter("part_filter")(lambda text: f"part {text}")
    part.app_template_test("odd_length")(lambda text: len(text) % 2)
    part.app_template_global("part_global")(lambda: "of part")
    part.add_app_template_test(str.isupper, "shouting")
    part.add_app_template_global(len, "length_of")
    app.register_blueprint(part)
    app.jinja_env.globals["direct"] = "direct"

    @app.route("/<kind>")
    def page(kind):
        if kind == "file":
            return render_template("escape.html", text="<b>")
        if kind == "text":
            return render_template("escape.txt", text="<b>")
        return render_template_string(TEXTS[kind], text="<b>", markup=Markup("<i>"))

    return app


TEXTS = {
    "filters": "{{ 'abc'|shout }} {{ 'abc'|backwards }} {{ 'abc'|exclaim }}",
    "part-filters": "{{ 'ab c'|titled }} {{ 'x'|part_filter }}",
    "len": "{{ 'abc'|len }}",
    "tests": "{{ 'abc' is short }} {{ 'abc' is tiny }} {{ '' is blank }}",
    "part-tests": "{{ 'abc' is odd_length }} {{ 'A' is shouting }}",
    "globals": "{{ twice(2) }} {{ thrice(2) }} {{ named() }} {{ direct }}",
    "part-globals": "{{ part_global() }} {{ length_of('ab') }}",
    "escape": "{{ text }} {{ markup }} {{ text|safe }}",
    "no-escape": "{% autoescape false %}{{ text }}{% endautoescape %}",
    "tojson": "{{ {'a': '<script>&\"\\'', 'b': [1]}|tojson }} <a x='{{ \"'\"|tojson }}'>",
    "statements": "{% for n in [1] %}{% if n == 2 %}{% break %}{% endif %}{% endfor %}",
    "do": "{% do [].append(1) %}",
}


def suffixes(app, client):
    names = [None, "a.html", "a.htm", "a.xml", "a.xhtml", "a.svg", "a.txt", "a.js", "a", "A.HTML"]
    return [app.select_jinja_autoescape(name) for name in names]


def environment(app, client):
    env = app.jinja_env
    return {
        "globals": sorted(env.globals),
        "extensions": sorted(env.extensions),
        "auto_reload": env.auto_reload,
        "policy": env.policies["json.dumps_function"] == app.json.dumps,
        "undefined": env.undefined is Undefined,
        "same": app.jinja_env is env,
        "filters": sorted(set(env.filters) - set(Flask("x").jinja_env.filters)),
    }


def options(app, client):
    class Own(Flask):
        jinja_options = {"trim_blocks": True, "extensions": ["jinja2.ext.do"], "autoescape": False}

    other = Own("x")
    with other.app_context():
        text = render_template_string("{% do 1 %}\n{{ '<' }}")
    return text, other.jinja_env.trim_blocks


def reloading(app, client):
    seen = []
    for config in (
        {},
        {"TEMPLATES_AUTO_RELOAD": True},
        {"TEMPLATES_AUTO_RELOAD": False},
        {"DEBUG": True},
    ):
        other = Flask("x")
        other.config.update(config)
        seen.append(other.jinja_env.auto_reload)
    return seen


def too_late(app, client):
    app.add_template_filter(len, "late")


def a_filter_without_a_name(app, client):
    other = Flask("x")
    other.template_filter()(lambda x: x)
    return "<lambda>" in other.jinja_env.filters


STEPS = [
    *(get(f"/{kind}") for kind in TEXTS),
    get("/file"),
    get("/text"),
    suffixes,
    environment,
    options,
    reloading,
    too_late,
    a_filter_without_a_name,
]
