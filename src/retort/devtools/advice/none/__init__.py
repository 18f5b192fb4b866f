"""Advice on values that are ``None``: the line that read the value, and why it was ``None``.

`reaching.py` finds the assignment of a name, `origins.py` the expression that gave ``None``;
`operations.py` finds the operand that failed, and `advisor.py` is the advice on ``TypeError`` and
``AttributeError``. Other advisors call `origin_of`.
"""

from .advisor import ended, none_used, where_read
from .origins import Origin, origin_of

__all__ = ["Origin", "ended", "none_used", "origin_of", "where_read"]
