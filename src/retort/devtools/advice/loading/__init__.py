"""Advice on a program that does not load: its syntax."""

from .syntax import syntax_error

__all__ = ["ADVISORS"]

ADVISORS = (syntax_error,)
