{#- A model that holds what the build touches of a kept table: a view of all of it in a full build, where a copy would be waste, and a small
    table otherwise, so that its many readers do not search the large one again. -#}
{% materialization working_set, default %}
    {%- if is_full_build() -%}
        {{ return(materialization_view_default()) }}
    {%- endif -%}
    {{ return((context.get('materialization_table_' ~ adapter.type()) or materialization_table_default)()) }}
{% endmaterialization %}
