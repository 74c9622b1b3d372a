-- One row per month, queue and channel, and band of handle time (M02), and the same over all queues of a channel and over everything. The
-- percentiles are those of the whole month, queue and channel, on each of its rows. A percentile is the smallest time that the given share
-- of contacts does not exceed. A customer's recurring revenue is split evenly over the contacts that the customer made in the month, to the
-- ten-thousandth, so that no band, queue or channel shows it twice.
with

contacts as (
    select
        *,
        cast({{ dbt.date_trunc('month', 'business_date') }} as date) as month_start_date
    from {{ ref('fct_contacts') }}
    where
        exclusion_reason is null
        and handle_seconds is not null
),

recurring_amounts as (
    select * from {{ ref('int_contact_recurring_amounts') }}
),

duration_bands as (
    select * from {{ ref('duration_bands') }}
),

as_of as (
    select * from {{ ref('int_as_of') }}
),

valued as (
    select
        contacts.contact_id,
        cast(recurring_amounts.recurring_amount * 10000 as bigint) as amount_units,
        row_number() over by_customer as contact_number,
        count(*) over of_customer as contact_count
    from contacts
    inner join recurring_amounts
        on contacts.contact_id = recurring_amounts.contact_id
    where recurring_amounts.recurring_amount is not null
    window
        by_customer as (
            partition by contacts.customer_id, contacts.month_start_date
            order by contacts.started_at, contacts.contact_id
        ),
        of_customer as (partition by contacts.customer_id, contacts.month_start_date)
),

-- whole ten-thousandths, what is left over goes to the first contacts
shares as (
    select
        contact_id,
        cast((amount_units - amount_units % contact_count) / contact_count as bigint)
        + case when contact_number <= amount_units % contact_count then 1 else 0 end as share_units
    from valued
),

counted as (
    select
        contacts.month_start_date,
        contacts.queue_id,
        contacts.channel,
        coalesce(duration_bands.duration_band, '(no band)') as duration_band,
        duration_bands.from_seconds,
        duration_bands.before_seconds,
        contacts.handle_seconds,
        count(*) as contact_count,
        count(shares.contact_id) as valued_contact_count,
        count(case when contacts.is_identified then 1 end) as identified_contact_count,
        count(recurring_amounts.contact_id) as subscribed_contact_count,
        sum(shares.share_units) as share_units
    from contacts
    left join duration_bands
        on
            contacts.business_date between duration_bands.effective_from and duration_bands.effective_to
            and contacts.handle_seconds >= duration_bands.from_seconds
            and (contacts.handle_seconds < duration_bands.before_seconds or duration_bands.before_seconds is null)
    left join recurring_amounts
        on contacts.contact_id = recurring_amounts.contact_id
    left join shares
        on contacts.contact_id = shares.contact_id
    group by
        contacts.month_start_date,
        contacts.queue_id,
        contacts.channel,
        duration_bands.duration_band,
        duration_bands.from_seconds,
        duration_bands.before_seconds,
        contacts.handle_seconds
),

levelled as (
    {%- for level, queue_id, channel in [('queue', 'queue_id', 'channel'), ('channel', none, 'channel'), ('all', none, none)] %}
    {{ 'union all' if not loop.first }}
    select
        '{{ level }}' as level,
        month_start_date,
        {{ queue_id or 'cast(null as ' ~ dbt.type_string() ~ ')' }} as queue_id,
        {{ channel or 'cast(null as ' ~ dbt.type_string() ~ ')' }} as channel,
        duration_band,
        from_seconds,
        before_seconds,
        handle_seconds,
        cast(sum(contact_count) as bigint) as contact_count,
        cast(sum(valued_contact_count) as bigint) as valued_contact_count,
        cast(sum(identified_contact_count) as bigint) as identified_contact_count,
        cast(sum(subscribed_contact_count) as bigint) as subscribed_contact_count,
        cast(sum(share_units) as bigint) as share_units
    from counted
    group by
        month_start_date,
        {{ queue_id ~ ',' if queue_id }}
        {{ channel ~ ',' if channel }}
        duration_band,
        from_seconds,
        before_seconds,
        handle_seconds
    {%- endfor %}
),

ranked as (
    select
        *,
        sum(contact_count) over until_here as rank_in_cell,
        sum(contact_count) over whole_cell as count_in_cell
    from levelled
    window
        until_here as (
            partition by level, month_start_date, queue_id, channel
            order by handle_seconds, duration_band
            rows between unbounded preceding and current row
        ),
        whole_cell as (partition by level, month_start_date, queue_id, channel)
),

