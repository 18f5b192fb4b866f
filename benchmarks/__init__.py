"""How fast Retort is, next to Flask and to the peers: `make bench`, and `docs/benchmarks.md`."""
