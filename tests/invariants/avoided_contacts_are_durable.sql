-- A failure means that contacts count as avoided (L7, M08) that the bot did not durably resolve, that the estimate leaves its own range,
-- or that it is unknown without saying why. What to do: look at the seed assisted_contact_probabilities (low <= probability <= high, all
-- within 0 to 1) and at avoided_contact_share in fct_bot_attempts.
select
    attempt_id,
    is_durably_resolved,
    avoided_contact_share_low,
    avoided_contact_share,
    avoided_contact_share_high,
    avoided_contact_null_reason
from {{ ref('fct_bot_attempts') }}
where
    (avoided_contact_share_high > 0 and not coalesce(is_durably_resolved, false))
    or avoided_contact_share_low < 0
    or avoided_contact_share_high > 1
    or avoided_contact_share_low > avoided_contact_share
    or avoided_contact_share > avoided_contact_share_high
    or (avoided_contact_share is null) = (avoided_contact_null_reason is null)
