"""What transformers makes of the templates beside this file, and of those in strict: make_expected.py

Writes expected.json and strict/expected.json anew. pip install transformers==5.18.0 jinja2
"""
import json
import re
from pathlib import Path

from transformers import PreTrainedTokenizerFast

HERE = Path(__file__).resolve().parent
GENERATION = re.compile(r"{%-? generation -?%}")
CHATS = {
    "single": [{"role": "user", "content": '  Hello,\n"world" <b>&amp;</b> é漢🙂 {{ x }} \n'}],
    "turn": [{"role": "user", "content": "What is 2+2?"}, {"role": "assistant", "content": " It's 4 🙂.\n"}],
    "multi": [
        {"role": "system", "content": "You are terse."},
        {"role": "user", "content": "Hi ünïcode 漢"},
        {"role": "assistant", "content": "Hello!"},
        {"role": "user", "content": "Bye\\n"},
        {"role": "assistant", "content": "Bye: {% x %} [[end]]?"},
    ],
    "thought": [
        {"role": "user", "content": "A ship has 3 masts. Two ships?"},
        {"role": "assistant", "content": "<think>\n3 + 3\n</think>\n\n6 masts."},
        {"role": "user", "content": "Four?"},
        {"role": "assistant", "content": "<think></think>12, I\u2028think."},
        {"role": "user", "content": "Thanks"},
    ],
    "crossed": [
        {"role": "user", "content": "One"},
        {"role": "user", "content": "Two"},
        {"role": "assistant", "content": ""},
    ],
}
TIDE = {
    "name": "tide",
    "description": "How high the water stands, \"today\" or later; <b>Wörter</b> ' & 漢字.",
    "parameters": {
        "type": "object",
        "properties": {
            "harbour": {"type": "string", "description": "Its name"},
            "day": {"type": "integer", "default": 0, "enum": [0, 1, 2]},
            "units": {"type": ["string", "null"]},
            "at": {"type": "array", "items": {"type": "number"}},
        },
        "required": ["harbour"],
    },
}
BELL = {"name": "bell", "description": "", "parameters": {"type": "object", "properties": {}}}
CALLS = [
    {
        "role": "system",
        "content": [{"type": "text", "text": "Be "}, {"type": "image"}, {"type": "text", "text": "kind."}],
    },
    {"role": "user", "content": "High tide in Emden & Brüssel?", "name": "Ann"},
    {
        "role": "assistant",
        "content": None,
        "tool_calls": [
            {
                "function": {
                    "name": "tide",
                    "arguments": {"harbour": "Émden", "day": 1, "at": [1.5, -2e-7], "exact": True},
                }
            },
            {"function": {"name": "bell", "arguments": "{\"times\": 2}"}},
        ],
    },
    {"role": "tool", "name": "tide", "content": "{\"metres\": 3.2}"},
    {"role": "assistant", "content": "3.2 m.", "reasoning_content": "\nThe tool says so.\n"},
]
STRICT = {
    "plain": {"messages": CHATS["multi"], "add_generation_prompt": True},
    "calls": {
        "messages": CALLS,
        "tools": [{"type": "function", "function": TIDE}, {"type": "function", "function": BELL}],
    },
}
LINES = [
    "{{ 2 ** -1 }}",
    "{{ [1, 2, 3, 4, 5] | slice(2) | list }}",
    "{{ 'upper' is filter }} {{ 'nonsense' is filter }} {{ 'even' is test }}",
    "{% macro m(a, b=1) %}{% endmacro %}{{ m.name }} {{ m.arguments }}",
    "{% for n in [{'of': [{'of': []}]}] recursive %}({{ loop.depth }}{{ loop(n.of) }}){% endfor %}",
    "{{ messages is sameas messages }}",
    "{% for g in [{'k': 1, 'n': 2}, {'k': 1, 'n': 3}] | groupby('k') %}"
    "{{ g.grouper }}{{ g.list | length }}{% endfor %}",
    "{% autoescape true %}{{ '<b>' }}{% endautoescape %}",
    "{{ '%s' | urlize }}{{ 'a b' | urlencode }}",
    # The rest is refused.
    "{{ messages.append(1) }}",
    "{{ messages[0].update({'role': 'x'}) }}",
    "{{ nothing.more }}",
    "{{ nothing() }}",
    "{{ messages[0].content.zap() }}",
    "{{ messages[0].content.zap.more }}",
    "{{ 1 / 0 }}",
    "{{ 'a' + 1 }}",
    "{{ [1] + (2,) }}",
    "{{ 1 < 'a' }}",
    "{{ ''.__class__.__mro__ }}",
    "{{ '{0.__class__}'.format(1) }}",
    "{{ raise_exception('not ' ~ messages[0].role) }}",
    "{{ [1, 2] | map('nonsense') | list }}",
    "{{ 1 is nonsense }}",
    "{% for x in 7 %}{% endfor %}",
    "{% for a, b in [(1, 2, 3)] %}{% endfor %}",
    "{{ none | length }}",
    "{{ range(10 ** 9) | list | length }}",
    "{{ messages[0].content[99] }}|{{ messages['x'] }}|{{ messages[0][1] }}|{{ [1][5].x }}",
    "{% if messages %}",
    "{% endif %}",
    "{{ 'open }}",
    "{{ (1, }}",
    "{% nonsense %}",
    "{{ messages | }}",
    "{% macro m(a) %}{{ a.x }}{% endmacro %}{{ m() }}",
    "{% macro m(a) %}{% endmacro %}{{ m(1, 2) }}",
    "{% macro m(a) %}{% endmacro %}{{ m(b=2) }}",
    "{% set messages.x = 1 %}",
    "{% include 'other' %}",
    "{% import 'other' as o %}",
    "{% extends 'other' %}",
]


