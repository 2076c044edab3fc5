"""Simulations: the real roles in simulated time, with the latencies of a profile, and faults where they are wanted.

simulation = Simulation(settings, seed=7, profile=AWS, workers={"sales": Workers(seconds=(0.05, 0.5))})
simulation.submit({"lambda_name": "sales", "payload": {}})
figures = simulation.run()
figures.utilisation("sales"), figures.start_delay(99), figures.waits(), figures.overshoot
"""

from sosw.testing.simulation.code import Ran
from sosw.testing.simulation.figures import Attempt, Figures, Usage, percentile
from sosw.testing.simulation.profile import AWS, LOCAL, STILL, Faults, Profile, Workers
from sosw.testing.simulation.simulation import Simulation

__all__ = [
    "AWS",
    "LOCAL",
    "STILL",
    "Attempt",
    "Faults",
    "Figures",
    "Profile",
    "Ran",
    "Simulation",
    "Usage",
    "Workers",
    "percentile",
]
