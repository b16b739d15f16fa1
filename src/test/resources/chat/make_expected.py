"""What transformers makes of the templates beside this file: python make_expected.py > expected.json

pip install transformers==5.18.0 jinja2
"""
import glob
import json
import os

from transformers import PreTrainedTokenizerFast

HERE = os.path.dirname(os.path.abspath(__file__))
CHATS = {
    "single": [{"role": "user", "content": '  Hello,\n"world" <b>&amp;</b> é漢🙂 {{ x }} \n'}],
    "turn": [{"role": "user", "content": "What is 2+2?"}, {"role": "assistant", "content": " It's 4 🙂.\n"}],
    "multi": [
        {"role": "system", "content": "You are terse."},
        {"role": "user", "content": "Hi ünïcode 漢"},
        {"role": "assistant", "content": "Hello!"},
        {"role": "user", "content": "Bye\\n"},
        {"role": "assistant", "content": "Bye: {% x %} <|eot_id|>?"},
    ],
}
tokenizer = PreTrainedTokenizerFast(
    tokenizer_file=os.path.join(HERE, "../tokenizers/byte-fallback/tokenizer.json"), bos_token="<s>", eos_token="</s>"
)
cases = []
for path in sorted(glob.glob(os.path.join(HERE, "*.jinja"))):
    template = open(path).read()
    for name, messages in CHATS.items():
        for prompt in (False, True):
            # Llama 3's templates would write today's date.
            settings = dict(chat_template=template, add_generation_prompt=prompt, date_string="26 Jul 2024")
            case = {"template": os.path.basename(path), "messages": messages, "prompt": prompt, "text": None}
            try:
                case["text"] = tokenizer.apply_chat_template(messages, tokenize=False, **settings)
            except Exception as refused:
                case["refused"] = str(refused)
            if case["text"] and "{% generation %}" in template.replace("{%- ", "{% ").replace(" -%}", " %}") and not prompt:
                encoded = tokenizer.apply_chat_template(
                    messages, return_dict=True, return_assistant_tokens_mask=True, **settings
                )
                case["ids"] = encoded["input_ids"]
                case["mask"] = encoded["assistant_masks"]
            cases.append(case)
print(json.dumps({"chats": CHATS, "cases": cases}, ensure_ascii=False, indent=1))
