"""A name or an attribute without a value in a template: what there is in its place."""

import pytest

PROGRAM = """
    from flask import Flask, render_template, render_template_string

    app = Flask(__name__)

    class Post:
        title = 'Hello'
        author = None

    @app.get('/')
    def index():
        total = 3
        return render_template('page.html', name='Bob', user={'name': 'Bob'}, post=Post(), no=None)
"""
PASSED = "index() (program.py:12) passed name, user, post and no"


def template(mistake, text):
    mistake.write("program.py", PROGRAM)
    mistake.write("templates/page.html", text)


CORRECTED = [
    (
        "<p>\n{{ namee.upper() }}",
        f"page.html uses 'namee', but {PASSED}; did you mean 'name'?",
        "<p>\nBOB",
    ),
    ("{{ total.real }}", f"page.html uses 'total', but {PASSED}.", "3"),
    (
        "{{ url_fro('index') }}",
        f"page.html uses 'url_fro', but {PASSED}; did you mean 'url_for'?",
        "/",
    ),
    ("{{ len(name) }}", "Templates have no function len(), which is Python's.", "3"),
    ("{% extends base.html %}", "The name base.html in page.html has no quotes.", "base"),
    ("{% include parts/top.html %}", "The name parts/top.html in page.html has no quotes.", "top"),
    ("{{ user.namee.upper() }}", "user in page.html has no 'namee'; did you mean 'name'?", "BOB"),
    (
        "{{ post.titlee.upper() }}",
        "post in page.html has no 'titlee'; did you mean 'title'?",
        "HELLO",
    ),
]


@pytest.mark.parametrize(("text", "says", "page"), CORRECTED, ids=[row[0] for row in CORRECTED])
def test_the_name_that_is_meant_is_written(mistake, text, says, page):
    template(mistake, text)
    mistake.write("templates/base.html", "base")
    mistake.write("templates/parts/top.html", "top")

    advice = mistake.advised("GET", "/")

    assert advice.what == says
    assert advice.place.source == text.splitlines()[-1]
    assert mistake.mended("GET", "/").text == page


EXPLAINED = [
    (
        "{{ order.id }}",
        f"page.html uses 'order', but {PASSED}.",
        "Pass order to the template, or write {% if order %} around its use.",
    ),
    (
        "{{ price() }}",
        f"page.html uses 'price', but {PASSED}.",
        "Pass price to the template, or define it with @app.template_global().",
    ),
    ("{{ csrf_token() }}", f"page.html uses 'csrf_token', but {PASSED}.", "Set up CSRFProtect."),
    (
        "{{ loop.index }}",
        f"page.html uses 'loop', but {PASSED}.",
        "Use loop inside of the {% for %}.",
    ),
    (
        "{{ no.name.first }}",
        "no is None in page.html, so it has no 'name'.",
        "Write {% if no %} around its use, or pass a value.",
    ),
    (
        "{{ post.author.name.first }}",
        "post.author is None in page.html, so it has no 'name'.",
        "Write {% if post.author %} around its use, or pass a value.",
    ),
    ("{{ user.age.days }}", "user in page.html has no 'age'.", "Use one of its keys."),
    (
        "{{ name[7].x }}",
        "In page.html, str object has no element 7.",
        "Test the value before it is used, or write a default.",
    ),
    (
        "{% macro m(a) %}{{ a.b }}{% endmacro %}{{ m() }}",
        "In page.html, parameter 'a' was not provided.",
        "Pass a value in the call of the macro, or write a default in its definition.",
    ),
    (
        "{% import 'm.html' as m %}{{ m.f() }}",
        "m.html uses 'name', which index() (program.py:12) passed, but which is not defined there.",
        "Import the template of a macro 'with context', or pass it to the macro.",
    ),
]


@pytest.mark.parametrize(("text", "says", "fix"), EXPLAINED, ids=[row[0] for row in EXPLAINED])
def test_what_is_not_certain_is_explained_without_a_diff(mistake, text, says, fix):
    template(mistake, text)
    mistake.write("templates/m.html", "{% macro f() %}{{ name.upper() }}{% endmacro %}")

    advice = mistake.advised("GET", "/")

    assert advice.what == says
    assert advice.fix == fix
    assert advice.diff == ""


def test_the_keys_and_attributes_that_exist_are_listed(mistake):
    template(mistake, "{{ post.x.y }}")

    assert mistake.advised("GET", "/").facts == (("The attributes of post", "author, title"),)


def test_variables_that_are_passed_by_stars_are_not_said_to_be_all(mistake):
    template(mistake, "{{ order.id }}")
    program = (mistake.folder / "program.py").read_text()
    mistake.write("program.py", program.replace("no=None", "**{'no': None}"))

    assert mistake.advised("GET", "/").what == (
        "page.html uses 'order', which is not defined there."
    )


def test_a_view_that_passes_nothing_is_said_to(mistake):
    template(mistake, "{{ order.id }}")
    program = (mistake.folder / "program.py").read_text()
    mistake.write("program.py", program.split(", name=")[0] + ")\n")

    assert mistake.advised("GET", "/").what == (
        "page.html uses 'order', but index() (program.py:12) passed no variables."
    )


def test_a_name_in_a_template_string_is_explained_at_the_line_that_renders_it(mistake):
    mistake.write(
        "program.py",
        PROGRAM.replace("render_template('page.html'", "render_template_string('{{ namee.x }}'"),
    )

    advice = mistake.advised("GET", "/")

    assert advice.what.startswith("the template string uses 'namee', but index() (program.py:12)")
    assert advice.place.function == "index"
    assert advice.diff == ""


def test_two_objects_in_one_line_are_not_confused(mistake):
    template(mistake, "{{ name and user.x.y }}{{ {}.x }}")

    assert mistake.advised("GET", "/").what == "user in page.html has no 'x'."


def test_an_undefined_value_in_a_function_of_the_program_is_not_blamed_on_the_template(mistake):
    template(mistake, "{{ shout(nothing) }}")
    program = (mistake.folder / "program.py").read_text()
    mistake.write(
        "program.py",
        f"{program}\n@app.template_global()\ndef shout(text):\n    return text.upper()\n",
    )

    mistake.ask("GET", "/")

    assert "'nothing' is undefined" in str(mistake.errors[0])
    assert mistake.advice is None


def test_two_names_that_are_as_near_are_both_named_without_a_diff(mistake):
    template(mistake, "{% for users in [1] %}{{ usr.name }}{% endfor %}")

    advice = mistake.advised("GET", "/")

    assert advice.fix == "Write user or users in the template."
    assert not advice.diff
