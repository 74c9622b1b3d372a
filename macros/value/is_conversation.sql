{#- Whether a finished contact was a conversation: an agent talked to the customer on a live channel (M48). What sets the threshold of lengthy
    ones, and what is held against it, are the same contacts. -#}
{% macro is_conversation() -%}
    is_live
        and is_handled
        and exclusion_reason is null
        and talk_seconds > 0
{%- endmacro %}
