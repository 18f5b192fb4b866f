"""What the sides need: processor time, latency, memory and start.

`rounds` sends the requests in rounds in which the sides take turns; `ratios` turns the figures of
the rounds into ratios with ranges.
"""

from .rounds import Measured, measure

__all__ = ["Measured", "measure"]
