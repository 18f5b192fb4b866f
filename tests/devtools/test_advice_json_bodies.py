"""A view that reads JSON, and what was sent in its place."""

import pytest

PROGRAM = """
    from flask import Flask, request

    app = Flask(__name__)

    @app.route('/login', methods=['GET', 'POST'])
    def login():
        {first}
        return f'welcome {{user}}'
"""
FORM = {"data": {"nm": "Bob"}}
TEXT = {"data": '{"nm": "Bob"}'}
URLENCODED = "application/x-www-form-urlencoded"


def written(mistake, first):
    mistake.write("program.py", PROGRAM.format(first=first.replace("\n", "\n        ")))


# 415


@pytest.mark.parametrize(
    ("first", "fix"),
    [
        ("user = request.json['nm']", "Read request.form['nm']"),
        ("user = request.get_json()['nm']", "Read request.form['nm']"),
        ("user = request.get_json().get('nm')", "Read request.form['nm']"),
        ("data = request.get_json()\nuser = data['nm']", "Read request.form"),
    ],
)
def test_a_form_is_read_as_a_form(mistake, first, fix):
    written(mistake, first)

    advice = mistake.advised("POST", "/login", **FORM)

    read = "request.json" if ".json" in first else "request.get_json()"
    assert advice.what == f"{read} reads JSON, but the body of POST /login is a form."
    assert advice.fix == f"{fix}, or send JSON with the header Content-Type: application/json."
    assert ("Content-Type", URLENCODED) in advice.facts
    assert advice.place.line == 7
    assert mistake.mended("POST", "/login", **FORM).text == "welcome Bob"


def test_a_member_that_the_form_has_not_is_not_read_from_it(mistake):
    written(mistake, "user = request.json['name']")

    assert mistake.advised("POST", "/login", **FORM).diff == ""


def test_fields_of_the_query_are_read_from_the_query(mistake):
    written(mistake, "user = request.json['nm']")

    advice = mistake.advised("GET", "/login?nm=Bob")

    assert advice.what == "request.json reads JSON, but GET /login has no body."
    assert advice.fix.startswith("Read request.args['nm'], or send JSON")
    assert mistake.mended("GET", "/login?nm=Bob").text == "welcome Bob"


def test_a_request_without_body_and_query_has_nothing_to_read(mistake):
    written(mistake, "user = request.json['nm']")

    advice = mistake.advised("GET", "/login")

    assert advice.fix == "Send JSON in the body, with the header Content-Type: application/json."
    assert advice.diff == ""


@pytest.mark.parametrize("kind", ["text/plain", URLENCODED])
def test_json_with_another_type_is_recognized(mistake, kind):
    written(mistake, "user = request.json['nm']")

    advice = mistake.advised("POST", "/login", content_type=kind, **TEXT)

    assert (
        advice.what == f"request.json reads JSON, but the JSON of POST /login was sent as {kind}."
    )
    assert advice.fix == "Set the header Content-Type: application/json where the request is sent."
    assert advice.diff == ""


def test_the_option_of_curl_is_named_to_curl_only(mistake):
    written(mistake, "user = request.json['nm']")
    sent = {"content_type": URLENCODED, **TEXT}

    by_curl = mistake.advised("POST", "/login", headers={"User-Agent": "curl/8.5.0"}, **sent)
    by_script = mistake.advised("POST", "/login", **sent)

    assert "curl -d sends a form, unless -H" in by_curl.why
    assert by_script.why == "A body is read as JSON if its Content-Type is application/json."


def test_json_that_is_read_as_a_form_is_recognized(mistake):
    written(mistake, "user = request.form['nm']")

    advice = mistake.advised("POST", "/login", content_type=URLENCODED, **TEXT)

    assert advice.what == f"No field 'nm': the body is JSON that was sent as {URLENCODED}."
    assert advice.diff == ""


def test_a_body_of_another_type_is_named(mistake):
    written(mistake, "user = request.json['nm']")

    advice = mistake.advised("POST", "/login", data="nm=Bob", content_type="text/plain")

    assert advice.what == "request.json reads JSON, but the body of POST /login is text/plain."


