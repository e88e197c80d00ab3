"""jero beside other frameworks, in one run, on one machine. `python -m benchmarks --help` tells how."""
