"""404: a part of the address that the converter of a route does not accept."""

import pytest

PROGRAM = """
    from flask import Flask
    from werkzeug.routing import BaseConverter, ValidationError

    class Year(BaseConverter):
        regex = r'\\d{4}'

    class Even(BaseConverter):
        def to_python(self, value):
            if int(value) % 2:
                raise ValidationError
            return int(value)

    app = Flask(__name__)
    app.url_map.converters.update(year=Year, even=Even)

    @app.route(RULE)
    def user(**values):
        return str(values)
"""


def written(mistake, rule):
    mistake.write("program.py", PROGRAM.replace("RULE", repr(rule)))


@pytest.mark.parametrize(
    ("rule", "path", "accepted", "text", "good"),
    [
        ("/user/<int:id>", "/user/ada", "whole numbers without a sign", "ada", "/user/7"),
        ("/user/<int:id>", "/user/-7", "whole numbers without a sign", "-7", "/user/7"),
        ("/user/<int:id>/edit", "/user/x/edit", "whole numbers without a sign", "x", None),
        ("/user/<int(signed=True):id>", "/user/x", "whole numbers", "x", "/user/-7"),
        (
            "/user/<int(fixed_digits=4):id>",
            "/user/7",
            "whole numbers without a sign with 4 digits",
            "7",
            "/user/0007",
        ),
        (
            "/user/<int(min=1, max=9):id>",
            "/user/10",
            "whole numbers without a sign from 1 up to 9",
            "10",
            "/user/9",
        ),
        (
            "/user/<float:id>",
            "/user/7",
            "numbers with a decimal point (1.5) without a sign",
            "7",
            "/user/7.0",
        ),
        ("/user/<any(ada, bob):id>", "/user/eve", "'ada' or 'bob'", "eve", "/user/bob"),
        ("/user/<string(length=2):id>", "/user/eve", "text of 2 characters", "eve", "/user/ab"),
        (
            "/user/<string(maxlength=2):id>",
            "/user/eve",
            "text of 1 to 2 characters",
            "eve",
            "/user/a",
        ),
        (
            "/user/<string(minlength=4):id>",
            "/user/eve",
            "text of 4 characters or more",
            "eve",
            "/user/evelyn",
        ),
        (
            "/user/<uuid:id>",
            "/user/7",
            "UUIDs (123e4567-e89b-12d3-a456-426614174000)",
            "7",
            "/user/123e4567-e89b-12d3-a456-426614174000",
        ),
        ("/user/<year:id>", "/user/7", r"text that matches \d{4}", "7", "/user/1999"),
        ("/user/<even:id>", "/user/7", "what to_python() of Even accepts", "7", "/user/8"),
    ],
)
def test_what_the_converter_accepts_is_said(mistake, rule, path, accepted, text, good):
    written(mistake, rule)

    advice = mistake.advised("GET", path)

    variable = f"<{rule.partition('<')[2].partition('>')[0]}>"
    assert advice.what == (
        f"{path} was not found: {variable} in {rule} accepts only {accepted}, and the address has"
        f" {text!r}."
    )
    assert advice.place.source == f"@app.route({rule!r})"
    assert good is None or mistake.ask("GET", good).status_code == 200


def test_the_route_that_accepts_any_text_is_proposed(mistake):
    written(mistake, "/user/<int:id>/edit")

    advice = mistake.advised("GET", "/user/ada/edit")

    assert advice.fix == (
        "Write <id> in place of <int:id> to accept any text, or correct the address."
    )


def test_the_other_routes_for_the_address_are_named(mistake):
    written(mistake, "/user/<int:id>")
    text = (mistake.folder / "program.py").read_text()
    mistake.write(
        "program.py", f"{text}\n\n@app.get('/<any(group):kind>/<name>')\ndef group(**k): pass\n"
    )

    advice = mistake.advised("GET", "/user/ada")

    assert advice.why == "/<any(group):kind>/<name> accepts only 'group'."


@pytest.mark.parametrize("path", ["/usr/7", "/user/7/", "/user/", "/user/7/8", "/"])
def test_another_address_is_not_blamed_on_the_converter(mistake, path):
    written(mistake, "/user/<int:id>")

    assert "accepts" not in mistake.advised("GET", path).what


def test_a_route_of_another_host_is_not_blamed(mistake):
    written(mistake, "/user/<int:id>")
    text = (mistake.folder / "program.py").read_text()
    mistake.write("program.py", text.replace("@app.route(", "@app.route(subdomain='api', rule="))

    assert "accepts" not in mistake.advised("GET", "/user/ada").what


def test_a_route_without_variables_that_is_like_the_address_is_named(mistake):
    written(mistake, "/user/<int:id>")
    text = (mistake.folder / "program.py").read_text()
    mistake.write("program.py", f"{text}\n\n@app.get('/user/list')\ndef all(): pass\n")

    advice = mistake.advised("GET", "/user/lst")

    assert advice.what.startswith(
        "/user/lst was not found: <int:id> in /user/<int:id> accepts only"
    )
    assert advice.fix == "Correct the address: /user/list is a route."


def test_a_form_that_is_sent_there_is_not_blamed_on_a_converter(mistake):
    written(mistake, "/user/<int:id>")
    mistake.write("page.html", '<form action="/user/new"></form>\n')

    assert "A form is sent there (page.html:1)." in mistake.advised("GET", "/user/new").what


def test_a_file_beside_the_program_is_not_blamed_on_a_converter(mistake):
    written(mistake, "/<int:id>")
    mistake.write("login.html", "<p>hello</p>")

    assert "login.html is a file" in mistake.advised("GET", "/login.html").what


def test_a_view_that_answers_404_accepted_the_value(mistake):
    written(mistake, "/user/<int:id>")
    text = (mistake.folder / "program.py").read_text()
    mistake.write(
        "program.py",
        text.replace("return str(values)", "from flask import abort\n    abort(404)"),
    )

    mistake.ask("GET", "/user/7")

    assert mistake.errors
    assert mistake.advice is None
