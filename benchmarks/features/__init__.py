"""What web frameworks do without code of the program: one program for each, and the same probes.

`python -m benchmarks.features` runs the probes and stores the marks; docs/should-i-switch.md shows
the stored table.
"""
