-- A failure means that rows of a raw table are missing from, or doubled in, staging and quarantine together: raw must be staged +
-- superseded + quarantined. What to do: compare the counts of the table named here; most often a rule of
-- macros/staging/raw_deliveries.sql is true in one place and null in the other, or a staging model filters rows.
select *
from {{ ref('load_reconciliation') }}
where
    raw_rows is distinct from staged_rows + superseded_rows + quarantined_rows
    or staged_rows < 0
    or superseded_rows < 0
    or quarantined_rows < 0