def test_the_media_type_of_a_route_is_not_explained_as_a_read_of_json(mistake):
    mistake.write(
        "program.py",
        """
        from retort import Retort, request

        app = Retort(__name__)

        @app.post('/login', accepts=['application/json'])
        def login():
            return request.json['nm']
        """,
    )

    mistake.ask("POST", "/login", **FORM)

    assert mistake.errors
    assert mistake.advice is None


# 400


@pytest.mark.parametrize(
    ("body", "what", "fix"),
    [
        ("{'nm': 1}", "The body is not valid JSON: ", "Correct the JSON"),
        ("", "The body is empty, but its Content-Type is application/json.", "Send JSON in"),
        ("[object Object]", "The body is not valid JSON: ", "Send JSON.stringify(...)"),
    ],
)
def test_invalid_json_is_named_with_its_place(mistake, body, what, fix):
    written(mistake, "user = request.json['nm']")

    advice = mistake.advised("POST", "/login", data=body, content_type="application/json")

    assert advice.what.startswith(what)
    assert advice.fix.startswith(fix)
    assert ("column 2" in advice.what) == bool(body)


def test_single_quotes_are_the_cause_only_if_the_body_has_them(mistake):
    written(mistake, "user = request.json['nm']")
    sent = {"content_type": "application/json"}

    assert "double quotes" in mistake.advised("POST", "/login", data="{'nm': 1}", **sent).why
    assert mistake.advised("POST", "/login", data='{"nm": 1,}', **sent).why == ""


# Members


@pytest.mark.parametrize(
    "first", ["user = request.json['nm']", "data = request.get_json()\nuser = data['nm']"]
)
def test_a_misspelt_member_is_corrected(mistake, first):
    written(mistake, first)

    advice = mistake.advised("POST", "/login", json={"nme": "Bob"})

    assert advice.what == "The JSON that was sent has no member 'nm'. Did you mean 'nme'?"
    assert advice.why == "Received: nme."
    assert mistake.mended("POST", "/login", json={"nme": "Bob"}).text == "welcome Bob"


def test_a_member_that_is_like_no_other_has_no_diff(mistake):
    written(mistake, "user = request.json['nm']")

    advice = mistake.advised("POST", "/login", json={"street": "x"})

    assert advice.what == "The JSON that was sent has no member 'nm'."
    assert "request.json.get('nm')" in advice.fix
    assert advice.diff == ""


def test_a_key_of_a_dictionary_of_the_program_is_not_a_member(mistake):
    written(mistake, "stored = {}\nuser = request.json and stored['nm']")

    mistake.ask("POST", "/login", json={"nme": "Bob"})

    assert mistake.errors
    assert mistake.advice is None


# None


@pytest.mark.parametrize(
    ("options", "since", "text"),
    [
        (FORM, "the body of POST /login is a form", "welcome Bob"),
        ({"json": None}, "the body cannot be parsed, or is null", None),
        (TEXT, "the JSON of POST /login was sent as no type", None),
    ],
)
def test_silent_json_that_is_none_is_explained(mistake, options, since, text):
    written(mistake, "data = request.get_json(silent=True)\nuser = data['nm']")
    if options == {"json": None}:
        options = {"data": "null", "content_type": "application/json"}

    advice = mistake.advised("POST", "/login", **options)

    assert advice.what == f"data is None: get_json(silent=True) found no JSON, since {since}."
    assert advice.place.source == "data = request.get_json(silent=True)"
    assert bool(advice.diff) == bool(text)
    if text:
        assert mistake.mended("POST", "/login", **options).text == text


def test_a_name_with_two_assignments_is_not_traced(mistake):
    written(
        mistake,
        "data = request.get_json(silent=True)\ndata = data or None\nuser = data['nm']",
    )

    advice = mistake.advised("POST", "/login", **FORM)

    assert advice.what == "data is None: its value comes from line 8."
