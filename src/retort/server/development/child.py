"""Where the process of a reloading server begins: run the program again, as it was started.

Run by its path, never imported: ``python [options] child.py <the program's own words>``.
Everything else is in `reloaded.py`, which can only be imported after the path is put right.
"""

import os
import sys


def main() -> None:
    """Run the program that the arguments name."""
    words = sys.argv[1:]
    put_program_first_on_path(words)
    sys.orig_argv = [word for word in sys.orig_argv if word != __file__]

    from retort.server.development.reloaded import rerun

    rerun(words)


def put_program_first_on_path(words: list[str]) -> None:
    """Python put the folder of this file there; the program expects its own."""
    here = os.path.dirname(os.path.abspath(__file__))
    if not sys.path or os.path.abspath(sys.path[0]) != here:
        return  # python -P, or -I: nothing was put there
    if words[:1] == ["-m"]:
        sys.path[0] = os.getcwd()
    elif words[:1] == ["-c"]:
        sys.path[0] = ""
    else:
        sys.path[0] = os.path.dirname(os.path.realpath(words[0]))


if __name__ == "__main__":
    main()
