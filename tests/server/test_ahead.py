"""What a worker of `retort run` has imported before the first request."""

import pytest

PROGRAM = """
import sys
from flask import Flask

app = Flask(__name__)

@app.get("/")
def imported():
    return " ".join(sorted(sys.modules))
"""

WITH_BLUEPRINT = (
    PROGRAM
    + """
from flask import Blueprint
app.register_blueprint(Blueprint("pages", __name__, template_folder="pages"))
"""
)


@pytest.fixture
def imported(serve, tmp_path):
    def imported(program, folder=None):
        tmp_path.joinpath("program.py").write_text(program)
        if folder is not None:
            tmp_path.joinpath(folder).mkdir()
        with serve(str(tmp_path / "program.py")) as site:
            return set(site.ask("GET", "/").text.split())

    return imported


def test_a_worker_without_templates_serves_without_jinja_and_what_is_for_development(imported):
    modules = imported(PROGRAM)

    assert "retort.server.process.worker_main" in modules
    assert not modules & {"code", "jinja2", "retort.testing", "werkzeug.debug"}
    assert not [name for name in modules if name.startswith("retort.devtools")]


@pytest.mark.parametrize(
    ("program", "folder"),
    [(PROGRAM, "templates"), (WITH_BLUEPRINT, "pages")],
    ids=["application", "blueprint"],
)
def test_jinja_is_preloaded_if_there_is_a_template_folder(imported, program, folder):
    assert "jinja2" in imported(program, folder)
