-- A warning means that one exclusion rule leaves out more of a queue's month than exclusion_share_warn (B.6): a rule that is too wide
-- hides contacts from every metric. Queue months below minimum_n_publish are not judged. What to do: look at contacts with this
-- exclusion_reason; narrow the rule, end it in the seed exclusion_rules, or raise the var if this is how it should be.
{{ config(severity='warn') }}

select *
from {{ ref('contact_exclusions') }}
where
    queue_month_contact_count >= {{ var('minimum_n_publish') }}
    and excluded_share > {{ var('exclusion_share_warn') }}
