"""What a validation found: an outcome for each expectation, put together by suite and for the whole run."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from cx_metrics.validation.suites import Expectation, Severity, Suite

Status = Literal["passed", "failed", "no data", "absent", "not judged"]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one expectation.

    `failed` and `not judged` (it could not be run) count by their severity. `no data` has no value to judge,
    `absent` reads a table that is not there. `sample` holds a few of the values or rows that broke it.
    """

    suite: str
    expectation: Expectation
    status: Status
    severity: Severity
    observed: str
    sample: tuple[str, ...] = ()

    @property
    def is_error(self) -> bool:
        """Whether it must fail the run."""
        return self.severity == "error" and self.status in ("failed", "not judged")

    @property
    def is_warning(self) -> bool:
        """Whether somebody must look at it."""
        return self.severity == "warn" and self.status in ("failed", "not judged")


@dataclass(frozen=True, slots=True)
class Counts:
    """How many expectations passed, failed as errors or warnings, or had nothing to judge."""

    total: int
    passed: int
    errors: int
    warnings: int

    @property
    def unjudged(self) -> int:
        """Those without data, or on a table that is not there."""
        return self.total - self.passed - self.errors - self.warnings


def count(outcomes: list[Outcome]) -> Counts:
    """Count outcomes by what they mean."""
    return Counts(
        total=len(outcomes),
        passed=sum(outcome.status == "passed" for outcome in outcomes),
        errors=sum(outcome.is_error for outcome in outcomes),
        warnings=sum(outcome.is_warning for outcome in outcomes),
    )


@dataclass(slots=True)
class Judged:
    """One suite after its run: the rows of its table, its outcomes in order, its page in the Data Docs."""

    suite: Suite
    row_count: int
    outcomes: list[Outcome] = field(default_factory=list)
    page: str = ""


@dataclass(slots=True)
class Report:
    """A whole run: the suites judged, and the tables that are not there, optional and required ones."""

    judged: list[Judged] = field(default_factory=list)
    absent_optional: list[str] = field(default_factory=list)
    absent_required: list[str] = field(default_factory=list)

    @property
    def outcomes(self) -> list[Outcome]:
        """Every outcome, suite by suite."""
        return [outcome for judged in self.judged for outcome in judged.outcomes]

    @property
    def has_errors(self) -> bool:
        """Whether any expectation of severity error failed."""
        return any(outcome.is_error for outcome in self.outcomes)
