{#- What two contacts of one customer must share to be about the same matter, as text; null where the reason is unknown (M10). `contacts` and
    `reasons` are the aliases of the tables that hold the contact and its row of the reason list. -#}
{% macro repeat_match_key(contacts, reasons) -%}
    {%- set levels = {
        'any': "'any'",
        'reason_l1': 'coalesce(' ~ reasons ~ '.reason_l1, ' ~ contacts ~ '.reason_code)',
        'reason_l2': 'coalesce(' ~ reasons ~ '.reason_l2, ' ~ reasons ~ '.reason_l1, ' ~ contacts ~ '.reason_code)',
        'reason_code': contacts ~ '.reason_code',
    } -%}
    {%- if var('repeat_match') not in levels or var('repeat_channel_scope') not in ['any', 'same'] -%}
        {{ exceptions.raise_compiler_error(
            "The var repeat_match is one of " ~ levels | join(', ') ~ ", repeat_channel_scope any or same."
        ) }}
    {%- endif -%}
    {%- if var('repeat_channel_scope') == 'same' -%}
        {{ dbt.concat([levels[var('repeat_match')], "':'", contacts ~ '.channel']) }}
    {%- else -%}
        {{ levels[var('repeat_match')] }}
    {%- endif -%}
{%- endmacro %}
