"""A name without a value that a template prints is logged, if no part of the program gives it.

The misspelt names are put together here: the checks search the source of all loaded modules of a
program, to which the tests belong.
"""

import jinja2
import pytest

from retort.devtools.report import as_line
from retort.devtools.warnings import warnings_of, watch

MISSPELT, MISSPELT_TITLE = "na" + "mme", "tit" + "lle"
PROGRAM = """
    from flask import Flask, render_template, render_template_string, url_for
    import types

    app = Flask(__name__)
    post = types.SimpleNamespace(title='Hello')

    @app.get('/')
    def index():
        {return}
"""
RENDERS = "return render_template('page.html', name='Bob', user={'name': 'Bob'}, post=post)"


@pytest.fixture
def warned(mistake):
    """Write a template, render it as in `PROGRAM`, and return the warnings."""

    def warned(text, returns=RENDERS, more=""):
        more = more.replace("\n", "\n    ")
        mistake.write("program.py", PROGRAM.replace("{return}", returns) + "\n    " + more)
        mistake.write("templates/page.html", text)
        app = mistake.load()
        app.logger.disabled = False
        watch(app)
        client = app.test_client()
        mistake.pages = [client.get("/?zorc=1").text for _ in range(2)]
        return warnings_of(app)

    return warned


@pytest.mark.parametrize("use", ["{}", "{}|upper", "'Mr. ' ~ {}", "{}|safe"])
def test_a_misspelt_name_is_reported_once_with_its_line(warned, mistake, caplog, use):
    [warning] = warned("<p>\n{{ " + use.format(MISSPELT) + " }}</p>")

    assert warning.what == (
        f"page.html prints {MISSPELT!r}, but index() (program.py:9) passed name, user and post;"
        " did you mean 'name'?"
    )
    assert warning.place.line == 2
    assert warning.place.file.endswith("templates/page.html")
    assert warning.fix == "Write name."
    assert caplog.messages.count(as_line(warning)) == 1
    assert mistake.pages[0] == mistake.pages[1]


def test_a_name_that_no_view_passes_is_reported(warned):
    [warning] = warned("{{ zork }}", "return render_template('page.html')")

    assert warning.what == (
        "page.html prints 'zork', but index() (program.py:9) passed no variables."
    )
    assert warning.fix == "Pass zork to the template."


@pytest.mark.parametrize(
    "text",
    [
        "{{ zork|default('none') }}",
        "{{ zork|d('') }}",
        "{% if zork %}{{ zork }}{% endif %}",
        "{% if zork is defined %}{{ zork }}{% endif %}",
        "{{ zork if zork else '' }}",
        "{{ zork or 'none' }}",
        "{% for one in zork %}{{ one }}{% endfor %}",
        "{% macro m(zork) %}{{ zork }}{% endmacro %}{{ m() }}",
        "{% if 0 %}{% set zork = 1 %}{% endif %}{{ zork }}",
        "{{ name }}{{ user.name }}{{ request.path }}{{ url_for('index') }}",
        "{{ user.zork }}{{ post.zork }}{{ user['zork'] }}",
        "{{ user.name2 }}",
        "{{ url_for('index', q=zork) }}",
        "{{ request.args.zork }}{{ request.form['zork'] }}{{ session.zork }}",
    ],
)
def test_what_is_meant_to_be_optional_is_not_reported(warned, text):
    assert warned(text) == []


@pytest.mark.parametrize(
    "more",
    [
        "@app.get('/b')\ndef b():\n    return render_template('page.html', zork=1)",
        "@app.context_processor\ndef more():\n    return {'zork': 1} if 0 else {}",
        "values = {}\nvalues['zork'] = 1",
        "@app.get('/b')\ndef b():\n    return render_template('page.html', **vars(post))",
    ],
)
def test_a_name_that_another_part_of_the_program_gives_is_not_reported(warned, more):
    assert warned("{{ zork }}", more=more) == []


def test_a_value_of_a_url_does_not_count_as_passed(warned):
    assert len(warned("{{ zork }}", more="def other():\n    return url_for('index', zork=1)")) == 1


@pytest.mark.parametrize("owner", ["user", "post"])
def test_a_misspelt_key_or_attribute_is_reported(warned, owner):
    meant, written = ("name", MISSPELT) if owner == "user" else ("title", MISSPELT_TITLE)
    kind = "dict" if owner == "user" else "SimpleNamespace"

    [warning] = warned("{{ " + f"{owner}.{written}" + " }}")

    assert warning.what == (
        f"page.html prints {written!r} of a {kind}, which has none; did you mean {meant!r}?"
    )
    assert warning.fix == f"Write {meant}."


def test_an_attribute_that_the_program_names_is_not_reported(warned):
    assert warned("{{ user." + MISSPELT + " }}", more=f"columns = '{MISSPELT}'") == []


def test_an_included_template_is_reported_by_its_own_name(warned, mistake):
    mistake.write("templates/top.html", "top\n<b>{{ zork }}</b>")

    [warning] = warned("{% include 'top.html' %}")

    assert warning.what.startswith("top.html prints 'zork', but index()")
    assert warning.place.line == 2


def test_a_template_string_is_reported_too(warned):
    [warning] = warned("", "return render_template_string('{{ zork }}', name='Bob')")

    assert warning.what == (
        "the template string prints 'zork', but index() (program.py:9) passed name."
    )


def test_a_class_for_undefined_values_of_the_program_is_kept(warned, mistake):
    more = "import jinja2\napp.jinja_env.undefined = jinja2.ChainableUndefined"

    assert warned("{{ zork.a.b }}", more=more) == []
    assert mistake.app.jinja_env.undefined is jinja2.ChainableUndefined


def test_without_the_checks_jinja_has_its_own_class(mistake):
    mistake.write("program.py", PROGRAM.replace("{return}", RENDERS))
    mistake.write("templates/page.html", "{{ zork }}")
    app = mistake.load()

    assert app.test_client().get("/").text == ""
    assert app.jinja_env.undefined is jinja2.Undefined
