"""The rules on templates that do not exist, or that Jinja cannot parse."""

import pytest


def shows(call):
    return f"\n@app.route('/')\ndef index():\n    return {call}\n"


PAGE = shows("render_template('page.html')")


@pytest.mark.parametrize(
    "call",
    [
        "render_template('pages.html')",
        "render_template(template_name_or_list='pages.html')",
        "render_template(['a.html', 'pages.html'])",
        "stream_template('pages.html')",
        "get_template_attribute('pages.html', 'show')",
    ],
)
def test_a_template_that_does_not_exist_is_an_error(findings, call):
    assert findings(shows(call), page="hello") == ["missing-template program.py:7"]


def test_a_similar_name_is_proposed(findings):
    [finding] = findings.whole(shows("render_template('Page.htm')"), page="hello")

    assert finding.level == "error"
    assert "Did you mean 'page.html'?" in finding.message
    assert finding.fix == "Write 'page.html', or create 'Page.htm'."


@pytest.mark.parametrize(
    "call",
    [
        "render_template('page.html')",
        "render_template(['missing.html', 'page.html'])",
        "render_template(['missing.html', request.path])",
        "render_template(request.args['page'])",
        "render_template_string('missing.html')",
    ],
)
def test_a_template_that_exists_or_is_computed_is_sound(findings, call):
    assert findings(shows(call), page="hello") == []


@pytest.mark.parametrize("tag", ["extends", "include", "import"])
def test_the_templates_that_a_template_names_are_looked_up(findings, tag):
    end = " as x" if tag == "import" else ""

    assert findings(PAGE, page=f"<p>\n{{% {tag} 'bas.html'{end} %}}") == [
        "missing-template page.html:2"
    ]
    assert findings(PAGE, page=f"{{% {tag} 'base.html'{end} %}}", base="hello") == []


@pytest.mark.parametrize(
    "text",
    [
        "{% include 'x.html' ignore missing %}",
        "{% include ['x.html', 'base.html'] %}",
        "{% include name %}",
        "{% raw %}{% include 'x.html' %}{% endraw %}",
    ],
)
def test_an_include_that_may_be_missing_is_sound(findings, text):
    assert findings(PAGE, page=text, base="hello") == []


def test_the_templates_of_a_blueprint_are_found(findings, write):
    write("parts/templates/parts/list.html", "hello")
    program = """
parts = Blueprint("parts", __name__, template_folder="parts/templates")
app.register_blueprint(parts)
"""
    assert findings(program + shows("render_template('parts/list.html')")) == []
    assert findings(program + shows("render_template('list.html')")) == [
        "missing-template program.py:10"
    ]


def test_a_blueprint_that_is_not_registered_may_have_more_templates(findings):
    program = '\nparts = Blueprint("parts", __name__, template_folder="parts")\n'

    assert findings(program + shows("render_template('list.html')")) == []


@pytest.mark.parametrize(
    "loader", ["FunctionLoader(lambda name: 'hello')", "ChoiceLoader([FunctionLoader(str)])"]
)
def test_a_loader_of_the_program_may_find_any_template(findings, loader):
    program = f"\nfrom jinja2 import *\napp.jinja_loader = {loader}\n"

    assert findings(program + shows("render_template('missing.html')")) == []


@pytest.mark.parametrize(
    ("text", "line", "fix"),
    [
        ("<p>\n{% if x %}\n{% if y %}{% endif %}\n{{ z }}", 2, "Write {% endif %} where it ends."),
        ("<p>\n{{ name }", 2, "Write two braces at each end of an expression: {{ name }}."),
        ("{% fors x in y %}{% endfor %}", 1, "Write {% for %}."),
        ("{% for x in y %}\n{% endblock %}", 2, "Write {% endfor %} before {% endblock %}."),
        ("<p>\n{% endif %}", 2, "Remove {% endif %}, or begin its block before it."),
        ("{% spaceless %}", 1, "Correct the name of the tag, or remove it."),
        ("<p>\n\n{{ a b }}", 3, "Correct the tag or expression in this line"),
    ],
)
def test_a_template_that_jinja_cannot_parse_is_an_error(findings, text, line, fix):
    [finding] = findings.whole(PAGE, page=text)

    assert (finding.rule, finding.level, finding.line) == ("template-syntax", "error", line)
    assert finding.fix.startswith(fix)


def test_the_syntax_of_included_templates_is_checked(findings):
    pages = {"page": "{% include 'part.html' %}", "part": "{% if %}"}

    assert findings(PAGE, **pages) == ["template-syntax part.html:1"]


def test_a_file_that_the_program_does_not_name_may_be_no_template_of_jinja(findings):
    assert findings(PAGE, page="hello", angular="{{ a b }}{% include 'x.html' %}") == []
