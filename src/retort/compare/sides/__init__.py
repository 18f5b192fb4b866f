"""The sides of a comparison: the program on one framework, with its own data and processes.

`specs` says which sides there are, `folders` copies the program's folder, `reset` makes its data,
`process` runs one process, and `side` holds them together. The code in the process is
`retort/cli/compare_side.py`; `guard` runs in all Python processes of a side, and `observed` reads
what it records. `usage` reads processor time and memory.
"""

from .side import Side, start_all
from .specs import SideSpec, default_specs, parse_sides

__all__ = ["Side", "SideSpec", "default_specs", "parse_sides", "start_all"]
