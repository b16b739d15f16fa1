"""Scores a checkpoint with lm-evaluation-harness and compares every question with what `xecomla eval --tasks` wrote.

    check_eval.py MODEL_DIR RESULT.json [TOLERANCE]

Tasks, files, number of examples and limit are those of RESULT.json. The harness's own task definitions are used; only
their data set is replaced by the local file. Exits 0 where every prompt is the same text, every log-likelihood differs
by at most TOLERANCE (1e-4), and all scores and standard errors are equal.
"""

import json
import os
import sys
import tempfile

os.environ.setdefault("HF_HUB_OFFLINE", "1")
os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")

import datasets
import lm_eval
import torch
from lm_eval.models.huggingface import HFLM
from lm_eval.tasks import TaskManager

datasets.disable_progress_bars()

DEFINITIONS = {
    "arc_easy": "arc/arc_easy.yaml",
    "arc_challenge": "arc/arc_challenge.yaml",
    "hellaswag": "hellaswag/hellaswag.yaml",
    "piqa": "piqa/piqa.yaml",
    "winogrande": "winogrande/default.yaml",
    "openbookqa": "openbookqa/openbookqa.yaml",
    "race": "race/race.yaml",
    "pubmedqa": "pubmedqa/pubmedqa.yaml",
}
SCORED_ON_VALIDATION = ("hellaswag", "piqa", "winogrande")


def definition(name):
    if name.startswith("mmlu_"):
        return f"mmlu/default/{name}.yaml"
    return DEFINITIONS[name]


def rows_of(path):
    if path.endswith(".parquet"):
        return datasets.Dataset.from_parquet(path).to_list()
    with open(path, encoding="utf-8") as file:
        return [json.loads(line) for line in file if line.strip()]


def write_rows(name, path, target):
    rows = rows_of(path)
    if name.startswith("mmlu_"):
        rows = [row for row in rows if "mmlu_" + row["subject"] == name]
    with open(target, "w", encoding="utf-8") as file:
        for row in rows:
            file.write(json.dumps(row, ensure_ascii=False) + "\n")


def write_task(name, result, folder):
    """A custom task: the harness's definition, over local files."""
    source = os.path.join(os.path.dirname(lm_eval.__file__), "tasks", definition(name))
    files = {"test": os.path.join(folder, name + ".jsonl")}
    ours = result["configs"][name]
    write_rows(name, ours["dataset_path"], files["test"])
    config = {"include": source, "task": "local_" + name, "tag": None, "dataset_path": "json", "dataset_name": None,
              "dataset_kwargs": {"data_files": files}, "training_split": None, "validation_split": None,
              "test_split": "test", "fewshot_split": "test"}
    examples = ours.get("fewshot_path")
    if examples is not None:
        files["train"] = os.path.join(folder, name + "-train.jsonl")
        write_rows(name, examples, files["train"])
        config.update(training_split="train", fewshot_split="train" if name.startswith("mmlu_") else None)
        if name in SCORED_ON_VALIDATION:
            config.update(validation_split="test", test_split=None)
    with open(os.path.join(folder, name + ".yaml"), "w", encoding="utf-8") as file:
        json.dump(config, file)  # JSON is YAML


def compare(name, ours, theirs, tolerance):
    worst = 0.0
    if len(ours) != len(theirs):
        raise SystemExit(f"{name}: {len(ours)} questions, the harness has {len(theirs)}")
    for mine, other in zip(ours, theirs):
        where = f"{name} question {mine['doc_id']}"
        prompts = [list(argument[:2]) for argument in other["arguments"]]
        if mine["arguments"] != prompts:
            raise SystemExit(f"{where}: asked {mine['arguments']}\nthe harness asks {prompts}")
        if mine["target"] != other["target"] and str(mine["target"]) != str(other["target"]):
            raise SystemExit(f"{where}: target {mine['target']}, the harness's {other['target']}")
        for (a, a_greedy), (b, b_greedy) in zip(mine["filtered_resps"], other["filtered_resps"], strict=True):
            worst = max(worst, abs(a - b))
            if abs(a - b) > tolerance or a_greedy != b_greedy:
                raise SystemExit(f"{where}: log-likelihood {a} {a_greedy}, the harness's {b} {b_greedy}")
        for metric in other["metrics"]:
            if mine[metric] != other[metric]:
                raise SystemExit(f"{where}: {metric} {mine[metric]}, the harness's {other[metric]}")
    return worst


def exact_rope(model):
    """Plain rope in the model's own float64: transformers' float32 alone is up to 1e-4 of a sum."""
    rope = model.model.rotary_emb
    if rope.rope_type != "default":
        return
    dim = 2 * rope.inv_freq.numel()
    theta = model.config.rope_parameters["rope_theta"]
    inverse = theta ** -(torch.arange(0, dim, 2, dtype=torch.float64) / dim)

    def forward(x, position_ids):
        angles = position_ids[..., None].double() * inverse
        angles = torch.cat((angles, angles), dim=-1)
        return angles.cos().to(x.dtype), angles.sin().to(x.dtype)

    rope.forward = forward


def main(model_dir, result_file, tolerance="1e-4"):
    with open(result_file, encoding="utf-8") as file:
        result = json.load(file)
    names = list(result["samples"])
    shots = {result["n-shot"][name] for name in names}
    with open(os.path.join(model_dir, "config.json"), encoding="utf-8") as file:
        bos = json.load(file).get("bos_token_id")
    lm = HFLM(pretrained=model_dir, dtype=torch.float64, device="cpu", batch_size=16, prefix_token_id=bos,
              max_length=result["config"]["max_length"])
    exact_rope(lm.model)
    with tempfile.TemporaryDirectory() as folder:
        os.environ["HF_DATASETS_CACHE"] = folder
        for name in names:
            write_task(name, result, folder)
        harness = lm_eval.simple_evaluate(
            model=lm, tasks=["local_" + name for name in names], num_fewshot=shots.pop(),
            limit=result["config"]["limit"], log_samples=True,
            task_manager=TaskManager(include_path=folder, include_defaults=False))
    worst = 0.0
    questions = 0
    for name in names:
        local = "local_" + name
        mine, other = result["samples"][name], harness["samples"][local]
        worst = max(worst, compare(name, mine, sorted(other, key=lambda s: s["doc_id"]), float(tolerance)))
        questions += len(mine)
        for key, value in harness["results"][local].items():
            own = result["results"][name].get(key)
            if key not in ("name", "alias") and own != value and not abs(own - value) < 1e-12:
                raise SystemExit(f"{name}: {key} is {own}, the harness's {value}")
        for section in ("versions", "n-shot", "n-samples"):
            own, value = result[section][name], harness[section][local]
            if str(own) != str(value):
                raise SystemExit(f"{name}: {section} {own}, the harness's {value}")
    print(
        f"lm-eval {lm_eval.__version__}: {questions} questions of {len(names)} tasks have the same prompts and scores;"
          f" log-likelihoods differ by at most {worst:.1e}")


if __name__ == "__main__":
    if len(sys.argv) not in (3, 4):
        sys.exit(__doc__)
    main(*sys.argv[1:])
