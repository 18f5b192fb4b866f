"""Debug mode where others can reach it: a loud warning in a Flask, refused in a Retort."""

import pytest

PROGRAM = """
    import retort

    app = retort.{kind}(__name__)

    @app.get("/")
    def index():
        return "served"

    @app.get("/crash")
    def crash():
        raise ValueError("on purpose")

    if __name__ == "__main__":
        app.run("0.0.0.0", 0, debug=True, use_reloader=False)
"""

PUBLIC = ("-m", "retort", "run", "--debug", "--no-reload", "--host", "0.0.0.0", "--port", "0")


def program_of(kind):
    return PROGRAM.replace("{kind}", kind)


def test_a_flask_is_served_with_a_warning_and_without_a_console(start):
    program = start(program_of("Flask"), words=(*PUBLIC, "{file}"))
    program.wait_for_answer("served")

    page = program.get("/crash", Accept="text/html").text

    assert "WARNING: debug mode is on, and others can reach 0.0.0.0" in program.output
    assert "PIN" not in program.output
    assert "EVALEX = true" not in page
    assert program.get("/console").status == 404


def test_a_retort_is_refused_and_the_message_names_the_option(start):
    program = start(program_of("Retort"), words=(*PUBLIC, "{file}"))

    assert program.wait() == 1
    assert "--allow-public-debug" in program.output
    assert "ALLOW_PUBLIC_DEBUG" in program.output
    assert "Traceback" not in program.output


def test_a_retort_in_a_script_is_refused_too(start):
    program = start(program_of("Retort"), words=("-m", "retort", "{file}"))

    assert program.wait() == 1
    assert "--allow-public-debug" in program.output


@pytest.mark.parametrize("way", ["option", "variable", "config"])
def test_a_retort_can_be_allowed(start, way):
    source = program_of("Retort")
    if way == "config":
        source = source.replace(
            "(__name__)\n\n    @",
            '(__name__)\n    app.config["ALLOW_PUBLIC_DEBUG"] = True\n\n    @',
            1,
        )
    option = ("--allow-public-debug",) if way == "option" else ()
    env = {"FLASK_RUN_ALLOW_PUBLIC_DEBUG": "1"} if way == "variable" else {}
    program = start(source, words=(*PUBLIC, *option, "{file}"), env=env)

    program.wait_for_answer("served")

    assert "WARNING: debug mode is on" in program.output


def test_a_reloading_server_shows_the_refusal_until_it_is_mended(start):
    words = (*(word for word in PUBLIC if word != "--no-reload"), "{file}")
    program = start(program_of("Retort"), words=words)

    program.wait_for_answer("--allow-public-debug")
    assert program.get("/").status == 500

    program.rewrite("(__name__)\n", '(__name__)\napp.config["ALLOW_PUBLIC_DEBUG"] = True\n')

    program.wait_for_answer("served")


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
def test_on_this_machine_there_is_nothing_to_warn_of(start, host):
    words = tuple(host if word == "0.0.0.0" else word for word in PUBLIC)
    program = start(program_of("Retort"), words=(*words, "{file}"))
    program.wait_for_answer("served")

    assert "WARNING" not in program.output
    assert "PIN" in program.output


def test_production_on_a_public_address_prints_no_warning(start):
    words = tuple(word for word in PUBLIC if word not in ("--debug", "--no-reload"))
    program = start(program_of("Retort"), words=(*words, "{file}"))
    program.wait_for_answer("served")

    assert "WARNING" not in program.output
