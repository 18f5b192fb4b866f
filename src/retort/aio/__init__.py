"""Run coroutines: the event loop of a process, and steps of a request on it. Knows no application.

`loop.py` has the loop, `steps.py` what a request runs on it, `bodies.py` response bodies that are
asynchronous iterators.
"""
