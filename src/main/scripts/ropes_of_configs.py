"""ropes_of_configs.py DIR: the rope that transformers makes of every DIR/*.json, a Llama's config.json.

Prints one JSON object: for each file its inverse frequencies and the factor on cos and sin, or null where transformers
refuses the file.
"""

import json
import logging
import sys
from pathlib import Path

from transformers import LlamaConfig
from transformers.models.llama.modeling_llama import LlamaRotaryEmbedding

logging.disable(logging.WARNING)


def rope(path):
    try:
        made = LlamaRotaryEmbedding(LlamaConfig.from_dict(json.loads(path.read_text())))
    except Exception:
        return None
    return {"inverse": made.inv_freq.double().tolist(), "factor": float(made.attention_scaling)}


print(json.dumps({path.name: rope(path) for path in sorted(Path(sys.argv[1]).glob("*.json"))}))
