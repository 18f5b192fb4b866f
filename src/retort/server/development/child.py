"""Entry point of the reloader's child process, which runs the program.

It is run by its path, never imported: ``python [options] child.py <the program's own arguments>``.
Everything else is in `reloaded.py`, which can only be imported once `sys.path` is correct.
"""

import os
import sys


def main() -> None:
    """Run the program given by the arguments."""
    arguments = sys.argv[1:]
    set_program_path(arguments)
    sys.orig_argv = [argument for argument in sys.orig_argv if argument != __file__]

    from retort.server.development.reloaded import rerun

    rerun(arguments)


def set_program_path(arguments: list[str]) -> None:
    """Replace this file's folder at the start of `sys.path` by the program's."""
    here = os.path.dirname(os.path.abspath(__file__))
    if not sys.path or os.path.abspath(sys.path[0]) != here:
        return  # python -P or -I: the folder was not added
    if arguments[:1] == ["-m"]:
        sys.path[0] = os.getcwd()
    elif arguments[:1] == ["-c"]:
        sys.path[0] = ""
    else:
        sys.path[0] = os.path.dirname(os.path.realpath(arguments[0]))


if __name__ == "__main__":
    main()
