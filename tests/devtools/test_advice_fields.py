"""400: which field is missing, what came instead, and the change that corrects it."""

import io

import pytest

PROGRAM = """
    from flask import Flask, request

    app = Flask(__name__)

    @app.route('/login', methods=['GET', 'POST'])
    def login():
        user = {read}
        return f'welcome {{user}}'
"""

CHECKBOXES = """
    <form action="/login" method="post">
      <input type="checkbox" name="agree"><input type="checkbox" name="greet"><input name="nm">
    </form>
"""


def reading(mistake, read, methods=None):
    text = PROGRAM.format(read=read)
    if methods is not None:
        text = text.replace("['GET', 'POST']", repr(methods))
    return mistake.write("program.py", text)


def test_a_near_name_is_proposed_with_the_fields_that_came(mistake):
    reading(mistake, "request.form['name']")

    advice = mistake.advised("POST", "/login", data={"nme": "Bob", "age": "7"})

    assert advice.what == "No field 'name'. Received: nme and age. Did you mean 'nme'?"
    assert advice.why == 'The input needs name="name"; an id is not sent.'
    assert ("Received fields", "nme, age") in advice.facts
    assert ("Content-Type", "application/x-www-form-urlencoded") in advice.facts
    assert (advice.place.line, advice.place.function) == (7, "login")
    assert advice.place.source == "user = request.form['name']"
    assert mistake.mended("POST", "/login", data={"nme": "Bob"}).text == "welcome Bob"


def test_the_only_field_that_the_view_does_not_read_is_the_one_that_is_meant(mistake):
    reading(mistake, 'request.form["user"]')

    advice = mistake.advised("POST", "/login", data={"nm": "Bob", "csrf_token": "x"})

    assert "Did you mean 'nm'?" in advice.what
    assert 'request.form["nm"]' in advice.diff
    assert mistake.mended("POST", "/login", data={"nm": "Bob"}).text == "welcome Bob"


def test_a_field_that_is_not_like_any_other_has_no_diff(mistake):
    reading(mistake, "request.form['nm']")

    advice = mistake.advised("POST", "/login", data={"street": "x", "town": "y"})

    assert advice.what == "No field 'nm'. Received: street and town."
    assert advice.diff == ""


def test_an_empty_form_is_reported_as_empty(mistake):
    reading(mistake, "request.form['nm']")

    assert mistake.advised("POST", "/login").what == "No field 'nm'. Received: nothing."


def test_a_field_read_through_another_name_of_the_form_is_found(mistake):
    mistake.write(
        "program.py",
        """
        from flask import Flask, request

        app = Flask(__name__)

        def read(form):
            fields = request.form
            return fields['name']

        @app.post('/login')
        def login():
            return 'welcome ' + read(1)
        """,
    )

    advice = mistake.advised("POST", "/login", data={"nm": "Bob"})

    assert "Did you mean 'nm'?" in advice.what
    assert (advice.place.line, advice.place.function) == (7, "read")
    assert mistake.mended("POST", "/login", data={"nm": "Bob"}).text == "welcome Bob"


def test_an_input_with_an_id_only_is_given_a_name(mistake):
    reading(mistake, "request.form['nm']")
    form = '<form action="/login" method="post">\n  <input id="nm" type="text">\n</form>\n'
    mistake.write("login.html", form)

    advice = mistake.advised("POST", "/login", data={})

    assert advice.what == (
        "No field 'nm': the input with this id (login.html:2) has no name, and an id is not sent."
    )
    mistake.apply(advice.diff)
    text = (mistake.folder / "login.html").read_text()
    assert '<input id="nm" type="text" name="nm">' in text


def test_a_checkbox_that_is_not_ticked_is_read_with_get(mistake):
    reading(mistake, "request.form['stay']")
    mistake.write(
        "login.html",
        '<form action="/login" method="post"><input type="checkbox" name="stay"></form>',
    )

    advice = mistake.advised("POST", "/login", data={})

    assert advice.why == "A checkbox that is not ticked is not sent."
    assert mistake.mended("POST", "/login", data={}).text == "welcome "


