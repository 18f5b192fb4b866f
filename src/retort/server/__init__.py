"""Serve an application: `run` from inside a script, `serve` for the command line.

Both use Granian, in development and in production, and both are the same program with
other defaults. What they leave to others: finding the application is the business of
`retort.cli` (it hands over a loader), what a request means is the application's.

**From a script**, `Flask.run` settles host, port and debug and calls
``retort.server.run(app, host, port, debug=..., **options)``.

**From the command line**, `retort run` calls ``retort.server.serve(load, ...)``, where ``load``
is a callable without arguments that returns the application. It is called once in every
process that serves:

- never in the process that only watches files or keeps workers alive;
- it must do everything a fresh process needs: install the alias, load ``.env``, import the
  program, call the factory;
- where there is no ``fork`` (macOS, Windows) it must be picklable: a function at module level,
  ``functools.partial`` of one, or an instance of a class at module level.

With ``reload``, the whole command line is run again in a child after each change, with
``WERKZEUG_RUN_MAIN=true`` in the environment, and arrives here a second time. `serve` then
knows what to do; the command line need not look. Whatever ``load`` raises: with ``reload`` it
is shown in the terminal and on a page with status 500 until the next save; without, but with
``debug``, it reaches the caller; in production the worker prints it, and `serve` raises
``SystemExit(1)``.
A ``click.ClickException`` is shown as its message alone, everything else with its traceback.
"""

from __future__ import annotations

from .command import serve
from .script import note_ignored_run, run

__all__ = ["note_ignored_run", "run", "serve"]
