"""A name that hides a function: which one, where, and what to rename."""

import pytest

PROGRAM = """
    from flask import Flask, jsonify, redirect, render_template, request, url_for

    app = Flask(__name__)
    count = 0

    {views}
"""


def views(mistake, text):
    mistake.write("program.py", PROGRAM.replace("{views}", text.replace("\n", "\n    ")))


def test_an_argument_that_hides_a_function_is_named_with_its_route(mistake):
    views(mistake, "@app.get('/go/<redirect>')\ndef go(redirect):\n    return redirect('/')")

    advice = mistake.advised("GET", "/go/home")

    assert advice.what == (
        "redirect is the argument of go() here, a str, and hides the function redirect()."
    )
    assert advice.fix == "Give the argument another name, and <redirect> in its route."
    assert advice.place.source == "return redirect('/')"


@pytest.mark.parametrize(
    ("line", "name", "kind"),
    [
        ("jsonify = {'a': 1}\nreturn jsonify(jsonify)", "jsonify", "dict"),
        ("str = 'a'\nreturn str(1)", "str", "str"),
        ("list = [1]\nreturn list(\n    (1, 2)\n)", "list", "list"),
    ],
)
def test_a_variable_that_hides_a_function_is_named(mistake, line, name, kind):
    line = line.replace("\n", "\n    ")
    views(mistake, f"@app.get('/')\ndef index():\n    {line}")

    advice = mistake.advised("GET", "/")

    assert advice.what == (
        f"{name} is the variable of index() here, a {kind}, and hides the function {name}()."
    )
    assert advice.fix == "Give the variable another name."


def test_a_value_that_hides_nothing_gets_no_such_advice(mistake):
    views(mistake, "@app.get('/')\ndef index():\n    total = 1\n    return total()")

    mistake.ask("GET", "/")

    assert isinstance(mistake.errors[0], TypeError)
    assert mistake.advice is None


def test_a_call_inside_a_library_gets_no_such_advice(mistake):
    views(mistake, "@app.get('/')\ndef index():\n    list = 'a'\n    return sorted([1], key=list)")

    mistake.ask("GET", "/")

    assert "not callable" in str(mistake.errors[0])
    assert mistake.advice is None


def test_a_variable_that_is_called_before_its_assignment_is_named(mistake):
    views(
        mistake,
        "@app.get('/')\ndef index():\n    redirect = redirect('/home')\n    return redirect",
    )

    advice = mistake.advised("GET", "/")

    assert advice.what == (
        "index() assigns redirect in line 8, so redirect is a local variable in all of index(),"
        " and has no value here."
    )
    assert advice.why == "The redirect outside of the function is hidden."
    assert advice.fix == "Give the variable of line 8 another name."


def test_a_counter_of_the_module_gets_a_global_statement(mistake):
    views(mistake, "@app.get('/')\ndef index():\n    count += 1\n    return str(count)")

    advice = mistake.advised("GET", "/")

    assert advice.fix == "Write 'global count' at the start of index()."
    assert mistake.mended("GET", "/").text == "1"


def test_a_variable_that_only_one_branch_assigns_is_to_be_assigned(mistake):
    views(
        mistake,
        "@app.get('/')\ndef index():\n    if request.args:\n        user = 'Bob'\n    return user",
    )

    advice = mistake.advised("GET", "/")

    assert advice.fix == "Assign user before this line, on every way to it."
    assert advice.why == ""
    assert advice.diff == ""


@pytest.mark.parametrize(
    ("name", "body"),
    [
        ("redirect", "return redirect('/home')"),
        ("request", "return request.path"),
        ("jsonify", "return jsonify(a=1)"),
    ],
)
def test_a_view_with_the_name_of_an_import_is_renamed(mistake, name, body):
    views(mistake, f"@app.get('/')\ndef {name}():\n    {body}")

    advice = mistake.advised("GET", "/")

    assert advice.what == (
        f"{name}() in line 7 of program.py hides the {name} that line 1 imports from flask."
    )
    assert advice.fix == f"Rename your function, for instance to {name}_view()."
    assert mistake.mended("GET", "/").status_code < 400


def test_a_view_whose_name_is_an_endpoint_elsewhere_is_not_renamed_by_the_diff(mistake):
    views(
        mistake,
        "@app.get('/')\ndef redirect():\n    return redirect('/home')\n\n"
        "@app.get('/x')\ndef other():\n    return url_for('redirect')",
    )

    advice = mistake.advised("GET", "/")

    assert advice.what.startswith("redirect() in line 7 of program.py hides")
    assert advice.diff == ""


def test_wrong_arguments_of_an_imported_function_get_no_such_advice(mistake):
    views(mistake, "@app.get('/')\ndef index():\n    return redirect()")

    mistake.ask("GET", "/")

    assert str(mistake.errors[0]).startswith("redirect() missing")
    assert mistake.advice is None
