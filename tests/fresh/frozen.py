"""Freeze a program with PyInstaller, and look which server it is served with.

    python3 tests/fresh/frozen.py

By hand and before a release: it downloads PyInstaller, which needs about a minute to build.
"""

from __future__ import annotations

import contextlib
import http.client
import socket
import subprocess
import sys
import tempfile
import textwrap
import time
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parents[2]
WAIT_SECONDS = 60
PROGRAM = textwrap.dedent("""
    import sys
    from retort import Flask, request

    app = Flask(__name__)

    @app.get("/")
    def index():
        return "on " + request.environ["SERVER_SOFTWARE"]

    @app.get("/broken")
    def broken():
        raise ValueError("a mistake in the program")

    if __name__ == "__main__":
        app.run(port=int(sys.argv[1]), debug="debug" in sys.argv)
""")


def build(folder: Path) -> Path:
    """The frozen program."""
    run([sys.executable, "-m", "venv", folder / "environment"])
    tools = folder / "environment" / "bin"
    run([tools / "python", "-m", "pip", "install", "--quiet", "pyinstaller", CHECKOUT])
    (folder / "shop.py").write_text(PROGRAM)
    words = ["--onedir", "--log-level", "WARN", "--collect-data", "retort", "shop.py"]
    run([tools / "pyinstaller", *words], cwd=folder)
    (folder / "shop.py").unlink()  # nothing of it but what is frozen
    return folder / "dist" / "shop" / "shop"


def run(command, cwd=None) -> None:
    subprocess.run([str(word) for word in command], check=True, cwd=cwd)


def ask(port: int, path: str) -> str:
    """The body of the answer, when the server is up."""
    give_up_at = time.monotonic() + WAIT_SECONDS
    while True:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=WAIT_SECONDS)
        with contextlib.closing(connection):
            try:
                connection.request("GET", path)
                return connection.getresponse().read().decode()
            except ConnectionError:
                if time.monotonic() > give_up_at:
                    raise
        time.sleep(0.1)


def check(program: Path, *words: str) -> str:
    """What the program prints; its answers are looked at."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    log = program.parent / f"{'-'.join(['log', *words])}.txt"
    with log.open("wb") as output:
        process = subprocess.Popen(
            [str(program), str(port), *words], cwd=program.parent, stdout=output, stderr=output
        )
    try:
        found = ask(port, "/")
        error = ask(port, "/broken")
    finally:
        process.terminate()
        process.wait(WAIT_SECONDS)
        print(log.read_text())
    if found != "on Granian":
        raise SystemExit(f"FAILED {words}: served {found!r}")
    if ("a mistake in the program" in error) != ("debug" in words):
        raise SystemExit(f"FAILED {words}: the error page is\n{error}")
    return log.read_text()


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        program = build(Path(folder))
        printed = [check(program), check(program, "debug")]
    if any("Werkzeug's development server" in text for text in printed):
        raise SystemExit("FAILED: Werkzeug's server was used")
    if "Reloader off: this program is frozen" not in printed[1]:
        raise SystemExit("FAILED: nothing is said about the reloader")
    print("Passed.")


if __name__ == "__main__":
    main()
