{#- The two-sided probability of a standard normal value that is at least as far from 0: the complementary error function by a Chebyshev fit, good to
    seven digits also far out, in plain arithmetic that every engine has. -#}
{% macro two_sided_p(z) -%}
    {%- set x = 'abs(' ~ z ~ ') / sqrt(2.0)' -%}
    {%- set t = '(1.0 / (1.0 + 0.5 * ' ~ x ~ '))' -%}
    {%- set coefficients = [
        '1.00002368', '0.37409196', '0.09678418', '-0.18628806', '0.27886807', '-1.13520398', '1.48851587', '-0.82215223', '0.17087277',
    ] -%}
    {%- set polynomial = namespace(text='0.0') -%}
    {%- for coefficient in coefficients | reverse -%}
        {%- set polynomial.text = t ~ ' * (' ~ coefficient ~ ' + ' ~ polynomial.text ~ ')' -%}
    {%- endfor -%}
    {{ t }} * exp(-({{ x }}) * ({{ x }}) - 1.26551223 + {{ polynomial.text }})
{%- endmacro %}
