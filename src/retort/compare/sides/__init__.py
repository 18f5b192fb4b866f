"""The sides of a comparison: the program on one framework, with its own data and processes.

`specs` says which sides there are, `folders` copies the program's folder, `process` runs one
process, and `side` holds them together. The code in the process is `retort/cli/compare_side.py`.
"""

from .side import Side
from .specs import SideSpec, default_specs, parse_sides

__all__ = ["Side", "SideSpec", "default_specs", "parse_sides"]
