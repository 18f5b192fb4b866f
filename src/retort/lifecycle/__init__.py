"""The way of a request: what is composed before it, what runs, what an error becomes.

`compose.py` makes a `plan.py` of what is registered, `run.py` runs it. `overrides.py` has the
methods that a program may replace, `policies.py` the checks that are composed in where they are
configured, and `errors.py` what exceptions become.
"""
