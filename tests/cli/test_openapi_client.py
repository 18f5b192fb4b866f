"""`retort openapi client`: which generator runs, and with which arguments."""

import json
import os
import sys
from pathlib import Path

import pytest

SHOP = """
    from flask import Flask

    app = Flask(__name__)

    @app.get("/orders/<int:id>")
    def order(id):
        return {"id": id}
"""

# Writes down its arguments and the document, which is the argument at this place.
FAKE = """\
    #!/bin/sh
    printf '%s\\n' "$@" > arguments
    cp "${{{place}}}" document.json
    echo generated
    {last}
"""
PLACES = {"openapi-python-client": 3, "openapi-typescript": 1}
NO_GENERATOR = {"PATH": "/usr/bin:/bin"}


@pytest.fixture
def fake(write):
    """Install a generator into a folder; the result is the environment with that folder."""

    def fake(name, folder="tools", last="exit 0", mode=0o755):
        file = write(f"{folder}/{name}", FAKE.format(place=PLACES[name], last=last))
        file.chmod(mode)
        return {"PATH": f"{file.parent}:/usr/bin:/bin"}

    return fake


@pytest.fixture
def shop(write):
    write("shop.py", SHOP)


def arguments():
    return Path("arguments").read_text().splitlines()


@pytest.mark.usefixtures("shop")
def test_python_runs_openapi_python_client_with_the_document(retort, fake):
    env = fake("openapi-python-client")

    done = retort("openapi", "client", "shop.py", "--python", "client", env=env)

    assert (done.returncode, done.stdout, done.stderr) == (0, "generated\n", "")
    generate, path, document, output_path, output = arguments()
    assert (generate, path) == ("generate", "--path")
    assert (output_path, output) == ("--output-path", "client")
    assert not Path(document).exists()  # removed afterwards
    content = json.loads(Path("document.json").read_text())
    assert list(content["paths"]) == ["/orders/{id}"]
    assert content["openapi"].startswith("3.1")


@pytest.mark.usefixtures("shop")
def test_typescript_runs_openapi_typescript_with_the_document(retort, fake):
    env = fake("openapi-typescript")

    done = retort("openapi", "client", "shop.py", "--typescript", "shop.d.ts", env=env)

    assert (done.returncode, done.stdout, done.stderr) == (0, "generated\n", "")
    assert arguments()[1:] == ["--output", "shop.d.ts"]
    assert list(json.loads(Path("document.json").read_text())["paths"]) == ["/orders/{id}"]


@pytest.mark.usefixtures("shop")
@pytest.mark.parametrize("words", [["shop.py"], ["--app", "shop"]], ids=["target", "--app"])
def test_options_after_two_dashes_are_those_of_the_generator(words, retort, fake):
    env = fake("openapi-python-client")
    options = ["--python", "client", "--", "--overwrite", "--meta", "none"]

    done = retort("openapi", "client", *words, *options, env=env)

    assert done.returncode == 0, done.stderr
    assert arguments()[-3:] == ["--overwrite", "--meta", "none"]


@pytest.mark.usefixtures("shop")
@pytest.mark.parametrize(("last", "status"), [("exit 3", 3), ("kill -TERM $$", 143)])
def test_the_exit_status_is_that_of_the_generator(last, status, retort, fake):
    env = fake("openapi-python-client", last=last)

    assert retort("openapi", "client", "shop.py", "--python", "c", env=env).returncode == status


@pytest.mark.usefixtures("shop")
def test_a_generator_in_node_modules_of_a_folder_above_is_found(retort, fake, world):
    fake("openapi-typescript", "node_modules/.bin")
    inner = world / "backend"
    inner.mkdir()
    words = ["../shop.py", "--typescript", "shop.d.ts"]

    done = retort("openapi", "client", *words, env=NO_GENERATOR, cwd=inner)

    assert done.stdout == "generated\n", done.stderr


@pytest.mark.parametrize(
    ("option", "name", "install"),
    [
        ("--python", "openapi-python-client", "pip install openapi-python-client"),
        (
            "--typescript",
            "openapi-typescript",
            "npm install --save-dev openapi-typescript typescript",
        ),
    ],
)
def test_a_generator_that_is_not_installed_is_an_error_with_the_command(
    option, name, install, retort
):
    """The program is not loaded before: there is none."""
    if (Path(sys.executable).parent / name).exists():
        pytest.skip(f"{name} is installed beside Python")

    done = retort("openapi", "client", option, "client", env=NO_GENERATOR)

    assert done.returncode == 1
    assert done.stderr.startswith(f"Error: {name} is not installed: ")
    assert done.stderr.endswith(f" Install it with: {install}\n")


@pytest.mark.usefixtures("shop")
def test_a_generator_that_cannot_be_started_is_an_error(retort, fake, write):
    env = fake("openapi-python-client")
    write("tools/openapi-python-client", "#!/no/such/interpreter\n").chmod(0o755)

    done = retort("openapi", "client", "shop.py", "--python", "client", env=env)

    assert done.returncode == 1
    assert "openapi-python-client could not be started: " in done.stderr


@pytest.mark.parametrize(
    "words", [[], ["--python", "a", "--typescript", "b"], ["--python", ""]], ids=str
)
def test_neither_or_both_outputs_are_an_error(words, retort):
    done = retort("openapi", "client", *words)

    assert done.returncode == 2
    assert "--python FOLDER or --typescript FILE, and only one of them." in done.stderr


def test_a_program_that_does_not_load_is_an_error_and_runs_no_generator(retort, fake, write):
    env = fake("openapi-python-client")
    write("shop.py", "import nothing_of_this_name")

    done = retort("openapi", "client", "shop.py", "--python", "client", env=env)

    assert done.returncode != 0
    assert "nothing_of_this_name" in done.stderr
    assert not os.path.exists("arguments")
