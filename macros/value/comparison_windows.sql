{#- The windows in which a comparison looks at outcomes, as pairs of days: from the contact until the window opens, and its length (M47). The first is the
    placebo, which lies before the contact. -#}
{% macro comparison_windows() -%}
    {%- set windows = [(-1 * var('comparison_placebo_days'), var('comparison_placebo_days'))] -%}
    {%- for landmark in var('comparison_landmark_days') -%}
        {%- for horizon in var('comparison_horizon_days') -%}
            {%- do windows.append((landmark, horizon)) -%}
        {%- endfor -%}
    {%- endfor -%}
    {{ return(windows) }}
{%- endmacro %}


{#- What is asked in each window: of the time before the contact nobody can have left. -#}
{% macro comparison_outcomes(landmark_days) -%}
    {{ return(['margin_amount', 'sale_count'] + (['has_cancelled'] if landmark_days >= 0 else [])) }}
{%- endmacro %}


{#- What a question is called in the models between: study, outcome and window. -#}
{% macro comparison_id() -%}
    {{ dbt.concat([
        'study', "':'", 'outcome', "':'", 'cast(landmark_days as ' ~ dbt.type_string() ~ ')', "':'",
        'cast(horizon_days as ' ~ dbt.type_string() ~ ')',
    ]) }}
{%- endmacro %}
