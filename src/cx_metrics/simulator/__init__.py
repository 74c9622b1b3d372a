"""A contact center simulated from cause to effect, written as the tables of the raw contract.

One module per stage of the causal chain: ``population`` (customers), ``demand`` (their needs), ``workforce``
(agents and rosters), ``entry`` (IVR, bots, opening hours), ``routing`` (the queues), ``live`` and
``deferred`` (the work), ``outbound`` (contacts that no customer starts), ``contacts`` (records as tables),
``defects`` (bad input). ``center`` puts a day together, ``run`` the whole period, ``command`` is the command
line. See docs/simulator.md.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from cx_metrics.simulator.run import SimulationSummary, simulate

__all__ = ["SimulationSummary", "simulate"]


def __getattr__(name: str) -> Any:
    """Import the simulation when it is first used: the help of its command does not need it."""
    if name in __all__:
        from cx_metrics.simulator import run

        return getattr(run, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
