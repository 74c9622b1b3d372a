-- One row per question of satisfaction, question of likelihood to recommend a company, and lag in quarters: how the two move together in
-- the same customers (M21). Levels say whether who is satisfied recommends; changes say whether more of the one is followed by more of the
-- other. Both are of those who answered both, and prove no cause.
{%- set lags = [0, 1, 2, 3, 4] %}

with

answers as (
    select
        *,
        extract(year from answer_date) * 4 + extract(quarter from answer_date) as quarter_number
    from {{ ref('fct_survey_answers') }}
    where
        is_valid
        and turned_score is not null
        and customer_id is not null
        and answer_date is not null
        and (instrument = 'csat' or (instrument = 'nps' and is_relationship))
),

quarters as (
    select
        instrument,
        question_id,
        customer_id,
        quarter_number,
        avg(cast(turned_score as {{ double_type() }})) as mean_score
    from answers
    group by instrument, question_id, customer_id, quarter_number
),

measures as (
    select
        instrument,
        question_id,
        customer_id,
        quarter_number,
        'level' as measure,
        mean_score as measure_value
    from quarters

    union all

    select
        instrument,
        question_id,
        customer_id,
        quarter_number,
        'change' as measure,
        mean_score - lag(mean_score) over (partition by question_id, customer_id order by quarter_number) as measure_value
    from quarters
),

pairs as (
    {%- for lag in lags %}
    select
        satisfaction.question_id,
        recommendation.question_id as nps_question_id,
        satisfaction.measure,
        {{ lag }} as lag_quarters,
        satisfaction.measure_value as x,
        recommendation.measure_value as y
    from measures as satisfaction
    inner join measures as recommendation
        on
            satisfaction.customer_id = recommendation.customer_id
            and satisfaction.measure = recommendation.measure
            and satisfaction.quarter_number + {{ lag }} = recommendation.quarter_number
    where
        satisfaction.instrument = 'csat'
        and recommendation.instrument = 'nps'
        and satisfaction.measure_value is not null
        and recommendation.measure_value is not null
    {{ 'union all' if not loop.last }}
    {%- endfor %}
),

correlated as (
    select
        question_id,
        nps_question_id,
        measure,
        lag_quarters,
        count(*) as pair_count,
        case
            when var_pop(x) > 0 and var_pop(y) > 0
                then (avg(x * y) - avg(x) * avg(y)) / sqrt(var_pop(x) * var_pop(y))
        end as correlation
    from pairs
    group by question_id, nps_question_id, measure, lag_quarters
),

-- on Fisher's scale the error depends on the number of pairs alone; it has no end at a correlation of one
judged as (
    select
        *,
        case when abs(correlation) < 0.999999 then ln((1 + correlation) / (1 - correlation)) / 2 end as fisher,
        case
            when pair_count < {{ var('minimum_n_rank') }} then 'too few customers with both'
            when correlation is null then 'all the same'
        end as correlation_null_reason
    from correlated
),

bounded as (
    select
        *,
        case when pair_count > 3 then exp(2 * (fisher - {{ var('wilson_z') }} / sqrt(pair_count - 3))) end as low,
        case when pair_count > 3 then exp(2 * (fisher + {{ var('wilson_z') }} / sqrt(pair_count - 3))) end as high
    from judged
),

final as (
    select
        question_id,
        nps_question_id,
        measure,
        cast(lag_quarters as bigint) as lag_quarters,
        pair_count,
        cast(case when correlation_null_reason is null then {{ statistic('correlation') }} end as decimal(18, 6)) as correlation,
        {%- for end in ['low', 'high'] %}
        cast(case
            when correlation_null_reason is null then {{ statistic('(' ~ end ~ ' - 1) / (' ~ end ~ ' + 1)') }}
        end as decimal(18, 6)) as interval_{{ end }},
        {%- endfor %}
        correlation_null_reason,
        'descriptive' as level_of_claim
    from bounded
)

select * from final
