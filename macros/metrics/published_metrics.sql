{#- The published metrics, read from the semantic layer: every metric whose meta has a version. One entry each, with the measures behind
    it, the dimensions that all of them have, and a hash of all that decides its value. Empty while parsing. -#}
{% macro published_metrics() -%}
    {%- set published = [] -%}
    {%- if execute -%}
        {%- for metric in graph.metrics.values() | sort(attribute='name') if metric.config.meta.get('version') -%}
            {%- if metric.type == 'ratio' -%}
                {%- set numerator = measure_of(metric.type_params.numerator.name) -%}
                {%- set denominator = measure_of(metric.type_params.denominator.name) -%}
            {%- elif metric.type == 'simple' -%}
                {%- set numerator = measure_of(metric.name) -%}
                {%- set denominator = none -%}
            {%- else -%}
                {{ exceptions.raise_compiler_error(
                    "Metric " ~ metric.name ~ " is of type " ~ metric.type
                    ~ "; metric_values can publish simple and ratio metrics. Write it as a ratio of two measures."
                ) }}
            {%- endif -%}
            {%- set dimensions = numerator.dimensions if denominator is none or denominator.model == numerator.model
                else numerator.dimensions | select('in', []) | list -%}
            {%- set configuration = numerator.configuration + metric.config.meta.get('configuration', []) -%}
            {%- do published.append({
                'name': metric.name, 'label': metric.label, 'description': metric.description, 'meta': metric.config.meta,
                'type': metric.type, 'numerator': numerator, 'denominator': denominator, 'dimensions': dimensions,
                'as_of_domain': numerator.as_of_domain,
                'config_hash': config_hash(metric, numerator, denominator, configuration),
            }) -%}
        {%- endfor -%}
    {%- endif -%}
    {{ return(published) }}
{%- endmacro %}


{#- The measure behind a simple metric, with its semantic model's dimensions. -#}
{% macro measure_of(metric_name) -%}
    {%- for metric in graph.metrics.values() if metric.name == metric_name -%}
        {%- for semantic_model in graph.semantic_models.values() -%}
            {%- for measure in semantic_model.measures if measure.name == metric.type_params.measure.name -%}
                {%- set dimensions = semantic_model.dimensions | selectattr('type', 'equalto', 'categorical') | map(attribute='name') | list -%}
                {{ return({
                    'name': measure.name, 'agg': measure.agg, 'expr': measure.expr or measure.name, 'model': semantic_model.name,
                    'dimensions': dimensions, 'as_of_domain': semantic_model.config.meta['as_of_domain'],
                    'configuration': semantic_model.config.meta.get('configuration', []),
                }) }}
            {%- endfor -%}
        {%- endfor -%}
    {%- endfor -%}
    {{ exceptions.raise_compiler_error("No measure stands behind metric " ~ metric_name ~ ".") }}
{%- endmacro %}


{#- One hash over the metric's version and formula, the vars and the seed files that it depends on: whoever changes one of them sees it
    on every row of the metric (B.9). -#}
{% macro config_hash(metric, numerator, denominator, configuration) -%}
    {%- set parts = [metric.name, metric.config.meta['version'], metric.type, numerator.agg, numerator.expr] -%}
    {%- if denominator is not none -%}
        {%- do parts.extend([denominator.agg, denominator.expr]) -%}
    {%- endif -%}
    {%- for name in configuration | sort -%}
        {%- set seed = graph.nodes.get('seed.cx_metrics.' ~ name) -%}
        {%- if seed -%}
            {%- do parts.append(name ~ '=' ~ seed.checksum.checksum) -%}
        {%- else -%}
            {%- do parts.append(name ~ '=' ~ var(name)) -%}
        {%- endif -%}
    {%- endfor -%}
    {{ return(local_md5(parts | join('|'))) }}
{%- endmacro %}


{#- A semantic model by its name: its time column, dimensions and measures. Empty while parsing. -#}
{% macro measured_model(name) -%}
    {%- if execute -%}
        {%- for semantic_model in graph.semantic_models.values() if semantic_model.name == name -%}
            {{ return({
                'day': semantic_model.defaults.agg_time_dimension,
                'dimensions': semantic_model.dimensions | selectattr('type', 'equalto', 'categorical') | list,
                'measures': semantic_model.measures,
            }) }}
        {%- endfor -%}
        {{ exceptions.raise_compiler_error("There is no semantic model " ~ name ~ ".") }}
    {%- endif -%}
    {{ return({'day': none, 'dimensions': [], 'measures': []}) }}
{%- endmacro %}


{#- A measure of the semantic layer as SQL, the way MetricFlow aggregates it. Sums of nothing are 0, as for MetricFlow's sums of booleans. -#}
{% macro measure_sql(measure) -%}
    {%- set expression = measure.expr or measure.name -%}
    {%- if measure.agg == 'sum_boolean' -%}
        sum(case when {{ expression }} then 1 else 0 end)
    {%- elif measure.agg == 'sum' -%}
        sum({{ expression }})
    {%- else -%}
        {{ exceptions.raise_compiler_error(
            "Measure " ~ measure.name ~ " is a " ~ measure.agg ~ "; metric_values adds up days, so it needs sum or sum_boolean."
        ) }}
    {%- endif -%}
{%- endmacro %}
