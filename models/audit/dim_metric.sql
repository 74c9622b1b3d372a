-- One row per published metric: its card, as it stands in the semantic layer beside the mart that it measures.
{%- set cards = [
    'label', 'role', 'family', 'direction', 'unit', 'owner', 'approver', 'effective_from', 'formula', 'grain', 'anchor', 'window',
    'exclusions', 'source_section', 'change_note',
] %}

with

metrics as (
    {%- for metric in published_metrics() %}
    {{ 'union all' if not loop.first }}
    select
        {{ sql_text(metric.name) }} as metric_name,
        {{ metric.meta.version }} as version,
        {%- for field in cards %}
        {{ sql_text(metric.label if field == 'label' else metric.meta[field]) }} as {{ adapter.quote(field) if field == 'window' else field }},
        {%- endfor %}
        {{ sql_text(metric.description) }} as description,
        {{ sql_text(metric.numerator.name) }} as numerator,
        {{ sql_text(metric.denominator.name if metric.denominator else none) }} as denominator,
        {{ sql_text(metric.dimensions | join(', ')) }} as dimensions,
        {{ sql_text(metric.config_hash) }} as config_hash
    {%- else %}
    select 'no metric' as metric_name
    {%- endfor %}
)

select * from metrics
