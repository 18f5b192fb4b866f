"""The error of a description from which no file can be written."""

from __future__ import annotations


class DeployError(ValueError):
    """A value that no file can be written for; the message names it and what to do."""
