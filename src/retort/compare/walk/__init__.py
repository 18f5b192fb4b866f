"""The walk through a program: links, forms, and methods that browsers rarely send.

`walk` decides what is requested next, `forms` sends forms, `filling` fills them in by `values` and
`patterns`, `places` finds what corresponds in the pages of the sides, `probes` derives further
requests from an address, `addresses` resolves links, and `login` reads options.
"""

from .login import check_patterns, parse_login
from .walk import Walk

__all__ = ["Walk", "check_patterns", "parse_login"]
