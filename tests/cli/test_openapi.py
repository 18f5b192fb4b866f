"""``retort openapi``."""

import json

import pytest

PROGRAM = """
from flask import Flask, request

app = Flask(__name__)

@app.post("/orders/<int:number>")
def order(number):
    '''Change an order.'''
    return request.form["text"]

@app.route("/search", methods=["QUERY"])
def search():
    return ""
"""


@pytest.fixture
def program(write):
    return write("program.py", PROGRAM)


def test_the_document_is_printed_with_what_the_source_says(program, retort):
    result = retort("openapi", "program.py")

    assert result.returncode == 0, result.stdout
    document = json.loads(result.stdout)
    operation = document["paths"]["/orders/{number}"]["post"]
    assert operation["summary"] == "Change an order."
    form = operation["requestBody"]["content"]["application/x-www-form-urlencoded"]["schema"]
    assert form["required"] == ["text"]
    assert "/search" not in document["paths"]


def test_version_3_2_has_the_method_query(program, retort):
    document = json.loads(retort("openapi", "program.py", "--openapi", "3.2").stdout)

    assert document["openapi"] == "3.2.0"
    assert "query" in document["paths"]["/search"]


@pytest.mark.parametrize(
    "words",
    [
        ("openapi", "--app", "program.py"),
        ("--app", "program.py", "openapi"),
        ("openapi", "--openapi", "3.1", "program.py"),
        ("openapi", "program:app"),
    ],
)
def test_the_program_is_named_as_for_other_commands(program, retort, words):
    result = retort(*words)

    assert result.returncode == 0, result.stdout
    assert "/orders/{number}" in json.loads(result.stdout)["paths"]


def test_a_file_is_written_and_checked(program, retort, world):
    assert retort("openapi", "program.py", "--output", "openapi.json").stdout == ""
    result = retort("openapi", "program.py", "--check", "openapi.json")
    assert (result.returncode, result.stdout) == (0, "")

    file = world / "openapi.json"
    file.write_text(file.read_text().replace("Change an order.", "Change it."))
    result = retort("openapi", "program.py", "--check", "openapi.json")

    assert result.returncode == 1
    place = "/paths/~1orders~1{number}/post/summary"
    assert result.stdout.splitlines() == [
        "openapi.json is not what the program says; they differ in 1 place:",
        f'  {place}: the file has "Change it.", the program "Change an order."',
        "Write it again with 'retort openapi --output openapi.json'.",
    ]


def test_a_long_difference_is_cut(write, retort):
    routes = "\n".join(f"app.add_url_rule('/{n}', '{n}', str)" for n in range(60))
    write("long.py", f"from flask import Flask\napp = Flask(__name__)\n{routes}\n")
    write("empty.json", '{"openapi": "3.1.1", "paths": {}}')

    result = retort("openapi", "long.py", "--check", "empty.json")

    assert result.returncode == 1
    assert "  ... and 12 more." in result.stdout


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--check", "missing.json"], "Error: missing.json cannot be read"),
        (["--output", "missing/a.json"], "No such file or directory: 'missing/a.json'"),
        (["--output", "a.json", "--check", "a.json"], "use one of them."),
        (["--openapi", "3.0"], "'3.0' is not one of '3.1', '3.2'"),
        (["one", "more"], "There is one TARGET"),
        (["more"], "No such command 'more'"),
    ],
)
def test_wrong_words_are_errors(program, retort, words, message):
    result = retort("openapi", "program.py", *words)

    assert result.returncode in (1, 2)
    assert message in result.stderr


def test_a_wrong_setting_is_an_error(write, retort):
    write(
        "program.py",
        "from flask import Flask\napp = Flask(__name__)\napp.config['OPENAPI_INFO'] = 3\n",
    )

    result = retort("openapi", "program.py")

    assert result.returncode == 1
    assert result.stderr.startswith("Error: OPENAPI_INFO is 3. It is a dictionary")


def test_a_wrong_address_is_an_error(write, retort):
    write(
        "program.py",
        "from flask import Flask\napp = Flask(__name__)\napp.config['OPENAPI_URL'] = 'docs'\n",
    )

    result = retort("openapi", "program.py")

    assert result.returncode == 1
    assert result.stderr.startswith("Error: OPENAPI_URL is 'docs'. It is a path")


def test_a_command_of_the_program_with_that_name_stays(write, retort):
    write(
        "program.py",
        PROGRAM + "\n@app.cli.command('openapi')\ndef own():\n    print('the own command')\n",
    )

    assert "the own command" in retort("--app", "program.py", "openapi").stdout
