"""One side of the comparison: answers jobs about the framework that `import flask` finds.

    python side.py flask FOLDER     the real Flask, installed in FOLDER
    python side.py retort           Retort, under the name of Flask

A job is one line of JSON on standard input, its answer one on standard output. Both sides
run this same file; beyond the line that decides who answers to `import flask`, neither the
jobs nor the programs know who they run on.
"""

import importlib
import json
import os
import sys
import traceback

JOBS = {
    "names": "names:walk",
    "names exist": "names:look_up",
    "objects lack": "names:objects_lack",
    "versions": "names:versions",
    "program": "recorder:record",
    "random app": "random_apps:answer",
    "mixed app": "mixed_apps:answer",
    "by client": "over_http:by_client",
    "by server": "over_http:by_server",
}


def choose_framework(side, folder=None):
    if side == "retort":
        import retort.as_flask

        retort.as_flask.install()
        return "retort"
    sys.path.insert(0, folder)
    return folder


def check_framework(home):
    """An answer of the wrong framework would compare equal, and mean nothing."""
    import flask

    if home not in flask.__file__:
        raise RuntimeError(f"`import flask` found {flask.__file__}, which is not in {home}")


def do(job):
    module, _, function = JOBS[job["job"]].partition(":")
    return getattr(importlib.import_module(module), function)(*job["arguments"])


def serve(answers):
    for line in sys.stdin:
        try:
            answer = {"answer": do(json.loads(line))}
        except Exception:
            answer = {"failed": traceback.format_exc()}
        answers.write(json.dumps(answer) + "\n")
        answers.flush()


def main():
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # what a program prints is no answer
    sys.path.insert(0, os.path.dirname(__file__))
    check_framework(choose_framework(*sys.argv[1:]))
    serve(answers)


if __name__ == "__main__":
    main()
