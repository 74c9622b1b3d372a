"""A contact center simulated from cause to effect, written as the tables of the raw contract.

One module per stage of the causal chain: ``population`` (customers), ``demand`` (their needs), ``workforce``
(agents and rosters), ``entry`` (IVR, bots, opening hours), ``routing`` (the queues), ``live`` and
``deferred`` (the work), ``outbound`` (contacts that no customer starts), ``contacts`` (records as tables),
``defects`` (bad input). ``center`` puts a day together, ``run`` the whole period. See docs/simulator.md.
"""

from cx_metrics.simulator.run import SimulationSummary, simulate

__all__ = ["SimulationSummary", "simulate"]
