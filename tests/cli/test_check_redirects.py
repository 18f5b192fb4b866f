"""The rule on views that redirect to themselves."""

import pytest


def login(body, rule="/login", methods=("GET", "POST"), before=""):
    lines = "".join(f"    {line}\n" for line in body.splitlines())
    return f"{before}\n@app.route({rule!r}, methods={list(methods)!r})\ndef login():\n{lines}"


@pytest.mark.parametrize(
    "target",
    [
        "url_for('login')",
        "url_for('login', next='x')",
        "'/login'",
        "'/login?again'",
        "request.url",
        "request.path",
    ],
)
def test_a_view_that_always_redirects_to_itself_is_an_error(findings, target):
    [finding] = findings.whole(login(f"return redirect({target})"))

    assert (finding.rule, finding.level, finding.line) == ("redirect-loop", "error", 7)
    assert f"{target} is its own address" in finding.message


def test_a_form_that_is_redirected_on_get_as_well_is_an_error(findings):
    body = "if request.method == 'POST':\n    return 'sent'\nreturn redirect(url_for('login'))"

    assert findings(login(body)) == ["redirect-loop program.py:9"]


@pytest.mark.parametrize(
    "body",
    [
        "if request.method == 'POST':\n    return redirect(url_for('login'))\nreturn 'form'",
        "if request.args:\n    return redirect(url_for('login'))\nreturn 'page'",
        "if request.cookies:\n    return 'page'\nreturn redirect(url_for('login'))",
        "try:\n    return redirect(url_for('login'))\nexcept ValueError:\n    return ''",
        "return redirect(url_for('index'))",
        "return redirect('https://example.com/login')",
        "return redirect('//example.com/login')",
        "return redirect(request.args['next'])",
        "return url_for('login')",
    ],
)
def test_a_redirect_on_a_condition_or_elsewhere_is_sound(findings, body):
    program = "\n@app.route('/')\ndef index():\n    return ''\n"

    assert findings(program + login(body)) == []


def test_a_view_for_post_alone_redirects_to_the_view_for_get(findings):
    program = """
@app.get("/login")
def login():
    return "form"

@login.post
def login():
    return redirect(url_for("login"))
"""
    assert findings(program) == []


@pytest.mark.parametrize(
    ("body", "found"),
    [
        ("return redirect(url_for('login'))", 1),
        ("session['seen'] = 1\nreturn redirect(url_for('login'))", 0),
    ],
)
def test_a_hook_may_answer_after_the_view_has_changed_something(findings, body, found):
    before = """
app.secret_key = "a key for the test"
@app.before_request
def look():
    if "seen" in session:
        return "page"
"""
    assert len(findings(login(body, before=before))) == found