# GET and POST


@pytest.mark.parametrize(
    ("read", "methods", "method", "options", "what", "new"),
    [
        (
            "request.form['nm']",
            ["GET"],
            "GET",
            {"query_string": {"nm": "Bob"}},
            (
                "The field 'nm' was sent in the query string (request.args), but you read"
                " request.form."
            ),
            "request.args['nm']",
        ),
        (
            "request.form['nm']",
            ["GET", "POST"],
            "GET",
            {"query_string": {"nm": "Bob"}},
            (
                "The field 'nm' was sent in the query string (request.args), but you read"
                " request.form."
            ),
            "request.values['nm']",
        ),
        (
            "request.args['nm']",
            ["POST"],
            "POST",
            {"data": {"nm": "Bob"}},
            "The field 'nm' was sent in a form (request.form), but you read request.args.",
            "request.form['nm']",
        ),
    ],
)
def test_a_field_in_another_part_of_the_request_is_read_there(
    mistake, read, methods, method, options, what, new
):
    reading(mistake, read, methods)

    advice = mistake.advised(method, "/login", **options)

    assert advice.what == what
    assert new in advice.diff
    assert mistake.mended(method, "/login", **options).text == "welcome Bob"


def test_a_file_that_is_read_as_a_field_is_read_as_a_file(mistake):
    reading(mistake, "request.form['photo']", ["POST"])
    upload = {"photo": (io.BytesIO(b"x"), "x.png")}

    advice = mistake.advised("POST", "/login", data=upload)

    assert "was sent as a file (request.files)" in advice.what
    upload = {"photo": (io.BytesIO(b"x"), "x.png")}
    assert "x.png" in mistake.mended("POST", "/login", data=upload).text


# Bodies that are no form


def test_json_is_reported_as_json(mistake):
    reading(mistake, "request.form['nm']")

    advice = mistake.advised("POST", "/login", json={"nm": "Bob"})

    assert advice.what == (
        "No field 'nm': the body is application/json, which request.form does not contain."
    )
    assert advice.fix == "Read request.get_json()['nm']."
    assert mistake.mended("POST", "/login", json={"nm": "Bob"}).text == "welcome Bob"


def test_a_form_sent_as_text_loses_its_enctype(mistake):
    reading(mistake, "request.form['nm']")
    mistake.write(
        "login.html",
        '<form action="/login" method="post" enctype="text/plain"><input name="nm"></form>',
    )

    advice = mistake.advised("POST", "/login", data="nm=Bob\r\n", content_type="text/plain")

    assert advice.what == "The body is text/plain, which is not a form."
    mistake.apply(advice.diff)
    text = (mistake.folder / "login.html").read_text()
    assert 'enctype="application/x-www-form-urlencoded"' in text


def test_a_form_with_a_file_that_is_sent_as_text_becomes_multipart(mistake):
    reading(mistake, "request.files['photo'].filename")
    mistake.write(
        "login.html",
        '<form action="/login" method="post" enctype="text/plain">'
        '<input type="file" name="photo"></form>',
    )

    advice = mistake.advised("POST", "/login", data="photo=x\r\n", content_type="text/plain")

    assert '+<form action="/login" method="post" enctype="multipart/form-data">' in advice.diff


def test_text_that_no_form_sends_has_no_diff_of_a_form(mistake):
    reading(mistake, "request.form['nm']")
    mistake.write("login.html", '<form action="/login" method="post"><input name="nm"></form>')

    advice = mistake.advised("POST", "/login", data="nm=Bob", content_type="text/plain")

    assert advice.diff == ""


