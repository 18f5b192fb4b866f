"""A template that Jinja cannot parse: the tag or expression, its line and the correction."""

import pytest

PROGRAM = """
    from flask import Flask, render_template, render_template_string

    app = Flask(__name__)

    @app.get('/')
    def index():
        return render_template('login.html', name='Bob', names=['Bob'])
"""


def template(mistake, text):
    mistake.write("program.py", PROGRAM)
    mistake.write("templates/login.html", text)


CORRECTED = [
    ("<p>\n{{ name }", 2, "{{ name } in line 2 of login.html must end with }}", "<p>\nBob"),
    ("{{ name %}", 1, "{{ name %} in line 1 of login.html must end with }}", "Bob"),
    ("{% if name }hi{% endif %}", 1, "{% if name } in line 1 of login.html must end with %}", "hi"),
    (
        "{% if name }}hi{% endif %}",
        1,
        "{% if name }} in line 1 of login.html must end with %}",
        "hi",
    ),
    (
        "{% if name %\nhi{% endif %}",
        1,
        "{% if name % in line 1 of login.html must end with %}",
        "\nhi",
    ),
    (
        "<p>{{ name</p>\nmore",
        1,
        "{{ name</p> in line 1 of login.html does not end with }} in its line.",
        "<p>Bob</p>\nmore",
    ),
    ("<p>\n{% name %}", 2, "Jinja has no tag {% name %}, in line 2 of login.html.", "<p>\nBob"),
    (
        "{% if 0 %}{% elseif name %}hi{% endif %}",
        1,
        "Jinja has no tag {% elseif %}, in line 1 of login.html.",
        "hi",
    ),
    (
        "{% if 0 %}{% else if name %}hi{% endif %}",
        1,
        "Jinja has no tag {% else if %}, in line 1 of login.html.",
        "hi",
    ),
    (
        "{% if name %}hi{% end if %}",
        1,
        "Jinja has no tag {% end if %}, in line 1 of login.html.",
        "hi",
    ),
    (
        "{% for name in names %}hi{% end %}",
        1,
        "Jinja has no tag {% end %}, in line 1 of login.html.",
        "hi",
    ),
    (
        "{% if name %}hi{% endiff %}",
        1,
        "Jinja has no tag {% endiff %}, in line 1 of login.html.",
        "hi",
    ),
    (
        "{% includes 'a.html' %}",
        1,
        "Jinja has no tag {% includes %}, in line 1 of login.html.",
        "a",
    ),
    (
        "{% if name = 'Bob' %}hi{% endif %}",
        1,
        "Jinja cannot parse '=' in line 1 of login.html.",
        "hi",
    ),
    (
        "{% if name === 'Bob' %}hi{% endif %}",
        1,
        "Jinja cannot parse '==' in line 1 of login.html.",
        "hi",
    ),
    ("{{ 0 || name }}", 1, "Jinja cannot parse '||' in line 1 of login.html.", "Bob"),
    ("{{ 1 && name }}", 1, "Jinja cannot parse '&&' in line 1 of login.html.", "Bob"),
    ("{{ !name }}", 1, "Jinja cannot parse '!' in line 1 of login.html.", "False"),
    (
        "{% for one of names %}{{ one }}{% endfor %}",
        1,
        "Jinja cannot parse 'of' in line 1 of login.html.",
        "Bob",
    ),
    ("{{ “hi” }}", 1, "The quote “ in line 1 of login.html is typographic.", "hi"),
    ("{{ url_for('index' }}", 1, "( in line 1 of login.html is not closed.", "/"),
    ("{{ names[0 }}", 1, "[ in line 1 of login.html is not closed.", "Bob"),
]


@pytest.mark.parametrize(
    ("text", "line", "says", "page"), CORRECTED, ids=[row[0] for row in CORRECTED]
)
def test_a_mistake_is_named_with_its_line_and_corrected(mistake, text, line, says, page):
    template(mistake, text)
    mistake.write("templates/a.html", "a")

    advice = mistake.advised("GET", "/")

    assert advice.what == says
    assert advice.place.file.endswith("templates/login.html")
    assert advice.place.line == line
    assert mistake.mended("GET", "/").text == page


