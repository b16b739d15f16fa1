"""What transformers makes of small templates, each about one thing: python make_language.py > language.json

pip install transformers==5.18.0 jinja2
"""
import json
import sys

from transformers.utils import chat_template_utils as chat

VARIABLES = {
    "messages": [
        {"role": "system", "content": "Be kind."},
        {"role": "user", "content": "Hi \U0001F600", "name": None, "items": [1, 2]},
        {
            "role": "assistant",
            "content": "Hello.\r\n",
            "tool_calls": [{"name": "f", "arguments": {"b": 1, "a": "x"}}],
        },
    ],
    "tools": None,
    "documents": None,
    "add_generation_prompt": True,
    "s": " A-b  ß\u00a0",
    "t": "line one\nline two\n\nend",
    "n": 7,
    "f": 2.5,
    "xs": [3, 1, 2],
    "ws": ["b", "A", "c"],
    "d": {"k": 1, "B": [True, None], "a": {"x": 0.1}},
    "empty": {},
}

TEMPLATES = {
    "white space": [
        "a {% if 1 %} b {% endif %} c",
        "a\n  {% if 1 %}\n  b\n  {% endif %}\n  c\n",
        "a\n  {%+ if 1 %}\n  b\n  {%+ endif %}\nc",
        "a \n\t {%- if 1 -%} \n b \n {%- endif -%} \n c",
        "{% if 1 +%}\nb{% endif %}",
        "a {{- n -}} b",
        "  {{ n }}\n  {{ n }}\n",
        "a\r\nb\r{% if 1 %}\r\nc\r\n{% endif %}d\r\n",
        "{# c #}\na\n  {# c #}\nb",
        "a{#- c -#} b",
        "a {#+ c +#}\n b",
        "{% if 1 %}\n\n{% endif %}",
        "a\n\n",
        "\n",
        "",
        "a\x0b\x85 {%- if 1 %}b{% endif %}",
        "x{% if 1 %}  \n y{% endif %}",
        "{% raw %}{{ n }}{% if %}{% endraw %}|",
        "a\n {%- raw -%} \n {{ x }} \n {%- endraw -%} \n b",
        "a\n  {% raw %}\n  b\n  {% endraw %}\nc",
        "{% if 1 %}a{% endif -%}\n\n b",
        "{{ '{{' }}%}",
        "a\n{% for x in xs %}\n  {{ x }}\n{% endfor %}\nb",
        " {%- set y = 1 %} {{ y }}",
        "{{ n\n}}",
        "a{# {{ #}b",
        "\u2028\n  {% if 1 %}x{% endif %}",
    ],
    "literals": [
        "{{ 1 }}|{{ 1_000 }}|{{ 0x1F }}|{{ 0b11 }}|{{ 0o17 }}|{{ 00 }}",
        "{{ 1.0 }}|{{ 1e3 }}|{{ 1.5e-7 }}|{{ 1e16 }}|{{ 1e22 }}|{{ 123456789.123 }}",
        '{{ \'a\' "b" \'c\' }}',
        "{{ 'a\\n\\t\\x41\\u00e9\\101\\q\\\\' }}|",
        "{{ 'a\nb' }}",
        "{{ true }}{{ True }}{{ false }}{{ none }}{{ None }}",
        "{{ [1, 'a', none, 2.0, (1,), (), {'k': 'v'}] }}",
        "{{ {1: 2, 'b': [], True: 3} }}",
        "{{ (1, 2) }}|{{ 1, 2 }}",
        "{{ [1, 2,] }}|{{ {'a': 1,} }}",
        '{{ ["it\'s", \'say "x"\', \'both \\\' "\', \'a\\n\\\\\', \'\\x7f\\xa0é\\u200b\'] }}',
        "{{ 12345678901234567890123 }}",
        "{{ 0.1 + 0.2 }}|{{ 1/3 }}|{{ 5e-324 }}",
    ],
    "operators": [
        "{{ 1 + 2 * 3 - 4 / 2 }}",
        "{{ 7 // 2 }}|{{ -7 // 2 }}|{{ 7 % 3 }}|{{ -7 % 3 }}|{{ 7 % -3 }}|{{ 7.5 // 2 }}|{{ -7.5 % 2 }}",
        "{{ 2 ** 3 ** 2 }}|{{ -2 ** 2 }}|{{ 2 ** 100 }}",
        "{{ 4 / 2 }}|{{ 10 / 4 }}|{{ 1 / 10 ** 20 }}",
        "{{ 'a' + 'b' }}|{{ 'a' * 3 }}|{{ 3 * [1] }}|{{ [1] + [2] }}|{{ (1,) + (2,) }}",
        "{{ 1 ~ 'a' ~ none ~ 2.0 ~ u }}",
        "{{ n and s }}|{{ 0 or 'x' }}|{{ '' or none }}|{{ not '' }}|{{ not xs }}",
        "{{ 1 < 2 < 3 }}|{{ 1 < 2 > 5 }}|{{ 3 > 2 >= 2 != 1 }}",
        "{{ 1 == 1.0 == true }}|{{ 'a' != 'b' }}",
        "{{ 2 in xs }}|{{ 'k' in d }}|{{ 'b' not in 'abc' }}|{{ 9 not in [1] }}",
        "{{ 'a' < 'b' }}|{{ [1, 2] < [1, 3] }}|{{ 'Z' < 'a' }}|{{ '\U0001f600' > '\uffee' }}",
        "{{ 'x' if n > 3 else 'y' }}|{{ 'x' if n > 9 }}|{{ 1 if false else 2 if false else 3 }}",
        "{{ -n }}|{{ +n }}|{{ --n }}|{{ -true }}|{{ -2.0|abs }}",
        "{{ true + true }}|{{ false * 3 }}|{{ 1 - true }}",
        "{{ not 1 == 2 }}|{{ not (1 == 1) and 1 }}",
        (
            "{{ '%s is %d and %.2f%%' % ('a', 3.9, 2) }}|{{ '%5d|%-5s|%05d|%x' % (3, 'a', 7, 255) }}|{"
            "{ '%(k)s' % d }}|{{ 'a' % [] }}"
        ),
        "{{ 1 + none }}",
        "{{ 'a' + 1 }}",
        "{{ 1 / 0 }}",
        "{{ 1 < 'a' }}",
        "{{ none < 1 }}",
        "{{ [] * 2.0 }}",
        "{{ 1 in 5 }}",
        "{{ 1 in 'a' }}",
        "{{ - 'a' }}",
        "{{ {} < {} }}",
        "{{ 0.0 == -0.0 }}|{{ -0.0 }}",
        "{{ 1 if u else 2 }}",
        "{{ 10 ** 20 // 3 }}|{{ 10 ** 20 % 7 }}|{{ 2 ** 63 }}|{{ -2 ** 63 - 1 }}",
        "{{ 9007199254740993 / 3 }}|{{ 9007199254740993 == 9007199254740993.0 }}",
    ],
    "undefined": [
        "[{{ u }}]",
        "{{ u is defined }}|{{ u is undefined }}|{{ u is none }}",
        "{{ u|default('x') }}|{{ ''|default('x') }}|{{ ''|default('x', true) }}|{{ u|d }}",
        "{{ u.x }}",
        "{{ u['x'] }}",
        "{{ u + 'a' }}",
        "{{ 'a' + u }}",
        "{{ u() }}",
        "{% for x in u %}a{% else %}none{% endfor %}",
        "{{ u == v }}|{{ u == none }}|{{ u in [1] }}|{{ 1 in u }}|{{ not u }}",
        "{{ u|length }}|{{ u|list }}|{{ u|upper }}|{{ u|join }}|{{ u|first is undefined }}",
        "{{ u|int }}",
        "{{ u|tojson }}",
        (
            "{{ messages[9] is defined }}|{{ messages[0].zap is defined }}|{{ d.zap }}|{"
            "{ messages[0]['name'] is defined }}"
        ),
        "{{ d.zap.zap }}",
        "{{ [u] }}",
        "{{ u < 1 }}",
        "{{ -u }}",
        "{{ u is string }}|{{ u is iterable }}|{{ u is sequence }}|{{ u is callable }}",
        "{{ u ~ u }}|",
        "{{ (1 if false).x }}",
        "{{ tools is defined }}|{{ tools is none }}|{{ tools }}",
        "{{ strftime_now is defined }}",
        "{{ strftime_now('%Y') }}",
        "{{ u|last is defined }}|{{ u|reverse|list }}|{{ u|items|list }}|{{ u|sum }}|{{ u|sort }}",
        "{{ u|trim }}|{{ u|replace('a', 'b') }}",
        "{{ u|abs }}",
    ],
    "scopes": [
        "{% for x in xs %}{% if loop.first %}{% set y = 1 %}{% endif %}{{ y }},{% endfor %}|{{ y }}",
        "{% set y = 0 %}{% for x in xs %}{% set y = y + x %}{{ y }} {% endfor %}{{ y }}",
        "{% set ns = namespace(y=0) %}{% for x in xs %}{% set ns.y = ns.y + x %}{% endfor %}{{ ns.y }}",
        "{% if 1 %}{% set y = 1 %}{% endif %}{{ y }}",
        "{% if 0 %}{% set n = 1 %}{% endif %}{{ n }}",
        "{% set n %}{{ n }}x{% endset %}{{ n }}",
        "{{ n }}{% set n %}{{ n }}x{% endset %}{{ n }}",
        "{% for x in xs %}{{ n }}{% endfor %}{% set n = 1 %}{{ n }}",
        "{% macro m() %}{{ y }}{% endmacro %}{% set y = 1 %}{{ m() }}{% set y = 2 %}{{ m() }}",
        "{% for x in xs %}{{ loop.index }}{% endfor %}{{ loop }}",
        "{% for n in xs %}{{ n }}{% endfor %}{{ n }}",
        "{% with n = 1, y = n %}{{ n }}{{ y }}{% endwith %}{{ n }}",
        "{% set a, b = 1, (2, 3) %}{{ a }}{{ b }}",
        "{% set a, (b, c) = 1, 'xy' %}{{ a }}{{ b }}{{ c }}",
        "{% set a, b = [1] %}",
        "{% set y = 1, 2 %}{{ y }}",
        "{% set y.x = 1 %}",
        (
            "{% set ns = namespace({'a': 1}, b=2) %}{% set ns.c, y = 3, 4 %}{{ ns }}{{ y }}{{ ns['a'] }}{"
            "{ ns.zap is defined }}"
        ),
        "{% for x in xs %}{% for y in xs %}{{ loop.index }}{% endfor %}{{ loop.index }};{% endfor %}",
        "{% for x in xs if x > 1 %}{{ loop.index }}/{{ loop.length }}:{{ x }} {% endfor %}",
        "{% set x = 9 %}{% for x in xs if x > n - 5 %}{{ x }}{% endfor %}{{ x }}",
        "{% generation %}{% set n = 1 %}{{ n }}{% endgeneration %}{{ n }}",
        "{% filter upper %}{% set n = 'in' %}{{ n }}{% endfilter %}{{ n }}",
        "{% for x in xs %}{% set n = x %}{% else %}{% endfor %}{{ n }}",
        "{% if 0 %}{% elif 1 %}{% set q = n %}{% set n = 5 %}{% endif %}{{ q }}{{ n }}",
        "{% macro m(n) %}{% if 0 %}{% set k = 1 %}{% endif %}{{ k }}{{ n }}{% endmacro %}{% set k = 3 %}{{ m() }}",
    ],
    "loops": [
        (
            "{% for x in xs %}{{ loop.index }}{{ loop.index0 }}{{ loop.revindex }}{{ loop.revindex0 }}{"
            "{ loop.first }}{{ loop.last }}{{ loop.length }}{{ loop.depth }}{{ loop.depth0 }};{% endfor %}"
        ),
        "{% for x in xs %}{{ loop.previtem }}<{{ x }}>{{ loop.nextitem }} {% endfor %}",
        "{% for x in xs %}{{ loop.cycle('a', 'b') }}{{ loop.changed(x > 1) }} {% endfor %}",
        "{% for x in [] %}a{% else %}b{% endfor %}",
        "{% for x in xs %}{% if x == 1 %}{% continue %}{% endif %}{{ x }}{% endfor %}",
        "{% for x in xs %}{% if x == 1 %}{% break %}{% endif %}{{ x }}{% else %}none{% endfor %}",
        "{% for x in xs %}{% continue %}{% else %}none{% endfor %}",
        "{% for k, v in d.items() %}{{ k }}={{ v }};{% endfor %}",
        "{% for k in d %}{{ k }}{% endfor %}",
        "{% for c in 'a\U0001f600\xdf' %}[{{ c }}]{% endfor %}",
        "{% for a, b in ['xy', [1, 2]] %}{{ a }}{{ b }}{% endfor %}",
        "{% for a, b in xs %}{% endfor %}",
        "{% for x in 5 %}{% endfor %}",
        "{% for x in none %}{% endfor %}",
        "{% for x in range(3) %}{{ x }}{% endfor %}|{% for x in range(5, 0, -2) %}{{ x }}{% endfor %}",
        "{% for x in range(1000000) %}{% endfor %}",
        "{% for x in xs|reverse %}{{ loop.last }}{{ loop.length }}{% endfor %}",
        "{% for m in messages[::-1] %}{{ m.role }}{% endfor %}",
        "{% for x in xs %}{{ loop }}{% endfor %}",
        "{% for x in xs recursive %}{{ x }}{% endfor %}",
        "{% for (a, b) in [(1, 2)] %}{{ b }}{% endfor %}",
        "{% for x in xs %}{{ loop['index'] }}{{ loop.zap is defined }}{% endfor %}",
        "{% break %}",
        "{% for loop in xs %}{% endfor %}",
        "{% for x in xs %}{% set loop = 1 %}{% endfor %}",
        "{% for x in xs %}{% set b %}{% if loop.last %}{% break %}{% endif %}{{ x }}{% endset %}{{ b }};{% endfor %}",
        "{% for x in xs if loop is defined %}{{ x }}{% endfor %}",
        "{% for x, in [[1], [2]] %}{{ x }}{% endfor %}",
        "{% for x in 1, 2 %}{{ x }}{% endfor %}",
    ],
    "macros": [
        (
            "{% macro m(a, b=2, c=a) %}{{ a }}{{ b }}{{ c }}{% endmacro %}{{ m(1) }}|{{ m(1, c=3) }}|{"
            "{ m(b=5, a=4) }}|{{ m() }}"
        ),
        "{% macro m(a) %}{% if a > 0 %}{{ a }}{{ m(a - 1) }}{% endif %}{% endmacro %}{{ m(3) }}",
        "{% macro m() %}{{ varargs }}{{ kwargs }}{% endmacro %}{{ m(1, 2, x=3) }}",
        "{% macro m(a) %}{% endmacro %}{{ m(1, 2) }}",
        "{% macro m(a) %}{% endmacro %}{{ m(b=2) }}",
        "{% macro m(a) %}<{{ caller(a) }}>{% endmacro %}{% call(x) m(5) %}{{ x }}{{ n }}{% endcall %}",
        "{% macro m() %}{{ caller() }}{% endmacro %}{{ m() }}",
        "{% macro m(a, b) %}{{ b is defined }}{{ b }}{% endmacro %}{{ m(1) }}",
        "{% macro m() %}x{% endmacro %}{{ m()|upper }}{{ m() ~ 1 }}{{ m() + 'y' }}",
        "{{ m is defined }}{% macro m() %}{% endmacro %}{{ m is defined }}{{ m is callable }}",
        "{% macro m(a, a) %}{% endmacro %}",
        "{% macro m(a=1, b) %}{% endmacro %}",
        "{% call xs %}{% endcall %}",
        "{% macro m() %}{% break %}{% endmacro %}",
        "{% call range(3) %}{% endcall %}",
    ],
    "filters": [
        "{{ s|trim }}|{{ s|upper }}|{{ s|lower }}|{{ s|capitalize }}|{{ s|title }}|{{ s|length }}",
        "{{ 'xxaxx'|trim('x') }}|{{ ' \\x1f\\x85a\\u3000'|trim }}|",
        "{{ t|indent }}",
        "{{ t|indent(2, true) }}",
        "{{ t|indent('> ', blank=true) }}",
        "{{ 'a\\x0bb\\u2028c\\r\\nd'|indent(1) }}",
        (
            "{{ 'aXbX'|replace('X', '-') }}|{{ 'aaa'|replace('a', 'b', 2) }}|{{ 'ab'|replace('', '.') }}|{"
            "{ 121|replace(1, 3) }}"
        ),
        "{{ xs|join(', ') }}|{{ messages|join('+', attribute='role') }}|{{ 'abc'|join('-') }}",
        "{{ xs|first }}|{{ xs|last }}|{{ []|first is defined }}|{{ 'ab'|last }}|{{ d|first }}",
        "{{ xs|sort }}|{{ ws|sort }}|{{ ws|sort(case_sensitive=true) }}|{{ xs|sort(true) }}",
        "{{ messages|sort(attribute='role')|map(attribute='role')|list }}",
        "{{ ['b', 1]|sort }}",
        "{{ ['a', 'A', 'b']|unique|list }}|{{ [1, 1.0, true, 2]|unique|list }}",
        "{{ xs|reverse|list }}|{{ 'a\U0001f600b'|reverse }}|{{ d|reverse|list }}",
        (
            "{{ xs|sum }}|{{ xs|max }}|{{ xs|min }}|{{ ws|max }}|{{ [0.1, 0.2]|sum }}|{{ []|sum }}|{"
            "{ []|max is defined }}"
        ),
        (
            "{{ '42'|int }}|{{ ' 4_2 '|int }}|{{ '4.9'|int }}|{{ 'x'|int }}|{{ 'x'|int(5) }}|{{ none|int }}|{"
            "{ -3.9|int }}|{{ '1e3'|int }}|{{ true|int }}|{{ []|int(-1) }}"
        ),
        (
            "{{ '1.50'|float }}|{{ 'x'|float }}|{{ 3|float }}|{{ '1e5'|float }}|{{ '.5'|float }}|{"
            "{ 'x'|float(none) }}|{{ '1_0.5'|float }}"
        ),
        (
            "{{ 2.5|round }}|{{ 3.5|round }}|{{ 2.675|round(2) }}|{{ 42|round }}|{{ 2.1|round(0, 'ceil') }}|{"
            "{ 2.99|round(1, 'floor') }}|{{ 1234|round(-2) }}|{{ -0.4|round }}"
        ),
        "{{ -3|abs }}|{{ -2.5|abs }}|{{ true|abs }}",
        (
            "{{ xs|map('string')|list }}|{{ messages|map(attribute='name', default='?')|list }}|{"
            "{ ws|map('replace', 'b', 'x')|list }}"
        ),
        (
            "{{ xs|select('odd')|list }}|{{ xs|reject('gt', 1)|list }}|{{ [0, 1, '']|select|list }}|{"
            "{ xs|select('in', [1])|list }}"
        ),
        (
            "{{ messages|selectattr('name', 'defined')|list|length }}|{"
            "{ messages|selectattr('role', 'equalto', 'user')|map(attribute='content')|first }}|{"
            "{ messages|rejectattr('tool_calls')|list|length }}"
        ),
        "{{ d|dictsort }}|{{ d|dictsort(true) }}|{{ {'b': 1, 'a': 2}|dictsort(by='value', reverse=true) }}",
        "{{ d|items|list }}|{{ d|list }}",
        "{{ [1, 2, 3, 4, 5]|batch(2)|list }}|{{ xs|batch(2, 'x')|list }}",
        (
            "{{ 'a long text here'|truncate(9) }}|{{ 'a long text here'|truncate(9, true) }}|{"
            "{ 'short'|truncate(3) }}|{{ 'a long text here'|truncate(9, false, '', 0) }}"
        ),
        "{{ 'ab'|center(5) }}|{{ 'ab'|center(6) }}|",
        "{{ 'it is-a (b)'|title }}|{{ 'ĳ ŉ ß'|capitalize }}",
        "{{ 'a b  c_d é'|wordcount }}",
        (
            '{{ \'<a>"&\'|escape }}|{{ \'<a>\'|e|e }}|{{ \'<\'|safe }}|{{ \'<\'|safe ~ \'<\' }}|{'
            "{ '<'|safe + '<' }}|{{ '<' + '<'|safe }}"
        ),
        "{{ '%s-%s'|format(1, 'a') }}|{{ '%(x)s'|format(x=1) }}",
        "{{ d|attr('get') is defined }}|{{ d|attr('k') is defined }}",
        "{{ none|string }}|{{ [1]|string }}|{{ 5|upper }}|{{ none|upper }}",
        "{{ (xs|map('string')) is iterable }}|{{ 'yes' if []|select else 'no' }}",
        "{{ 'a'|indent(first=true, width=1) }}",
        "{{ 5|indent }}",
        "{{ 5|list }}",
        "{{ 5|length }}",
        "{{ xs|join(xs) }}",
        "{{ 'x'|round }}",
        "{{ xs|map }}",
        "{% filter upper|replace('A', 'b') %}a{{ n }}{% endfilter %}",
        "{% filter length %}abc{% endfilter %}",
        "{% set y | upper %}ab{% endset %}{{ y }}",
        "{% set g = xs|map('string') %}{{ g|list }}{{ g|list }}",
    ],
    "json": [
        "{{ d|tojson }}",
        "{{ d|tojson(indent=2) }}",
        "{{ d|tojson(indent=0) }}",
        "{{ d|tojson(indent='\\t') }}",
        "{{ d|tojson(sort_keys=true) }}",
        "{{ d|tojson(separators=(',', ':')) }}",
        "{{ messages[1]|tojson }}|{{ messages[1]|tojson(ensure_ascii=true) }}",
        '{{ \'é<>&\\\'"\\\\/\\n\\t\\x01\\x7f\\u2028\'|tojson }}',
        "{{ [1, 1.0, 1e16, 1e-7, 0.1, true, none, 'a', (1, 2), {}, []] |tojson }}",
        "{{ {1: 1, none: 2, 1.5: 3, true: 4}|tojson }}",
        "{{ {(1, 2): 1}|tojson }}",
        "{{ xs|map('string')|tojson }}",
        "{{ range(3)|tojson }}",
        "{{ [[], [[]], {'a': {}}]|tojson(indent=1) }}",
        "{{ {'b': 1, 2: 1}|tojson(sort_keys=true) }}",
        "{{ ('a'|safe)|tojson }}",
    ],
    "tests": [
        "{{ 1 is odd }}|{{ 2 is even }}|{{ 9 is divisibleby 3 }}|{{ 9 is divisibleby(2) }}",
        (
            "{{ 1 is number }}|{{ true is number }}|{{ 1.5 is float }}|{{ 1 is integer }}|{{ true is integer }}|"
            "{{ 'a' is string }}|{{ none is none }}|{{ true is boolean }}|{{ false is false }}|{{ 1 is true }}"
        ),
        (
            "{{ d is mapping }}|{{ xs is mapping }}|{{ d is sequence }}|{{ 'a' is sequence }}|{"
            "{ xs is sequence }}|{{ 5 is sequence }}|{{ d.items() is sequence }}|{{ 5 is iterable }}|{"
            "{ d is iterable }}"
        ),
        (
            "{{ 1 is eq 1 }}|{{ 1 is ne(2) }}|{{ 2 is gt 1 }}|{{ 1 is lessthan 2 }}|{{ 1 is in xs }}|{"
            "{ 'a' is not in 'abc' }}|{{ 2 is ge 2 }}"
        ),
        "{{ 'a' is lower }}|{{ 'A' is upper }}|{{ '1' is lower }}|{{ none is sameas none }}|{{ true is sameas 1 }}",
        "{{ n is defined and n > 3 }}|{{ n is not defined or n }}",
        "{{ not n is odd }}",
        "{{ '<'|safe is escaped }}|{{ '<' is escaped }}|{{ range is callable }}|{{ n is callable }}",
        "{{ 'a' is odd }}",
        "{{ n is defined is odd }}",
        "{{ 5 is divisibleby }}",
    ],
    "strings": [
        "{{ s.strip() }}|{{ s.lstrip() }}|{{ s.rstrip() }}|{{ 'xax'.strip('x') }}|{{ 'abcab'.strip('ba') }}|",
        (
            "{{ 'a,b,,c'.split(',') }}|{{ 'a b  c '.split() }}|{{ 'a-b-c'.split('-', 1) }}|{"
            "{ 'a-b-c'.rsplit('-', 1) }}|{{ ' a b c '.split(none, 1) }}|{{ ' a b c '.rsplit(none, 1) }}|{"
            "{ 'a'.split(sep='b', maxsplit=2) }}"
        ),
        "{{ 'a\\r\\nb\\nc\\x0bd'.splitlines() }}|{{ 'a\\n'.splitlines(true) }}",
        (
            "{{ 'abc'.startswith('ab') }}|{{ 'abc'.endswith(('x', 'c')) }}|{{ 'abc'.startswith('b', 1) }}|{"
            "{ 'abc'.endswith('b', 0, 2) }}"
        ),
        (
            "{{ 'abcb'.find('b') }}|{{ 'abcb'.rfind('b') }}|{{ 'a\U0001f600b'.find('b') }}|{{ 'abc'.find('z') }}|{"
            "{ 'abc'.index('c') }}|{{ 'aaa'.count('a') }}|{{ 'aaa'.count('') }}|{{ 'abc'.find('', 5) }}"
        ),
        (
            "{{ 'ab'.replace('a', 'b') }}|{{ 'aab'.replace('a', '', 1) }}|{{ 'ab'.upper() }}|{{ 'AB'.lower() }}|"
            '{{ \'aB c\'.title() }}|{{ "it\'s".title() }}|{{ \'aBC\'.capitalize() }}'
        ),
        "{{ ', '.join(ws) }}|{{ '-'.join('abc') }}",
        "{{ 'a=b=c'.partition('=') }}|{{ 'a=b=c'.rpartition('=') }}|{{ 'abc'.partition('x') }}",
        (
            "{{ '12'.isdigit() }}|{{ '²'.isdigit() }}|{{ '²'.isdecimal() }}|{{ ''.isdigit() }}|{"
            "{ 'aé'.isalpha() }}|{{ 'a1'.isalnum() }}|{{ ' \\x1f'.isspace() }}|{{ 'Ab'.isupper() }}|{"
            "{ 'ab1'.islower() }}|{{ 'aé'.isascii() }}"
        ),
        "{{ '7'.zfill(3) }}|{{ '-7'.zfill(4) }}|{{ 'a'.ljust(3, '.') }}|{{ 'a'.rjust(3) }}|{{ 'ab'.center(5, '*') }}",
        "{{ 'abc'.removeprefix('ab') }}|{{ 'abc'.removesuffix('bc') }}|{{ 'abc'.removeprefix('x') }}",
        "{{ '{} {0}'.format(1) }}",
        (
            "{{ '{}-{}'.format(1, 'a') }}|{{ '{1}{0}'.format(1, 2) }}|{{ '{x!r}'.format(x='a') }}|{{ '{"
            "{}}'.format() }}|{{ '{:.2f}'.format(2) }}|{{ '{:d}'.format(3) }}"
        ),
        (
            "{{ 'a\U0001f600b'[1] }}|{{ 'abc'[-1] }}|{{ 'abc'[5] is defined }}|{{ 'a\U0001f600b'[1:] }}|{"
            "{ 'a\U0001f600b'[::-1] }}|{{ 'abcdef'[1:5:2] }}|{{ 'abc'[:-1] }}|{{ 'abc'[10:] }}"
        ),
        "{{ 'abc'.join }}",
        "{{ 'abc'.index('z') }}",
        "{{ 'a'.split('') }}",
        "{{ 'abc'.find(1) }}",
        "{{ 'abc'.upper(1) }}",
        "{{ ''.join([1]) }}",
        (
            "{{ '\u0130\u0391\u03a3 \u0391\u03a3.'.lower() }}|{{ 'stra\xdfe \u01c6 \ufb01'.upper() }}|{"
            "{ '\u01c6a \xdfa \ufb01a'.title() }}"
        ),
    ],
    "lists and dictionaries": [
        (
            "{{ xs[0] }}|{{ xs[-1] }}|{{ xs[5] is defined }}|{{ xs[1:] }}|{{ xs[::-1] }}|{{ xs[:2] }}|{"
            "{ xs.0 }}|{{ xs['0'] is defined }}|{{ xs[true] }}"
        ),
        "{{ xs.index(1) }}|{{ xs.count(1) }}|{{ xs.index(9) }}",
        "{{ d.k }}|{{ d['k'] }}|{{ d.get('k') }}|{{ d.get('z') }}|{{ d.get('z', 5) }}|{{ d.a.x }}",
        "{{ d.keys() }}|{{ d.values() }}|{{ d.items() }}",
        "{{ d.keys()|list }}|{{ d.items()|list|length }}|{{ 'k' in d.keys() }}|{{ d.items()|length }}",
        (
            "{{ messages[1].items is defined }}|{{ messages[1]['items'] }}|{"
            "{ messages[0]['items'] is callable }}|{{ messages[0].zap is callable }}"
        ),
        "{{ xs.append(1) }}",
        "{{ d.update({}) }}",
        "{{ d.pop is defined }}|{{ d.pop }}|{{ xs.sort }}",
        "{{ dict(a=1) }}|{{ dict([('a', 1)], b=2) }}|{{ dict(d).k }}",
        "{{ (1, 2)[0] }}|{{ (1, 2)|length }}|{{ (1, 2).index(2) }}",
        "{{ {1: 'a'}[1.0] }}|{{ {1: 'a'}[true] }}|{{ {none: 1}[none] }}",
        "{{ {[1]: 2} }}",
        "{{ d[[1]] is defined }}",
        "{{ xs['a'] is defined }}|{{ xs[1.0] is defined }}",
        "{{ none.x is defined }}|{{ 5[0] is defined }}",
        "{{ none.x.y }}",
        "{{ xs[none:2] }}",
        "{{ xs['a':] }}",
        "{{ d[1:] }}",
        "{{ xs[::0] }}",
        (
            "{{ range(3) }}|{{ range(1, 7, 2) }}|{{ range(5)[1] }}|{{ range(3)|list }}|{{ range(5)|length }}|{"
            "{ 3 in range(5) }}|{{ range(3) == range(0, 3, 1) }}"
        ),
        "{{ range(1.5) }}",
        "{{ range(0, 5, 0) }}",
        "{{ d == {'k': 1, 'a': {'x': 0.1}, 'B': [true, none]} }}|{{ [1] == (1,) }}|{{ [1, [2]] == [1.0, [2]] }}",
        "{{ d.__class__ }}",
        "{{ d['__class__'] is defined }}",
        "{{ {'_x': 1}._x }}",
        "{{ messages.class.protectionDomain }}",
        "{{ empty or 'e' }}|{{ 'e' if empty else 'f' }}",
        "{{ {'a': 1}.items()|first }}|{{ d|length }}",
    ],
    "generation": [
        "{{ n }}{% generation %}a{{ n }}\U0001f600{% endgeneration %}b{% generation %}{% endgeneration %}",
        "{% for m in messages %}{{ m.role }}{% generation %}{{ m.content }}{% endgeneration %}|{% endfor %}",
        "{% generation %}\n  a\n  {%- endgeneration -%}\n b",
        "{%- generation -%} a {% endgeneration %}",
        "{% for x in xs %}{% generation %}{{ loop.index }}{% break %}{% endgeneration %}{% endfor %}",
    ],
    "statements": [
        (
            "{% if n > 5 %}a{% elif n %}b{% else %}c{% endif %}|{% if 0 %}a{% elif n %}b{% else %}c{% endif %}|"
            "{% if 0 %}a{% elif 0 %}b{% else %}c{% endif %}"
        ),
        "{% if n: %}a{% endif %}",
        "{% print n, 'a' %}",
        "{{ raise_exception('no') }}",
        "{% if 1 %}a",
        "{% endif %}",
        "{{ n",
        "{{ }}",
        "{% zap %}",
        "{{ n|zap }}",
        "{{ n is zap }}",
        "{{ (n }}",
        "{{ n) }}",
        "{{ 'a }}",
        "{# a",
        "{% raw %}",
        "{% if %}{% endif %}",
        "{{ a b }}",
        "{{ ? }}",
        "{% set %}",
        "{% set 1 = 2 %}",
        "{% set true = 2 %}",
        "{{ n if }}",
        "{{ loop }}",
        "{% extends 'a' %}",
        "{% include 'a' %}",
        "{% block a %}b{% endblock %}",
        "{{ cycler('a') }}",
        "{{ lipsum is defined }}",
        "{% do xs %}",
        "{{ f(*xs) }}",
        "{% set y = namespace() %}{{ y }}|{{ y.x is defined }}",
        "{{ namespace }}",
        "{{ n.real }}",
        "{{ xs[1, 2] }}",
        "{{ 'abc'|reverse|join }}",
    ],
}


def case(topic, template):
    result = {"topic": topic, "template": template}
    try:
        chat._compile_jinja_template(template).environment.globals.pop("strftime_now", None)
        variables = dict(VARIABLES)
        text, spans = chat.render_jinja_template(
            [variables.pop("messages")], chat_template=template, return_assistant_tokens_mask=True, **variables
        )
        result["text"] = text[0]
        result["spans"] = spans[0]
    except Exception as refused:
        result["refused"] = type(refused).__name__
    return result


def main():
    cases = [case(topic, template) for topic, templates in TEMPLATES.items() for template in templates]
    # An address is another one each time.
    cases = [{**one, "text": None} if " at 0x" in one.get("text", "") else one for one in cases]
    json.dump({"variables": VARIABLES, "cases": cases}, sys.stdout, indent=0)
    print()


if __name__ == "__main__":
    main()