def case(tokenizer, name, template, messages, prompt):
    # A template that writes the date is given one, or it would write today's.
    settings = {"chat_template": template, "add_generation_prompt": prompt, "date_string": "26 Jul 2024"}
    result = {"template": name, "messages": messages, "prompt": prompt, "text": None}
    try:
        result["text"] = tokenizer.apply_chat_template(messages, tokenize=False, **settings)
    except Exception as refused:
        result["refused"] = str(refused)
    if result["text"] and GENERATION.search(template) and not prompt:
        encoded = tokenizer.apply_chat_template(
            messages, return_dict=True, return_assistant_tokens_mask=True, **settings
        )
        result["ids"] = encoded["input_ids"]
        result["mask"] = encoded["assistant_masks"]
    return result


def strict_case(tokenizer, name, template, variables):
    result = {"template": name, "variables": variables, "text": None}
    given = {key: value for key, value in variables.items() if key != "messages"}
    try:
        result["text"] = tokenizer.apply_chat_template(
            variables["messages"], chat_template=template, tokenize=False, **given
        )
    except Exception as refused:
        result["refused"] = f"{type(refused).__name__}: {refused}"
    return result


def templates(folder):
    return [(path.name, path.read_text()) for path in sorted(folder.glob("*.jinja"))]


def write(path, value):
    path.write_text(json.dumps(value, ensure_ascii=False, indent=1) + "\n")


def main():
    tokenizer = PreTrainedTokenizerFast(
        tokenizer_file=str(HERE / "../tokenizers/byte-fallback/tokenizer.json"), bos_token="<s>", eos_token="</s>"
    )
    cases = [
        case(tokenizer, name, template, messages, prompt)
        for name, template in templates(HERE)
        for messages in CHATS.values()
        for prompt in (False, True)
    ]
    write(HERE / "expected.json", {"chats": CHATS, "cases": cases})
    strict = [
        strict_case(tokenizer, name, template, variables)
        for name, template in templates(HERE / "strict")
        for variables in STRICT.values()
    ]
    lines = [strict_case(tokenizer, line, line, {"messages": CHATS["turn"]}) for line in LINES]
    write(HERE / "strict" / "expected.json", {"files": strict, "lines": lines})


if __name__ == "__main__":
    main()
