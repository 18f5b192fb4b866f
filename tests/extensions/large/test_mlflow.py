"""mlflow: `mlflow server` starts uvicorn or gunicorn as a child process, and they import Flask."""

import json
import os
import sys
import urllib.request
from importlib.util import find_spec

import pytest

pytestmark = pytest.mark.skipif(find_spec("mlflow") is None, reason="see README.md")

# Runs at the start of each Python process; prints at its end which Flask it has loaded.
SAY = """
import atexit
import sys

def say():
    if "flask" in sys.modules:
        from pathlib import Path

        print("found", Path(sys.modules["flask"].__file__).parent.name, flush=True)

atexit.register(say)
"""


@pytest.fixture(params=[[], ["--gunicorn-opts", "--log-level info"]], ids=["uvicorn", "gunicorn"])
def server(request, launch, write, tmp_path, under_alias):
    write("sitecustomize.py", SAY)
    path = os.pathsep.join(filter(None, [str(tmp_path), os.environ.get("PYTHONPATH")]))
    return launch(
        *(sys.executable, *under_alias, "-m", "mlflow", "server", *request.param),
        *("--backend-store-uri", f"sqlite:///{tmp_path}/mlflow.db"),
        *("--default-artifact-root", str(tmp_path / "artifacts")),
        *("--host", "127.0.0.1", "--port", "{port}", "--workers", "1"),
        env={"PYTHONPATH": path, "DO_NOT_TRACK": "true"},
    )


def post(server, path, data):
    request = urllib.request.Request(
        f"http://{server.address}{path}",
        json.dumps(data).encode(),
        {"Content-Type": "application/json"},
    )
    with urllib.request.urlopen(request, timeout=60) as response:
        return json.loads(response.read())


def test_the_server_runs_on_what_its_parent_runs_on(server, framework):
    api = "/api/2.0/mlflow/experiments"
    created = post(server, f"{api}/create", {"name": "first"})

    found = server.ask(f"{api}/get?experiment_id={created['experiment_id']}")
    assert json.loads(found.text)["experiment"]["name"] == "first"
    assert server.ask(f"{api}/get?experiment_id=99").status == 404
    assert server.ask("/").status == 200
    assert server.ask("/version").text == "3.17.2"

    server.end()
    found = {line for line in server.output().splitlines() if line.startswith("found ")}
    assert found == {f"found {framework}"}
