"""A contact center simulated from cause to effect, written as the tables of the raw contract.

One package per domain: ``contacts`` (customers, demand, the front door, queues, records), ``workforce``,
``automation``, ``experience``, ``quality``, ``retention``, ``value``, ``finance``, and ``defects`` (bad input).
``run`` takes the center through the period and asks the ``domains`` for their rows, ``effects`` names what can
be switched off, ``world`` holds what is the same in every simulation, ``command`` is the command line.
See docs/simulator.md.
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
