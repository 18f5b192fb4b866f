"""The page about OpenAPI shows what the command prints."""

import importlib.util
import json
import re
from pathlib import Path

import retort
from retort.devtools.openapi import infer_from
from retort.extensions.openapi import document

PAGE = (Path(__file__).parents[2] / "docs" / "openapi.md").read_text(encoding="utf-8")


def test_the_body_on_the_page_is_that_of_the_program(tmp_path):
    program = tmp_path / "program.py"
    program.write_text(re.search(r"```python\n(.*?)```", PAGE, re.S)[1])
    spec = importlib.util.spec_from_file_location("program_of_the_page", program)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    (shown,) = re.findall(r"```json\n(.*?)```", PAGE, re.S)

    paths = document(module.app, infer=infer_from(module.app))["paths"]

    operation = paths["/orders"]["post"]
    assert json.loads(f"{{{shown}}}") == {"requestBody": operation["requestBody"]}
    assert list(operation["responses"]) == ["201", "400", "413"]
    assert list(paths["/orders/{number}"]["get"]["responses"]) == ["200", "404"]


def test_the_keys_of_the_page_are_those_of_the_configuration():
    named = set(re.findall(r"OPENAPI_[A-Z_]+", PAGE))

    assert named == {key for key in retort.Flask.default_config if key.startswith("OPENAPI_")}
