"""The same text to sequences of 256 tokens by Hugging Face datasets and tokenizers, as run_clm.py of transformers does
it.

usage: hf_sharding.py TEXT_DIRECTORY TOKENIZER_JSON OUT

Two processes; prints one line of JSON with the tokens and the seconds from JSON lines to the saved data set.
"""

import glob
import itertools
import json
import os
import sys
import time

os.environ["TOKENIZERS_PARALLELISM"] = "false"

import datasets  # noqa: E402
import tokenizers  # noqa: E402

LENGTH, PROCESSES, BATCH, BOS = 256, 2, 1000, 0

text, tokenizer_file, out = sys.argv[1:]
tokenizer = tokenizers.Tokenizer.from_file(tokenizer_file)
datasets.disable_progress_bars()


def tokenize(rows):
    return {"ids": [[BOS] + one.ids for one in tokenizer.encode_batch_fast(rows["text"], add_special_tokens=False)]}


def group(rows):
    stream = list(itertools.chain.from_iterable(rows["ids"]))
    usable = len(stream) // LENGTH * LENGTH
    return {"ids": [stream[i : i + LENGTH] for i in range(0, usable, LENGTH)]}


if __name__ == "__main__":
    start = time.perf_counter()
    rows = datasets.load_dataset(
        "json", data_files=sorted(glob.glob(os.path.join(text, "*.jsonl"))), split="train", num_proc=PROCESSES
    )
    ids = rows.map(tokenize, batched=True, batch_size=BATCH, num_proc=PROCESSES, remove_columns=rows.column_names)
    packed = ids.map(group, batched=True, batch_size=BATCH, num_proc=PROCESSES)
    packed.save_to_disk(out)
    seconds = time.perf_counter() - start
    print(
        json.dumps(
            {
                "tokens": len(packed) * LENGTH,
                "seconds": seconds,
                "datasets": datasets.__version__,
                "tokenizers": tokenizers.__version__,
            }
        )
    )
