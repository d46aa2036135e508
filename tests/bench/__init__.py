"""How fast it is, measured beside the least that the same work costs: see docs/benchmarks.md."""
