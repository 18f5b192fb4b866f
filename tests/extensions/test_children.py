"""Programs that start Python again: what they start imports the same Flask as they do.

As ``mlflow server``, Calibre-Web's "Restart" and multiprocessing's *spawn* do.
"""

import subprocess
import sys

import pytest

SAY = """
from pathlib import Path
import flask
print("found", Path(flask.__file__).parent.name, flush=True)
"""

STARTS = {
    "subprocess": """
import subprocess, sys
subprocess.run([sys.executable, "say.py"], check=True)
""",
    "a command": """
import subprocess
subprocess.run("python -c 'import say'", shell=True, check=True)
""",
    "spawn": """
import multiprocessing, runpy
def main():
    process = multiprocessing.get_context("spawn").Process(target=runpy.run_path, args=["say.py"])
    process.start()
    process.join()
if __name__ == "__main__":
    main()
""",
    "forkserver": """
import multiprocessing, runpy
if __name__ == "__main__":
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["flask"])
    process = context.Process(target=runpy.run_path, args=["say.py"])
    process.start()
    process.join()
""",
    "exec": """
import os, sys
os.execv(sys.executable, [sys.executable, "say.py"])
""",
    "exec of the same command": """
import os, sys
if os.environ.get("IS_RESTARTED"):
    import say
else:
    os.environ["IS_RESTARTED"] = "1"
    os.execv(sys.executable, [sys.executable, *sys.argv])
""",
}


@pytest.mark.parametrize("how", STARTS)
def test_a_child_finds_what_its_parent_finds(
    write, tmp_path, under_alias, framework, how, shell_environment
):
    write("say.py", SAY)
    write("program.py", STARTS[how])

    result = subprocess.run(
        [sys.executable, *under_alias, "program.py"],
        cwd=tmp_path,
        env=shell_environment,
        capture_output=True,
        text=True,
        check=True,
        timeout=120,
    )

    assert result.stdout == f"found {framework}\n"


def test_a_server_that_a_command_starts_serves_with_the_same(write, launch, under_alias, framework):
    """As ``mlflow server`` starts gunicorn."""
    write("app.py", "import say, flask; app = flask.Flask(__name__)")
    write("say.py", SAY)
    write(
        "program.py",
        """
import subprocess, sys
words = ["-m", "gunicorn", "--bind", f"127.0.0.1:{sys.argv[1]}", "app:app"]
sys.exit(subprocess.run([sys.executable, *words]).returncode)
""",
    )
    server = launch(sys.executable, *under_alias, "program.py", "{port}")

    assert server.ask("/").status == 404
    assert f"found {framework}\n" in server.output()