EXPLAINED = [
    (
        "<p>\n{% if name %}\n<b>{% for one in names %}{% endfor %}</b>\n",
        2,
        "The {% if %} in line 2 of login.html is not closed.",
        "Write {% endif %} where its part of the page ends.",
    ),
    (
        "{% block page %}\n{% if name %}\n{% endblock %}",
        2,
        "The {% if %} in line 2 of login.html is not closed.",
        "Write {% endif %} before the {% endblock %} of line 3.",
    ),
    (
        "{% set a = 1 %}\n{% set b %}\n{{ a }}",
        2,
        "The {% set %} in line 2 of login.html is not closed.",
        "Write {% endset %} where its part of the page ends.",
    ),
    (
        "{% if name %}\n{% endfor %}",
        2,
        "The {% endfor %} in line 2 of login.html comes before the {% if %} of line 1 is closed.",
        "Write {% endif %} to close it.",
    ),
    (
        "<p>\n{% endif %}",
        2,
        "The {% endif %} in line 2 of login.html closes no open tag.",
        "Remove it, or write {% if %} before it.",
    ),
    (
        "{% block a %}{% endblock %}\n{% block a %}{% endblock %}",
        2,
        "There is a second {% block a %} in line 2 of login.html.",
        "Give one of the blocks another name.",
    ),
    (
        "{% cache %}",
        1,
        "Jinja has no tag {% cache %}, in line 1 of login.html.",
        "Write {{ cache }} to print a value.",
    ),
    (
        "{% csrf_token %}",
        1,
        "Jinja has no tag {% csrf_token %}, in line 1 of login.html.",
        "Write {{ csrf_token() }} in a hidden input; Flask-WTF's CSRFProtect defines it.",
    ),
    (
        "{{ 'hi }}",
        1,
        "The text that begins with ' in line 1 of login.html does not end.",
        "Write '",
    ),
    ("<p>\n{# hi", 2, "The {# in line 2 of login.html is not closed.", "Write #}"),
    ("{{ }}", 1, "An expression is missing in line 1 of login.html.", "Write what"),
    ("{{ name ? 1 : 2 }}", 1, "Jinja has no operator '?', in line 1 of login.html.", "Write {{ a"),
    (
        "{{ [one for one in names] }}",
        1,
        "Jinja cannot parse line 1 of login.html: expected token ',', got 'for'.",
        "Correct this line, or the tag before it.",
    ),
]


@pytest.mark.parametrize(
    ("text", "line", "says", "fix"), EXPLAINED, ids=[row[0] for row in EXPLAINED]
)
def test_what_has_no_certain_correction_is_explained_without_a_diff(mistake, text, line, says, fix):
    template(mistake, text)

    advice = mistake.advised("GET", "/")

    assert advice.what == says
    assert advice.place.line == line
    assert advice.fix.startswith(fix)
    assert advice.diff == ""


def test_a_correction_that_leaves_the_error_is_not_shown(mistake):
    template(mistake, "{% if name = 'Bob' and %}hi{% endif %}")

    assert mistake.advised("GET", "/").diff == ""


def test_a_template_in_a_string_is_shown_at_the_line_that_renders_it(mistake):
    mistake.write(
        "program.py",
        PROGRAM.replace("render_template('login.html', ", "render_template_string('{{ name }', "),
    )

    advice = mistake.advised("GET", "/")

    assert advice.what == "{{ name } in line 1 of the template string must end with }}"
    assert advice.place.function == "index"
    assert advice.diff == ""


def test_the_template_that_is_included_is_named(mistake):
    template(mistake, "{% include 'top.html' %}")
    mistake.write("templates/top.html", "top\n{{ name }")

    advice = mistake.advised("GET", "/")

    assert advice.what == "{{ name } in line 2 of top.html must end with }}"
    assert mistake.mended("GET", "/").text == "top\nBob"


# Filters and tests

FILTERS = [
    ("{{ name | uppercased }}", "There is no filter 'uppercased'; did you mean 'upper'?", "BOB"),
    ("{{ names|len }}", "There is no filter 'len'; did you mean 'length'?", "1"),
    (
        "{% if name is defines %}hi{% endif %}",
        "There is no test 'defines'; did you mean 'defined'?",
        "hi",
    ),
    (
        "{% if name is not evn %}hi{% endif %}",
        "There is no test 'evn'; did you mean 'even'?",
        None,
    ),
    (
        "{% if 1 %}{{ name|uppr }}{% endif %}",
        "There is no filter 'uppr'; did you mean 'upper'?",
        "BOB",
    ),
]


@pytest.mark.parametrize(("text", "says", "page"), FILTERS, ids=[row[0] for row in FILTERS])
def test_a_filter_or_test_with_a_near_name_is_written(mistake, text, says, page):
    template(mistake, text)

    advice = mistake.advised("GET", "/")

    assert advice.what == says
    assert advice.place.file.endswith("templates/login.html")
    if page is not None:
        assert mistake.mended("GET", "/").text == page


def test_a_filter_without_a_near_name_can_be_written_in_the_program(mistake):
    template(mistake, "{{ name|dateformat }}")

    advice = mistake.advised("GET", "/")

    assert advice.what == "There is no filter 'dateformat'."
    assert advice.fix == "Write a function with @app.template_filter('dateformat') in the program."
    assert "upper" in dict(advice.facts)["The filters"]
