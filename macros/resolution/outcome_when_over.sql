{#- What became of an index contact (int_index_contacts) once its window is over: the first event in (end, end + W] decides, of events at the same
    instant a repeat before a follow-up before an exit (M10). Whether it is over is for the reader to judge. -#}
{% macro outcome_when_over(window_ends_at) -%}
    case
        when not is_reason_known then null
        when escalation_count > 0 then 'escalated'
        {%- if var('transfer_breaks_fcr') %}
        when transfer_count > 0 then 'transferred'
        {%- endif %}
        when
            next_started_at <= {{ window_ends_at }}
            and (next_follow_up_at is null or next_started_at <= next_follow_up_at)
            and (next_exited_at is null or next_started_at <= next_exited_at)
            then 'repeated'
        when
            next_follow_up_at <= {{ window_ends_at }}
            and (next_exited_at is null or next_follow_up_at <= next_exited_at)
            then 'follow_up_needed'
        when next_exited_at <= {{ window_ends_at }} then 'exited'
        else 'resolved'
    end
{%- endmacro %}
