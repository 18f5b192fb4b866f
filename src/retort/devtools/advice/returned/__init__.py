"""Advice on return values that are no response: ``None``, a number, a set, what JSON lacks."""
