"""Print the OpenAPI document of every program, by name, as JSON."""

import json
import sys
import warnings
from pathlib import Path

import retort.as_flask

retort.as_flask.install()
sys.path.insert(0, str(Path(__file__).parent))

import recorder  # noqa: E402

from retort.devtools.openapi import infer_from  # noqa: E402
from retort.extensions.openapi import document  # noqa: E402


def main():
    found = {}
    for path in sorted(recorder.PROGRAMS.glob("*.py")):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            app = recorder.load(path.stem).create_app()
        found[path.stem] = {
            version: document(app, version, infer=infer_from(app)) for version in ("3.1", "3.2")
        }
    print(json.dumps(found))


if __name__ == "__main__":
    main()
