"""Compares golden files with others of the same seed: compare_goldens.py MADE COMMITTED

Every fixture of COMMITTED has to be in MADE with the same files: JSON of the same values, tensors of the same names,
types and shapes, whose distance ||made - committed|| / ||committed|| is at most 1e-12 in double and 1e-7 in float,
where rounding may be 6e-8; all others are equal. Prints the largest distances and exits 0 if so.

Which of a singular vector's two signs a library finds depends on the processor, and no logits depend on it. So the
students that were made are turned to the committed ones first: latents by signs, the slots of rope keys and queries by
signs (aligned) or phases (phased).

Legend: D hidden, H query heads, N nope, P rope, R rank of the KV latent, Q rank of the query latent.
"""

import json
import math
import sys
from pathlib import Path

import torch
from safetensors.torch import load_file

TOLERANCES = {torch.float64: 1e-12, torch.float32: 1e-7}


def read(folder):
    """All tensors of a fixture, those of its model by their names, others with their file's before it."""
    tensors = {}
    for file in sorted(folder.glob("*.safetensors")):
        before = "" if file.name.startswith("model") else file.stem + " "
        tensors.update({before + name: tensor for name, tensor in load_file(file).items()})
    return tensors


def signs(made, committed):
    """One for each row, as a column."""
    return (made * committed).sum(1, keepdim=True).sign()


def slot_turns(fixture, made, committed):
    """A complex number of modulus 1 for each slot of a rope key (P, D), as a column."""
    a, b = (torch.complex(rows[0::2], rows[1::2]) for rows in (made, committed))  # (P/2, D) each
    turns = (a.conj() * b).sum(1, keepdim=True)  # (P/2, 1)
    if fixture.startswith("phased"):
        return turns / turns.abs()
    return turns.real.sign() + 0j if fixture.startswith("aligned") else torch.ones_like(turns)


def turns_of_layer(fixture, config, prefix, made, committed):
    """What takes each matrix that was made, and each gradient, to its committed one."""
    num_heads, nope, rope = (config[k] for k in ("num_attention_heads", "qk_nope_head_dim", "qk_rope_head_dim"))

    def both(name):
        return (tensors[prefix + name].double() for tensors in (made, committed))

    parts = (w.tensor_split((-rope,)) for w in both("kv_a_proj_with_mqa.weight"))
    down, key = zip(*parts)  # 2 of (R, D), 2 of (P, D)
    latent, slots = signs(*down), slot_turns(fixture, *key)  # (R, 1), (P/2, 1)
    query = signs(*both("q_a_proj.weight")) if prefix + "q_a_proj.weight" in made else None  # (Q, 1)

    def rope_rows(w):  # (..., P, any)
        turned = torch.complex(w[..., 0::2, :], w[..., 1::2, :]) * slots  # (..., P/2, any)
        return torch.stack((turned.real, turned.imag), -2).flatten(-3, -2)

    def query_rows(w):  # (H*(N+P), any)
        unrotated, rotated = w.unflatten(0, (num_heads, -1)).tensor_split((nope,), 1)  # (H, N, any), (H, P, any)
        return torch.cat((unrotated, rope_rows(rotated)), 1).flatten(0, 1)

    return {
        "kv_a_proj_with_mqa.weight": lambda w: torch.cat((latent * w[:-rope], rope_rows(w[-rope:]))),
        "kv_b_proj.weight": lambda w: w * latent.T,
        "q_proj.weight": query_rows,
        "q_a_proj.weight": lambda w: query * w,
        "q_b_proj.weight": lambda w: query_rows(w * query.T),
    }


def turn_student(fixture, config, made, committed):
    for layer in range(config["num_hidden_layers"]):
        prefix = f"model.layers.{layer}.self_attn."
        if prefix + "kv_b_proj.weight" in made:
            for name, turn in turns_of_layer(fixture, config, prefix, made, committed).items():
                for kind in ("", "expected ce_grad.", "expected kd_grad."):
                    if kind + prefix + name in made:
                        made[kind + prefix + name] = turn(made[kind + prefix + name].double())


def tensor_differences(made_folder, folder, largest):
    made, committed = read(made_folder), read(folder)
    if made.keys() != committed.keys():
        yield f"{folder.name} has other tensors: {sorted(made.keys() ^ committed.keys())}"
        return
    kinds = {name: (tensor.dtype, tensor.shape) for name, tensor in made.items()}
    if folder.name.startswith(("mla", "aligned", "phased")):
        turn_student(folder.name, json.loads((folder / "config.json").read_text()), made, committed)
    for name, expected in committed.items():
        where = f"{folder.name}: {name}"
        if kinds[name] != (expected.dtype, expected.shape):
            yield f"{where} is {kinds[name]}, not {(expected.dtype, expected.shape)}"
            continue
        off, size = (made[name].double() - expected.double()).norm().item(), expected.double().norm().item()
        distance = off / size if size else off
        largest[expected.dtype] = max(largest.get(expected.dtype, (0.0, "none")), (distance, where))
        if not distance <= TOLERANCES.get(expected.dtype, 0):
            yield f"{where} differs by {distance:.1e}"


def same(a, b):
    """Of values of JSON: numbers up to the tolerance of doubles."""
    if isinstance(a, float) and isinstance(b, float):
        return math.isclose(a, b, rel_tol=TOLERANCES[torch.float64])
    if isinstance(a, dict) and isinstance(b, dict):
        return a.keys() == b.keys() and all(same(a[key], b[key]) for key in a)
    if isinstance(a, list) and isinstance(b, list):
        return len(a) == len(b) and all(map(same, a, b))
    return type(a) is type(b) and a == b


def json_differences(made, folder):
    for file in sorted(folder.glob("*.json")):
        if not same(json.loads((made / file.name).read_text()), json.loads(file.read_text())):
            yield f"{folder.name}/{file.name} is another"


def differences(made, committed, largest):
    fixtures = [sorted(path.name for path in place.iterdir() if path.is_dir()) for place in (made, committed)]
    if fixtures[0] != fixtures[1]:
        yield f"other fixtures: {sorted(set(fixtures[0]) ^ set(fixtures[1]))}"
    for fixture in fixtures[1]:
        files = [sorted(path.name for path in (place / fixture).glob("*")) for place in (made, committed)]
        if files[0] != files[1]:
            yield f"{fixture} has {files[0]}, committed are {files[1]}"
            continue
        yield from json_differences(made / fixture, committed / fixture)
        yield from tensor_differences(made / fixture, committed / fixture, largest)


def main(made, committed):
    largest = {}
    found = list(differences(Path(made), Path(committed), largest))
    for dtype, (distance, where) in largest.items():
        print(f"largest distance of {dtype}: {distance:.1e}, {where}")
    print("\n".join(found) if found else f"{made} has what {committed} has")
    return 1 if found else 0


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    sys.exit(main(*sys.argv[1:]))
