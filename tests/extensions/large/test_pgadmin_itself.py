"""pgAdmin 4: its pages load their scripts, which it exempts from the check of a token by name."""

import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

pytestmark = pytest.mark.skipif(find_spec("pgadmin4") is None, reason="see README.md")


@pytest.fixture
def server(launch, under_alias, tmp_path):
    program = Path(find_spec("pgadmin4").submodule_search_locations[0], "pgAdmin4.py")
    # In desktop mode, which has no login; the port is read from the environment.
    port = "import os, runpy, sys; os.environ['PGADMIN_INT_PORT'] = sys.argv[1]"
    call = f"{port}; sys.argv[1:] = []; runpy.run_path({str(program)!r}, run_name='__main__')"
    env = {"HOME": str(tmp_path), "PGADMIN_SERVER_MODE": "OFF"}
    return launch(sys.executable, *under_alias, "-c", call, "{port}", env=env)


def test_static_files_need_no_token_and_the_rest_does(server):
    statuses = {
        path: server.ask(path).status
        for path in [
            "/misc/ping",
            "/static/js/generated/app.bundle.js",
            "/static/favicon.ico",
            "/browser/js/endpoints.js",
            "/preferences/get_all",
            "/nowhere",
        ]
    }

    assert statuses == {
        "/misc/ping": 200,
        "/static/js/generated/app.bundle.js": 200,
        "/static/favicon.ico": 200,
        "/browser/js/endpoints.js": 200,
        "/preferences/get_all": 401,
        "/nowhere": 404,
    }
