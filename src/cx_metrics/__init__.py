"""cx_metrics: a dbt-style SQL metrics warehouse for contact centers."""
