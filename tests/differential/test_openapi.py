"""The documents of all programs have no errors."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
from openapi_spec_validator import validate

HERE = Path(__file__).parent
EXAMPLES = sorted((HERE.parents[1] / "examples").glob("*/*.py"))


def output_of(*command):
    done = subprocess.run(
        [sys.executable, *map(str, command)],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_the_document_of_every_program_is_valid():
    found = json.loads(output_of(HERE / "flask" / "documents.py"))

    assert len(found) > 60
    for documents in found.values():
        for document in documents.values():
            validate(document)
    assert sum(len(documents["3.1"]["paths"]) for documents in found.values()) > 250


@pytest.mark.parametrize(
    "program",
    [path for path in EXAMPLES if "Flask(" in path.read_text() or "Retort(" in path.read_text()],
    ids=lambda path: path.stem,
)
def test_the_document_of_every_example_is_valid(program):
    found = json.loads(output_of("-m", "retort", "--app", program, "openapi"))

    validate(found)
    assert found["paths"]