def test_a_file_input_with_an_id_only_gets_its_name_and_the_enctype_in_one_step(mistake):
    reading(mistake, "request.files['photo'].filename")
    mistake.write(
        "login.html",
        '<form action="/login" method="post">\n<input type="file" id="photo">\n</form>\n',
    )

    advice = mistake.advised("POST", "/login", data={"nm": "Bob"})

    assert advice.fix == (
        'Write name="photo" in the input, and enctype="multipart/form-data" in the form.'
    )
    mistake.apply(advice.diff)
    text = (mistake.folder / "login.html").read_text()
    assert '<form action="/login" method="post" enctype="multipart/form-data">' in text
    assert '<input type="file" id="photo" name="photo">' in text


def test_multipart_without_a_boundary_is_no_form(mistake):
    reading(mistake, "request.form['nm']")

    advice = mistake.advised("POST", "/login", data=b"x", content_type="multipart/form-data")

    assert "boundary" in advice.what


def test_a_file_of_which_only_the_name_came_needs_an_enctype(mistake):
    reading(mistake, "request.files['photo'].filename")
    mistake.write(
        "login.html",
        '<form action="/login" method="post">\n<input type="file" name="photo">\n</form>\n',
    )

    advice = mistake.advised("POST", "/login", data={"photo": "x.png"})

    assert advice.what == (
        "No file 'photo' arrived, only its name: the form was sent as"
        " application/x-www-form-urlencoded."
    )
    mistake.apply(advice.diff)
    text = (mistake.folder / "login.html").read_text()
    assert '<form action="/login" method="post" enctype="multipart/form-data">' in text


def test_a_cookie_that_did_not_come_is_read_with_get(mistake):
    reading(mistake, "request.cookies['theme']")

    advice = mistake.advised("GET", "/login")

    assert advice.what == "No cookie 'theme'. Received: nothing."
    assert mistake.mended("GET", "/login").text == "welcome "


# A field whose name is computed


def test_a_computed_name_belongs_to_the_part_that_is_read(mistake):
    reading(mistake, "request.args['n' + 'm']")

    advice = mistake.advised("GET", "/login?street=x&town=y")

    assert advice.what == "No field 'nm'. Received: street and town."
    assert advice.fix.startswith("Read request.args.get('nm', '')")
    assert advice.diff == ""


def test_a_part_that_was_passed_to_a_function_is_known_there(mistake):
    mistake.write(
        "program.py",
        """
        from flask import Flask, request

        app = Flask(__name__)

        def name_in(fields):
            return fields['nm']

        @app.get('/login')
        def login():
            return 'welcome ' + name_in(request.args)
        """,
    )

    advice = mistake.advised("GET", "/login?name=Bob")

    assert advice.what == "No field 'nm'. Received: name. Did you mean 'name'?"
    assert mistake.mended("GET", "/login?name=Bob").text == "welcome Bob"


def test_no_part_is_named_for_a_dictionary_of_the_program(mistake):
    mistake.write(
        "program.py",
        """
        from flask import Flask, request
        from werkzeug.datastructures import MultiDict

        app = Flask(__name__)
        stored = MultiDict()

        @app.post('/login')
        def login():
            return 'welcome ' + stored['nm']
        """,
    )

    mistake.ask("POST", "/login", data={"street": "x"})

    assert mistake.errors
    assert mistake.advice is None


def test_a_checkbox_that_is_not_ticked_is_not_said_to_be_another_field(mistake):
    reading(mistake, "request.form['agree']")
    mistake.write("login.html", CHECKBOXES)

    for sent in ({"greet": "1"}, {"nm": "Bob"}):
        advice = mistake.advised("POST", "/login", data=sent)

        assert "Did you mean" not in advice.what
        assert advice.why == "A checkbox that is not ticked is not sent."


def test_the_only_field_is_not_proposed_for_a_computed_name(mistake):
    reading(mistake, "request.form['nm'[:1]]")

    assert "Did you mean" not in mistake.advised("POST", "/login", data={"zzz": "1"}).what
