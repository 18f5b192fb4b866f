"""The request used as what it is not: called, dotted, indexed, changed."""

import pytest

from retort.devtools.advice.diagnostic import DiagnosticContext
from retort.devtools.advice.requests.misuse import method_not_called

PROGRAM = """
    from flask import Flask, request
    import flask

    app = Flask(__name__)

    @app.route('/login', methods=['GET', 'POST'])
    def login():
        {first}
        return f'welcome {{user}}'
"""
SENT = {"data": {"nm": "Bob"}, "headers": {"User-Agent": "Bobs"}}


def written(mistake, first):
    mistake.write("program.py", PROGRAM.format(first=first.replace("\n", "\n        ")))


def mends(mistake, first, welcome="welcome Bob", path="/login?nm=Bob"):
    """The advice on a line, and that the program works with its diff."""
    written(mistake, first)
    advice = mistake.advised("POST", path, **SENT)
    assert (advice.place.function, advice.place.line) == ("login", 8 + first.count("\n"))
    assert mistake.mended("POST", path, **SENT).text == welcome
    return advice


def is_without_advice(mistake, first):
    written(mistake, first)
    mistake.ask("POST", "/login?nm=Bob", **SENT)
    assert mistake.errors
    return mistake.advice is None


# Called


@pytest.mark.parametrize("part", ["form", "args", "values"])
def test_a_part_of_the_request_is_no_function(mistake, part):
    advice = mends(mistake, f"user = request.{part}('nm')")

    assert advice.what == (
        f"request.{part} is a dictionary of fields, not a function, but request.{part}('nm') calls"
        " it."
    )
    assert advice.fix == f"Write request.{part}['nm']."


@pytest.mark.parametrize(
    ("first", "fix"),
    [
        ("user = flask.request.form('nm')", "Write flask.request.form['nm']."),
        ("fields = request.form\nuser = fields('nm')", "Write fields['nm']."),
        ("user = request.form('nm', '')", "Write request.form.get('nm', '')."),
        ("user = request.form()['nm']", "Write request.form."),
        ('user = request.form("nm")', 'Write request.form["nm"].'),
        ("user = request.method() and 'Bob'", "Write request.method."),
        ("user = request.form('nm') or request.args('nm')", "Write request.form['nm']."),
    ],
)
def test_each_way_to_call_it_has_its_correction(mistake, first, fix):
    assert mends(mistake, first).fix == fix


def test_the_part_with_files_is_no_function_either(mistake):
    written(mistake, "user = request.files('nm')")

    advice = mistake.advised("POST", "/login", data=SENT["data"])

    assert advice.fix == "Write request.files['nm']."


def test_json_is_no_function(mistake):
    written(mistake, "user = request.json('nm')")

    advice = mistake.advised("POST", "/login", json={"nm": "Bob"})

    assert advice.what.startswith("request.json is a value, not a function")
    assert mistake.mended("POST", "/login", json={"nm": "Bob"}).text == "welcome Bob"


@pytest.mark.parametrize(
    "first",
    [
        "text = 'Bob'\nuser = text('nm') or request.form['nm']",
        "user = request.form['nm']('nm')",
        "user = (lambda: len())()",
        "user = dict.fromkeys(5) or request.form('nm')",
    ],
)
def test_another_error_in_a_line_with_a_read_is_not_blamed_on_it(mistake, first):
    assert is_without_advice(mistake, first)


# A method in square brackets


@pytest.mark.parametrize(
    ("first", "fix"),
    [
        ("user = request.form.get['nm']", "Write request.form.get('nm')."),
        ("user = request.form.getlist['nm'][0]", "Write request.form.getlist('nm')."),
        ("user = request.args.to_dict['nm']", "Write request.args.to_dict()['nm']."),
    ],
)
def test_a_method_in_square_brackets_is_called(mistake, first, fix):
    assert mends(mistake, first).fix == fix


def test_get_json_in_square_brackets_is_called_first(mistake):
    written(mistake, "user = request.get_json['nm']")

    advice = mistake.advised("POST", "/login", json={"nm": "Bob"})

    assert advice.fix == "Write request.get_json()['nm']."
    assert mistake.mended("POST", "/login", json={"nm": "Bob"}).text == "welcome Bob"


@pytest.mark.parametrize("read", ["data['nm']", "data.get('nm')"])
def test_a_method_that_was_not_called_is_found_where_it_got_its_name(mistake, read):
    written(mistake, f"data = request.get_json\nuser = {read}")

    advice = mistake.advised("POST", "/login", json={"nm": "Bob"})

    assert advice.what == "data is the method request.get_json, which was not called."
    assert advice.place.source == "data = request.get_json"
    assert mistake.mended("POST", "/login", json={"nm": "Bob"}).text == "welcome Bob"


def test_the_fields_as_a_dictionary_are_not_called_either(mistake):
    advice_on = "data = request.form.to_dict\nuser = data['nm']"
    written(mistake, advice_on)

    assert mistake.advised("POST", "/login", **SENT).fix == "Write request.form.to_dict()."
    assert mistake.mended("POST", "/login", **SENT).text == "welcome Bob"


