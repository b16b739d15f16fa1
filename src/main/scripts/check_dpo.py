"""Compares tokens, loss, rewards and gradients of preferences with those of TRL's DPOTrainer.

    check_dpo.py POLICY_DIR REFERENCE_DIR PAIRS.jsonl OURS_DIR [TOLERANCE]

OURS_DIR is what `xecomla preferences` wrote of the same models and pairs: preferences.json, and gradients, a model
directory whose weights are our gradients. Exits 0 where all token ids are the same and everything else is within
TOLERANCE (1e-4): of the loss and of every reward as a share of the largest, of every gradient as a share of its norm.
"""

import json
import os
import sys
import tempfile

os.environ.setdefault("HF_HUB_OFFLINE", "1")

import torch
from datasets import Dataset
from safetensors.torch import load_file
from transformers import AutoModelForCausalLM, AutoTokenizer
from trl import DPOConfig, DPOTrainer


def trainer(policy, reference, pairs, ours, scratch):
    tokenizer = AutoTokenizer.from_pretrained(policy)
    tokenizer.pad_token = tokenizer.pad_token or tokenizer.eos_token
    models = [AutoModelForCausalLM.from_pretrained(d, dtype=torch.float32) for d in (policy, reference)]
    config = DPOConfig(
        output_dir=scratch,
        beta=ours["beta"],
        loss_type=[ours["form"]],
        label_smoothing=ours["labelSmoothing"],
        per_device_train_batch_size=len(pairs),
        max_length=None,
        gradient_checkpointing=False,
        bf16=False,
        use_cpu=True,
        report_to="none",
    )
    # Ours begins a prompt with the model's first token, once; some tokenizers add it by themselves.
    adds = tokenizer("a")["input_ids"][0] == tokenizer.bos_token_id
    begin = "" if adds else tokenizer.bos_token or ""
    data = Dataset.from_list([{**pair, "prompt": begin + pair["prompt"]} for pair in pairs])
    return DPOTrainer(model=models[0], ref_model=models[1], args=config, train_dataset=data, processing_class=tokenizer)


def largest_error(theirs, ours):
    theirs, ours = torch.tensor(theirs), torch.tensor(ours)
    return ((theirs - ours).abs().max() / theirs.abs().max()).item()


def other_tokens(rows, ours):
    """The first pair whose ids differ, None where there is none."""
    for number, (row, pair) in enumerate(zip(rows, ours, strict=True)):
        for part in ("prompt", "chosen", "rejected"):
            if row[part + "_ids"] != pair[part]:
                return f"pair {number}, {part}: TRL has {row[part + '_ids']}, we have {pair[part]}"
    return None


def main(policy, reference, pairs_file, ours_dir, tolerance="1e-4"):
    with open(pairs_file) as lines:
        pairs = [json.loads(line) for line in lines]
    with open(os.path.join(ours_dir, "preferences.json")) as file:
        ours = json.load(file)
    with tempfile.TemporaryDirectory() as scratch:
        dpo = trainer(policy, reference, pairs, ours, scratch)
        other = other_tokens(dpo.train_dataset, ours["pairs"])
        if other:
            print(f"other tokens: {other}")
            return 1
        dpo.model.eval()  # no dropout either way; rewards are logged under "eval"
        inputs = dpo.data_collator([dpo.train_dataset[i] for i in range(len(pairs))])
        loss = dpo.compute_loss(dpo.model, inputs)
        loss.backward()
        with torch.no_grad():
            rewards = [
                ours["beta"] * (p - r) / n
                for p, r, n in zip(
                    log_probs(dpo.model, inputs), log_probs(dpo.ref_model, inputs), lengths(inputs, ours)
                )
            ]
        logged = {name: values[-1] for name, values in dpo._metrics["eval"].items() if name.startswith("rewards/")}
    count = len(pairs)
    errors = {
        "loss": abs(loss.item() - ours["loss"]) / abs(loss.item()),
        "rewards": largest_error(rewards, ours["chosen"] + ours["rejected"]),
        "margins": largest_error(
            [c - r for c, r in zip(rewards[:count], rewards[count:])],
            [c - r for c, r in zip(ours["chosen"], ours["rejected"])],
        ),
    }
    gradients = os.path.join(ours_dir, "gradients")
    found = {}
    for file in os.listdir(gradients):
        if file.endswith(".safetensors"):
            found.update(load_file(os.path.join(gradients, file)))
    worst = ("", 0.0)
    for name, parameter in dpo.model.named_parameters():
        error = ((parameter.grad - found[name]).norm() / parameter.grad.norm()).item()
        worst = max(worst, (name, error), key=lambda e: e[1])
    errors["gradients"] = worst[1]
    text = ", ".join(f"{name} {error:.1e}" for name, error in errors.items())
    print(f"TRL {ours['form']}: the same tokens, loss {loss.item():.6f}, {logged};"
          f" relative errors: {text} (worst: {worst[0]})")
    return 0 if max(errors.values()) <= float(tolerance) else 1


def log_probs(model, inputs):
    logits = model(input_ids=inputs["input_ids"], attention_mask=inputs["attention_mask"]).logits[:, :-1]
    labels = inputs["input_ids"][:, 1:]
    each = logits.log_softmax(-1).gather(-1, labels[..., None])[..., 0]
    return (each * inputs["completion_mask"][:, 1:]).sum(-1).tolist()


def lengths(inputs, ours):
    counts = inputs["completion_mask"][:, 1:].sum(-1).tolist()
    return counts if ours["form"] == "ipo" else [1] * len(counts)


if __name__ == "__main__":
    if len(sys.argv) not in (5, 6):
        sys.exit(__doc__)
    sys.exit(main(*sys.argv[1:]))
