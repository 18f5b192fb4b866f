"""Forms with a method that HTML does not have, and ``_method`` without its setting."""

import pytest

from retort.devtools.warnings import warnings_of, watch

PROGRAM = """
    from flask import Flask, request

    app = Flask(__name__)

    @app.get('/')
    def index():
        return '{form}'

    {route}
    def save():
        return request.method + ' ' + request.form['nm']
"""
FORM = '<form action="/save" method="put"><input name="nm"></form>'


def written(mistake, route, form=FORM):
    mistake.write("program.py", PROGRAM.format(route=route, form=form))


def send(mistake):
    """Send the form as a browser does: its method, and its hidden fields."""
    page = mistake.ask("GET", "/").text
    fields = {"nm": "Bob"}
    if "_method" in page:
        fields["_method"] = page.partition('name="_method" value="')[2].partition('"')[0]
    if 'method="post"' in page:
        return mistake.ask("POST", "/save", data=fields)
    return mistake.ask("GET", "/save", query_string=fields)


def mended(mistake):
    """The answer to the form after the diff; there is no next error."""
    mistake.apply(mistake.advice.diff)
    answer = send(mistake)
    assert not mistake.errors, f"{mistake.errors[0]!r} after the change"
    return answer.text


def test_a_form_with_put_for_a_route_for_put_overrides_the_method(mistake):
    written(mistake, "@app.put('/save')")
    send(mistake)

    assert mistake.advice.what == (
        "The form at program.py:7 has method='put', but HTML knows get and post only, so it is"
        " sent with GET."
    )
    assert mistake.advice.fix == (
        'Write method="post" and a hidden field _method with the value PUT, and set'
        " app.config['METHOD_OVERRIDE'] = True."
    )
    assert mended(mistake) == "PUT Bob"


@pytest.mark.parametrize(
    ("route", "fix"),
    [
        ("@app.post('/save')", 'Write method="post" in the form.'),
        ("@app.route('/save', methods=['GET', 'POST'])", 'Write method="post" in the form.'),
        (
            "@app.get('/save')",
            'Write method="post" in the form, and let the route accept POST.',
        ),
        (
            "@app.route('/save')",
            'Write method="post" in the form, and let the route accept POST.',
        ),
    ],
)
def test_a_form_with_put_for_another_route_is_posted(mistake, route, fix):
    written(mistake, route)
    send(mistake)

    assert mistake.advice.fix == fix
    assert mistake.advice.place.line == 7
    assert mended(mistake) == "POST Bob"


def test_delete_is_overridden_in_a_template(mistake):
    mistake.write(
        "program.py",
        """
        from flask import Flask, render_template, request

        app = Flask(__name__)

        @app.get('/')
        def index():
            return render_template('index.html')

        @app.delete('/save')
        def save():
            return request.method + ' ' + request.form['nm']
        """,
    )
    mistake.write(
        "templates/index.html",
        """
        <h1>Notes</h1>
        <form action="{{ url_for('save') }}" method=delete>
          <input name="nm">
        </form>
        """,
    )
    send(mistake)

    assert mistake.advice.place.file.endswith("index.html")
    assert mistake.advice.place.line == 2
    assert mended(mistake) == "DELETE Bob"


def test_a_setting_that_is_on_is_not_added_again(mistake):
    written(mistake, "app.config['METHOD_OVERRIDE'] = True\n\n    @app.put('/save')")
    send(mistake)

    assert "+app.config" not in mistake.advice.diff
    assert mended(mistake) == "PUT Bob"


def test_a_program_that_is_made_by_a_function_gets_the_sentence_without_a_diff(mistake):
    mistake.write(
        "program.py",
        """
        from flask import Flask, request

        def create_app():
            app = Flask(__name__)

            @app.get('/')
            def index():
                return '<form action="/save" method="put"><input name="nm"></form>'

            @app.put('/save')
            def save():
                return request.form['nm']

            return app

        app = create_app()
        """,
    )
    send(mistake)

    assert "HTML knows get and post only" in mistake.advice.what
    assert mistake.advice.diff == ""


def test_a_request_without_the_fields_of_the_form_was_not_sent_by_it(mistake):
    written(mistake, "@app.put('/save')")

    for path in ("/save", "/save?street=x"):
        advice = mistake.advised("GET", path)
        assert advice.what.startswith("You opened /save with GET")
        assert advice.fix == (
            "Correct the method of the form at program.py:7, which is sent with GET."
        )


def test_put_by_a_script_is_not_taken_for_the_form(mistake):
    written(mistake, "@app.post('/save')")

    advice = mistake.advised("PUT", "/save", data={"nm": "Bob"})

    assert advice.what == "PUT /save arrived; save() (program.py:9) accepts POST only."


# _method without the setting

HIDDEN = (
    '<form action="/save" method="post"><input name="nm">'
    '<input type="hidden" name="_method" value="PUT"></form>'
)


def test_a_hidden_method_needs_the_setting(mistake):
    written(mistake, "@app.put('/save')", HIDDEN)
    send(mistake)

    assert mistake.advice.what == (
        "POST /save has _method=PUT, which has no effect without the setting METHOD_OVERRIDE;"
        " save() (program.py:9) accepts PUT only."
    )
    assert mended(mistake) == "PUT Bob"


def test_a_hidden_method_that_the_route_does_not_accept_needs_no_setting(mistake):
    written(mistake, "@app.get('/save')", HIDDEN)
    send(mistake)

    assert mistake.advice.fix == (
        "Let save() accept POST: write methods=['GET', 'POST'] at its route."
    )


# Silent


def test_the_warning_about_the_query_names_the_method_of_the_form(mistake):

    mistake.write(
        "program.py",
        PROGRAM.format(route="@app.route('/save', methods=['GET', 'POST'])", form=FORM).replace(
            "request.form['nm']", "request.form.get('nm', '')"
        ),
    )
    app = mistake.load()
    watch(app)

    app.test_client().get("/save?nm=Bob")

    [warning] = warnings_of(app)
    assert "HTML knows get and post only" in warning.what
