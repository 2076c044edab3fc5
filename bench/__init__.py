"""The benchmark: our real classes beside those of sosw 0.7.51, on the same machine in the same run.

- `__main__`: the command of `make bench`.
- `figures`: what was measured, and the budgets; written and read as JSON.
- `pages`: the same for people: tables on the terminal, and docs/benchmarks.md.
- `sections/`: one module for each thing that is measured. To measure more, add one, and its line to `SECTIONS` there.
- `here/`: programs that measure our classes, each in a process of its own; `programs` runs them.
- `peer/`: the same for sosw 0.7.51, in its own environment; they import nothing of ours but what is named next.
- `jobs`, `meter`, `stand_in`: of the standard library alone, for both sides.
"""
