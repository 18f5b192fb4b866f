"""Serve an application: `script.run` from a script, `command.serve` for the command line.

Both use Granian, in development and in production, with different defaults. `retort.cli` finds the
application and passes a loader.

**From a script**, `Flask.run` determines host, port and debug and calls
``script.run(app, host, port, debug=..., **options)``.

**From the command line**, `retort run` calls ``command.serve(load, ...)``. ``load`` is a callable
without arguments that returns the application:

- It is called once in every serving process, and never in a process that only watches files or
  supervises workers.
- It must do everything a new process needs: install the alias, load ``.env``, import the program,
  call the factory.
- Where there is no ``fork`` (macOS, Windows) it must be picklable: a function at module level,
  ``functools.partial`` of one, or an instance of a class at module level.

With ``reload``, the whole command line runs again in a child process after each change, with
``WERKZEUG_RUN_MAIN=true`` in the environment. It calls `serve` a second time, which detects the
child process.

An exception from ``load`` is shown in the terminal and on a page with status 500 until the next
change (with ``reload``), reaches the caller (with ``debug`` only), or is printed by the worker, and
`serve` raises ``SystemExit(1)`` (in production). A ``click.ClickException`` is shown as its message
alone, all others with a traceback.

This file imports nothing: the command line reads `options`, `limits` and `process.recycling` for
its own options, without the server.
"""
