"""What transformers makes of the templates beside this file: python make_expected.py > expected.json

pip install transformers==5.18.0 jinja2
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


def main():
    tokenizer = PreTrainedTokenizerFast(
        tokenizer_file=str(HERE / "../tokenizers/byte-fallback/tokenizer.json"), bos_token="<s>", eos_token="</s>"
    )
    cases = [
        case(tokenizer, path.name, path.read_text(), messages, prompt)
        for path in sorted(HERE.glob("*.jinja"))
        for messages in CHATS.values()
        for prompt in (False, True)
    ]
    print(json.dumps({"chats": CHATS, "cases": cases}, ensure_ascii=False, indent=1))


if __name__ == "__main__":
    main()
