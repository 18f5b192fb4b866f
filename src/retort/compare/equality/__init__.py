"""Compares responses: where they differ, apart from noise.

`responses` compares whole responses. The parts of a response become values by place: `fields` does
this for status and header fields, `cookies` for cookies and the session, `bodies` for bodies.
`values` compares the values of one place, `lines` those of texts. `shapes` and `times` decide
whether a value is noise.
"""

from .responses import Verdict, compare

__all__ = ["Verdict", "compare"]
