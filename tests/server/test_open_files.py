"""A low limit of open files is reported at the start."""

import resource
import sys
import textwrap

import pytest

PROGRAM = """
    import resource
    from flask import Flask

    app = Flask(__name__)

    @app.get("/")
    def index():
        return str(resource.getrlimit(resource.RLIMIT_NOFILE)[0])
"""


@pytest.fixture
def limited(start, tmp_path):
    """Serve with these limits, soft and hard."""

    def limited(soft, hard):
        command = [sys.executable, "-m", "retort", "run", "--port=0", str(tmp_path / "shop.py")]
        (tmp_path / "shop.py").write_text(textwrap.dedent(PROGRAM))
        return start(
            "import os, resource\n"
            f"resource.setrlimit(resource.RLIMIT_NOFILE, ({soft}, {hard}))\n"
            f"os.execv({sys.executable!r}, {command!r})\n"
        )

    return limited


@pytest.mark.parametrize(("files", "connections"), [(200, 100), (1024, 768)])
def test_a_low_limit_is_reported_with_its_consequence_and_how_to_raise_it(
    limited, files, connections
):
    program = limited(files, files)

    assert program.get("/").text == str(files)
    assert f"The limit of open files is low ({files})" in program.output
    assert f"holds at most {connections} connections" in program.output
    assert "ulimit -n 16384" in program.output
    assert "LimitNOFILE=16384" in program.output
    assert program.output.count("limit of open files") == 1


def test_a_low_limit_that_may_be_raised_is_raised_silently(limited):
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard != resource.RLIM_INFINITY and hard < 4096:
        pytest.skip("this system's own limit is low")
    program = limited(200, 4096)

    assert program.get("/").text == "4096"
    assert "limit of open files" not in program.output
