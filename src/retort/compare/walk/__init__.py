"""The walk through a program: links, forms, and methods that browsers rarely send.

`walk` decides what is requested next, `filling` fills in forms, `probes` derives further requests
from an address, and `addresses` resolves links.
"""

from .walk import Walk, check_patterns, parse_login

__all__ = ["Walk", "check_patterns", "parse_login"]