cells as (
    select
        level,
        month_start_date,
        queue_id,
        channel,
        cast(max(count_in_cell) as bigint) as cell_contact_count,
        {%- for percent in [10, 50, 90] %}
        min(case when 100 * rank_in_cell >= {{ percent }} * count_in_cell then handle_seconds end) as p{{ percent }}_seconds,
        {%- endfor %}
        cast({{ dbt.dateadd('month', 1, 'month_start_date') }} as {{ dbt.type_timestamp() }}) as over_at
    from ranked
    group by level, month_start_date, queue_id, channel
),

banded as (
    select
        level,
        month_start_date,
        queue_id,
        channel,
        duration_band,
        from_seconds,
        before_seconds,
        cast(sum(contact_count) as bigint) as contact_count,
        cast(sum(contact_count * handle_seconds) as bigint) as handle_seconds,
        cast(sum(valued_contact_count) as bigint) as valued_contact_count,
        cast(sum(identified_contact_count) as bigint) as identified_contact_count,
        cast(sum(subscribed_contact_count) as bigint) as subscribed_contact_count,
        cast(sum(share_units) as decimal(22, 0)) * cast(0.0001 as decimal(5, 4)) as recurring_amount
    from ranked
    group by level, month_start_date, queue_id, channel, duration_band, from_seconds, before_seconds
),

months as (
    select
        month_start_date,
        cast({{ dbt.last_day('month_start_date', 'month') }} as date) as month_end_date
    from cells
    where level = 'all'
),

month_bands as (
    select
        months.month_start_date,
        duration_bands.duration_band,
        duration_bands.from_seconds,
        duration_bands.before_seconds
    from months
    inner join duration_bands
        on
            months.month_end_date >= duration_bands.effective_from
            and months.month_start_date <= duration_bands.effective_to
    group by
        months.month_start_date,
        duration_bands.duration_band,
        duration_bands.from_seconds,
        duration_bands.before_seconds
),

-- bands without a contact have a row too: a share of 0 is a share
cell_bands as (
    select
        cells.*,
        month_bands.duration_band,
        month_bands.from_seconds,
        month_bands.before_seconds
    from cells
    inner join month_bands
        on cells.month_start_date = month_bands.month_start_date
),

final as (
    select
        {{ dbt.concat([
            'cell_bands.level', "':'", 'cast(cell_bands.month_start_date as ' ~ dbt.type_string() ~ ')', "':'",
            "coalesce(cell_bands.queue_id, '')", "':'", "coalesce(cell_bands.channel, '')", "':'", 'cell_bands.duration_band', "':'",
            'cast(cell_bands.from_seconds as ' ~ dbt.type_string() ~ ')', "'-'",
            "coalesce(cast(cell_bands.before_seconds as " ~ dbt.type_string() ~ "), '')",
        ]) }} as distribution_id,
        cell_bands.month_start_date,
        cell_bands.level,
        cell_bands.queue_id,
        cell_bands.channel,
        cell_bands.duration_band,
        cell_bands.from_seconds,
        cell_bands.before_seconds,
        coalesce(banded.contact_count, 0) as contact_count,
        coalesce(banded.handle_seconds, 0) as handle_seconds,
        coalesce(banded.valued_contact_count, 0) as valued_contact_count,
        case
            when banded.contact_count is null then cast(0 as decimal(18, 4))
            else cast(banded.recurring_amount as decimal(18, 4))
        end as recurring_amount,
        case
            when banded.contact_count is null or banded.valued_contact_count > 0 then null
            when banded.identified_contact_count = 0 then 'no customer identified'
            when banded.subscribed_contact_count = 0 then 'no subscription of a customer delivered'
            else 'no amount known'
        end as recurring_amount_null_reason,
        cell_bands.cell_contact_count,
        {%- for percent in [10, 50, 90] %}
        case
            when cell_bands.cell_contact_count >= {{ var('minimum_n_publish') }} then cell_bands.p{{ percent }}_seconds
        end as p{{ percent }}_seconds,
        {%- endfor %}
        case
            when cell_bands.cell_contact_count < {{ var('minimum_n_publish') }} then 'below_minimum_n'
        end as percentile_null_reason,
        coalesce(cell_bands.over_at <= as_of.local_time_reached_everywhere, false) as is_mature
    from cell_bands
    left join banded
        on
            cell_bands.level = banded.level
            and cell_bands.month_start_date = banded.month_start_date
            and coalesce(cell_bands.queue_id, '') = coalesce(banded.queue_id, '')
            and coalesce(cell_bands.channel, '') = coalesce(banded.channel, '')
            and cell_bands.duration_band = banded.duration_band
            and cell_bands.from_seconds = banded.from_seconds
            and coalesce(cell_bands.before_seconds, -1) = coalesce(banded.before_seconds, -1)
    left join as_of
        on as_of.domain = 'contacts'
)

select * from final