@pytest.mark.parametrize(
    "first",
    [
        "data = request.get_json\ndata = data and None\nuser = data['nm']",
        "data = len\nuser = data['nm']",
        "data = request.get_json\nuser = data.__name__ + [].nm",
    ],
)
def test_another_value_is_not_taken_for_a_method(mistake, first):
    written(mistake, first)
    mistake.ask("POST", "/login", json={"nm": "Bob"})

    assert mistake.errors
    assert mistake.advice is None or mistake.advice.what == "data is None."


# With a dot


@pytest.mark.parametrize("part", ["form", "args", "values"])
def test_a_field_is_not_behind_a_dot(mistake, part):
    advice = mends(mistake, f"user = request.{part}.nm")

    assert advice.what == (
        f"request.{part} has its fields in square brackets, not behind a dot as in"
        f" request.{part}.nm."
    )
    assert advice.fix == f"Write request.{part}['nm']."


@pytest.mark.parametrize(
    ("first", "welcome", "fix"),
    [
        ("user = request.forms['nm']", "welcome Bob", "Write request.form."),
        ("user = request.arg['nm']", "welcome Bob", "Write request.args."),
        ("user = request.form.get_list('nm')[0]", "welcome Bob", "Write request.form.getlist."),
        (
            "user = request.headers.user_agent",
            "welcome Bobs",
            "Write request.headers['User-Agent'].",
        ),
    ],
)
def test_a_misspelt_attribute_of_the_request_is_corrected(mistake, first, welcome, fix):
    assert mends(mistake, first, welcome).fix == fix


def test_a_field_with_the_name_of_no_method_is_a_field_though_a_method_is_near(mistake):
    written(mistake, "user = request.form.item")

    advice = mistake.advised("POST", "/login", data={"item": "Bob"})

    assert advice.fix == "Write request.form['item']."
    assert mistake.mended("POST", "/login", data={"item": "Bob"}).text == "welcome Bob"


@pytest.mark.parametrize("read", ["request.json", "request.get_json()"])
def test_a_member_of_json_is_not_behind_a_dot(mistake, read):
    written(mistake, f"user = {read}.nm")

    advice = mistake.advised("POST", "/login", json={"nm": "Bob"})

    assert advice.fix == f"Write {read}['nm']."
    assert ("Received", "nm") in advice.facts
    assert mistake.mended("POST", "/login", json={"nm": "Bob"}).text == "welcome Bob"


def test_an_attribute_that_is_like_no_other_has_no_proposal(mistake):
    written(mistake, "user = request.zzzzz")

    advice = mistake.advised("GET", "/login")

    assert advice.what == "The request has no attribute 'zzzzz'."
    assert advice.diff == ""


def test_an_attribute_of_an_object_of_the_program_is_not_explained_as_a_field(mistake):
    assert is_without_advice(mistake, "user = len.nm or request.form.nm")


# By a number, or without quotes


def test_the_only_field_is_meant_by_its_number(mistake):
    advice = mends(mistake, "user = request.form[0]", path="/login")

    assert advice.what == (
        "request.form has fields by name, not by number, so request.form[0] finds none."
    )
    assert advice.why == "Received: nm."
    assert advice.fix == "Name the field, as in request.form['nm']."


def test_no_field_of_several_is_chosen_for_a_number(mistake):
    written(mistake, "user = request.form[0]")

    advice = mistake.advised("POST", "/login", data={"nm": "Bob", "age": "7"})

    assert advice.why == "Received: nm and age."
    assert advice.diff == ""


@pytest.mark.parametrize("first", ["user = request.form[nm]", "user = request.args.get(nm)"])
def test_the_name_of_a_field_is_in_quotes(mistake, first):
    advice = mends(mistake, first)

    assert advice.what == "nm is no variable here; the name of a field is text, in quotes."
    assert advice.fix == "Write 'nm'."


def test_a_misspelt_variable_is_not_put_in_quotes(mistake):
    advice = mends(mistake, "field = 'nm'\nuser = request.form[fields]")

    assert advice.what == "There is no 'fields' here. Did you mean 'field'?"


# Changed


@pytest.mark.parametrize(
    "change",
    [
        "request.form['nm'] = 'Eve'",
        "del request.form['nm']",
        "request.form.pop('nm')",
        "request.form.update({'nm': 'Eve'})",
    ],
)
def test_the_fields_are_changed_in_a_copy(mistake, change):
    written(mistake, f"user = ''\n{change}")

    advice = mistake.advised("POST", "/login", **SENT)

    assert advice.what == "request.form cannot be changed: it has the fields as they were sent."
    assert advice.fix == "Change a copy, as in fields = request.form.copy()."
    assert advice.place.source == change


def test_another_immutable_object_is_not_taken_for_the_request(mistake):
    assert is_without_advice(
        mistake,
        "from werkzeug.datastructures import ImmutableDict\nuser = request.form['nm']\n"
        "ImmutableDict()['nm'] = user",
    )


def test_an_attribute_of_none_in_a_line_with_the_request_is_compared_without_a_context(mistake):
    written(mistake, "user = request.args.get('none').upper()")
    mistake.ask("GET", "/login")

    # The request's context has ended: an exception here would be that of the proxy.
    assert method_not_called(DiagnosticContext(mistake.errors[0], mistake.app, None)) is None
