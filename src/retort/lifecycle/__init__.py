"""The lifecycle of a request: plans are composed before it, run, and handle its errors.

`compose.py` composes a plan (`plan.py`) from the registries, `run.py` runs it. `overrides.py`
lists the methods that a program may override, `policies.py` has the checks that a plan includes
if they are configured, and `errors.py` converts exceptions to responses.
"""
