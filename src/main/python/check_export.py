"""Loads an export with stock transformers and compares it with logits that the project wrote.

    check_export.py EXPORT_DIR LOGITS.safetensors ID,ID,... [TOLERANCE]

Exits 0 where the norm of the difference is at most TOLERANCE (1e-4) of the logits' own and the most probable token is the
same at every position.
"""

import sys

import numpy
import torch
from safetensors.numpy import load_file
from transformers import AutoModelForCausalLM


def main(directory, logits_file, ids, tolerance="1e-4"):
    model = AutoModelForCausalLM.from_pretrained(directory, dtype=torch.float32).eval()
    tokens = torch.tensor([[int(i) for i in ids.split(",")]])
    with torch.no_grad():
        theirs = model(tokens).logits[0].numpy()  # (T, V)
    ours = load_file(logits_file)["logits"][0]  # (T, V)
    error = numpy.linalg.norm(theirs - ours) / numpy.linalg.norm(ours)
    same = int((theirs.argmax(-1) == ours.argmax(-1)).sum())
    print(f"{type(model).__name__}: logits differ by {error:.1e}, {same} of {len(ours)} greedy tokens the same")
    return 0 if error <= float(tolerance) and same == len(ours) else 1


if __name__ == "__main__":
    if len(sys.argv) not in (4, 5):
        sys.exit(__doc__)
    sys.exit(main(*sys.argv[1:]))
