"""The regulation benchmark: ten traces, and how well each of several policies holds a plant at its target in them.

- `traces`: what happens in each.
- `policies`: what sosw's controller is compared with.
- `figures`: what is counted, exactly.
- `plot`: docs/images/regulation.svg.
- `__main__`: `make regulation`.
"""
