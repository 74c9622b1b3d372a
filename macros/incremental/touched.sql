{#- What a build touches, by the column that names it: the model that lists it. -#}
{% macro list_of_touched(column) -%}
    {{ return({
        'contact_id': 'int_touched_contacts',
        'contact_record_id': 'int_touched_contact_records',
        'customer_id': 'int_touched_customers',
        'session_id': 'int_touched_bot_sessions',
        'attempt_id': 'int_touched_bot_sessions',
        'survey_answer_id': 'int_touched_survey_answers',
        'period_month': 'int_touched_cost_months',
    }[column]) }}
{%- endmacro %}


{#- A condition: whether this build touches the row. True of every row in a full build. The list is found by the column's name unless it is
    given. -#}
{% macro is_touched(column, list=none) -%}
    {%- set list = list or list_of_touched(column.split('.') | last) -%}
    {%- if not execute -%}
        {%- do ref(list) -%}
    {%- endif -%}
    {{ '1 = 1' if is_full_build() else column ~ ' in (select touched_id from ' ~ ref(list) ~ ')' }}
{%- endmacro %}


{#- A condition that spares the reading of most rows: whether an instant may lie in a month of the books that this build touches, in any zone; or in
    any later month, where what comes next matters. -#}
{% macro may_be_in_touched_month(instant, or_later=false) -%}
    {%- if not execute -%}
        {%- do ref('int_touched_cost_months') -%}
    {%- endif -%}
    {%- if is_full_build() -%}
        1 = 1
    {%- else -%}
        {{ instant }} >= (
            select {{ dbt.dateadd('day', -1, 'min(touched_id)') }} from {{ ref('int_touched_cost_months') }}
        )
        {%- if not or_later %}
        and {{ instant }} < (
            select {{ dbt.dateadd('day', 33, 'max(touched_id)') }} from {{ ref('int_touched_cost_months') }}
        )
        {%- endif %}
    {%- endif -%}
{%- endmacro %}


{#- A condition for the lists themselves: a full build needs none of them, and every engine passes over a query that can give nothing. -#}
{% macro is_needed_to_touch() -%}
    {{ '1 = 0' if execute and is_full_build() else '1 = 1' }}
{%- endmacro %}


{#- How a kept table takes in what a build made: rows that the build touches go, then the new ones come. unique_key names the column by which
    they are touched; a customer may have many rows, or none any more. -#}
{% macro get_incremental_touched_sql(arguments) -%}
    {%- set target = arguments.target_relation -%}
    {%- set columns = arguments.dest_columns | map(attribute='quoted') | join(', ') -%}
    delete from {{ target }}
    where {{ arguments.unique_key }} in (
        select touched_id from {{ kept_relation(config.get('meta', {}).get('touched_by') or list_of_touched(arguments.unique_key)) }}
    );
    insert into {{ target }} ({{ columns }})
    select {{ columns }} from {{ arguments.temp_relation }};
{%- endmacro %}


{#- The key of a survey answer as one text. -#}
{% macro survey_answer_id() -%}
    {{ dbt.concat(['response_id', "':'", 'question_id']) }}
{%- endmacro %}
