"""What Hugging Face's tokenizers makes of texts: encode_texts.py TOKENIZER.json TEXTS.jsonl OUT.jsonl

TEXTS.jsonl has a string a line, OUT.jsonl a list of ids, without the tokens that a post-processor adds.
"""

import json
import sys

from tokenizers import Tokenizer


def main(tokenizer, texts, out):
    model = Tokenizer.from_file(tokenizer)
    with open(texts, encoding="utf-8") as lines, open(out, "w", encoding="utf-8") as written:
        for line in lines:
            ids = model.encode(json.loads(line), add_special_tokens=False).ids
            written.write(json.dumps(ids) + "\n")


if __name__ == "__main__":
    main(*sys.argv[1:])
