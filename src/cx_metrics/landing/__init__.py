"""Landing: files or a connector's output become the tables of the raw contract, checked at the door.

Landing judges files and lines. A file that cannot be right (a required column missing, the wrong kind of
file, unreadable) stops the whole load before anything is written. A line that cannot become a row goes to
`raw.landing_rejects` with the rule that it broke. Values are judged later, in staging.
"""

from cx_metrics.landing.load import LoadResult, TableSummary, load_connector, load_folder

__all__ = ["LoadResult", "TableSummary", "load_connector", "load_folder"]
