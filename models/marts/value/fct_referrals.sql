-- One row per customer who came by the recorded recommendation of another: the first sale, and the last contact of the one who
-- recommended within the referral window before it (M30). It is a memo of its own: the sale may be credited to a contact of the buyer as
-- well, so the two are never added up.
with

sales as (
    select * from {{ ref('int_transaction_amounts') }}
    where customer_id is not null
),

influencing_contacts as (
    select * from {{ ref('int_influencing_contacts') }}
),

ranked as (
    select
        *,
        row_number() over (partition by customer_id order by occurred_at, transaction_id) as sale_rank
    from sales
),

referred as (
    select * from ranked
    where
        sale_rank = 1
        and referred_by_customer_id is not null
        and referred_by_customer_id <> customer_id
),

candidates as (
    select
        referred.transaction_id,
        influencing_contacts.contact_id,
        influencing_contacts.ended_at,
        row_number() over (
            partition by referred.transaction_id
            order by influencing_contacts.ended_at desc, influencing_contacts.contact_id desc
        ) as contact_rank
    from referred
    inner join influencing_contacts
        on
            referred.referred_by_customer_id = influencing_contacts.customer_id
            and referred.occurred_at > influencing_contacts.ended_at
            and referred.occurred_at <= {{ seconds_after('influencing_contacts.ended_at', 86400 * var('referral_window_days')) }}
),

final as (
    select
        referred.transaction_id,
        referred.customer_id,
        referred.referred_by_customer_id,
        referred.department,
        referred.kind as transaction_kind,
        referred.product_line_id,
        referred.occurred_at,
        referred.net_amount,
        referred.amount_null_reason,
        candidates.contact_id
    from referred
    left join candidates
        on
            referred.transaction_id = candidates.transaction_id
            and candidates.contact_rank = 1
)

select * from final
