"""Loads an export and compares it with logits that the project wrote.

    check_export.py EXPORT_DIR LOGITS.safetensors ID,ID,... [TOLERANCE]

What stock transformers knows (deepseek-v3, llama) is loaded by AutoModelForCausalLM. For X-EcoMLA's official layout,
the Llama of its config.json gets latent attention as the official code computes it, written here from the paper's
equations.

Exits 0 where the norm of the difference is at most TOLERANCE of the logits' own and the most probable token is the same
wherever ours leads by more than rounding the weights may change. TOLERANCE is 1e-4 for weights in 32 bits. Rounded to
16, as exports are unless told otherwise, each weight changes by up to 2^-11 (float16) or 2^-8 (bfloat16) of itself, and
it is 0.5 and 4 %. Logits that `xecomla logits` makes of the export itself are of the same weights and agree to 1e-4.
"""

import glob
import json
import math
import os
import sys

import numpy
import torch
from safetensors import safe_open
from safetensors.torch import load_file
from transformers import AutoConfig, AutoModelForCausalLM


class OfficialAttention(torch.nn.Module):
    """Latent attention of a layer of X-EcoMLA's code.

    Legend: B batch, T time, H heads, N nope, P rope, R rank, V value.
    """

    def __init__(self, layers, tensors):
        super().__init__()
        self.heads = layers.get("num_attention_heads", 128)
        self.nope = layers.get("qk_nope_head_dim", 128)
        self.rope = layers.get("qk_rope_head_dim", 64)
        self.value = layers.get("v_head_dim", 128)
        self.tensors = tensors
        self.scale = (self.nope + self.rope) ** -0.5
        self.inverse, self.factor = frequencies(self.rope, layers)

    def norm(self, x, name):
        if name + ".weight" not in self.tensors:
            return x
        return x * torch.rsqrt(x.pow(2).mean(-1, keepdim=True) + 1e-6) * self.tensors[name + ".weight"]

    def rotate(self, x):
        """x (B, ?, T, P), pairs adjacent."""
        angles = torch.arange(x.shape[-2], dtype=torch.float64)[:, None] * self.inverse  # (T, P/2)
        cos, sin = (angles.cos() * self.factor).to(x.dtype), (angles.sin() * self.factor).to(x.dtype)
        re, im = x[..., 0::2], x[..., 1::2]
        return torch.cat((re * cos - im * sin, im * cos + re * sin), dim=-1)

    def forward(self, hidden_states, **_):
        weights = self.tensors
        batch, time, _ = hidden_states.shape
        q_latent = self.norm(hidden_states @ weights["q_a_proj.weight"].T, "q_a_layernorm")
        queries = q_latent @ weights["q_b_proj.weight"].T
        q = queries.view(batch, time, self.heads, -1).transpose(1, 2)  # (B, H, T, N+P)
        down = hidden_states @ weights["kv_a_proj_with_mqa.weight"].T  # (B, T, R+P)
        latent, k_rope = down[..., : -self.rope], down[:, None, :, -self.rope:]  # (B, T, R), (B, 1, T, P)
        up = self.norm(latent, "kv_a_layernorm") @ weights["kv_b_proj.weight"].T
        up = up.view(batch, time, self.heads, self.nope + self.value).transpose(1, 2)  # (B, H, T, N+V)
        scores = q[..., : self.nope] @ up[..., : self.nope].transpose(2, 3)
        scores = scores + self.rotate(q[..., self.nope:]) @ self.rotate(k_rope).transpose(2, 3)  # (B, H, T, T)
        scores = scores * self.scale  # (B, H, T, T)
        future = torch.ones(time, time, dtype=torch.bool).triu(1)
        out = scores.masked_fill(future, -math.inf).softmax(-1) @ up[..., self.nope:]  # (B, H, T, V)
        return out.transpose(1, 2).reshape(batch, time, -1) @ weights["out_proj.weight"].T, None


def frequencies(dim, layers):
    """Radians a position of each pair, and what cos and sin are multiplied by."""
    theta = layers.get("rope_theta", 10000.0)
    pairs = torch.arange(0, dim, 2, dtype=torch.float64) / dim
    inverse = theta**-pairs
    scaling = layers.get("rope_scaling")
    if scaling is None:
        return inverse, 1.0
    kind = layers.get("rope_type", "yarn")
    if kind == "linear":
        return inverse / scaling["factor"], 1.0
    assert kind == "yarn", kind
    original = scaling.get("original_max_position_embeddings", 4096)
    low, high = (dim * math.log(original / (turns * 2 * math.pi)) / (2 * math.log(theta))
                 for turns in (scaling.get("beta_fast", 32), scaling.get("beta_slow", 1)))
    low, high = max(math.floor(low), 0), min(math.ceil(high), dim - 1)
    ramp = ((torch.arange(dim // 2, dtype=torch.float64) - low) / max(high - low, 1e-3)).clamp(0, 1)

    def m(k):
        return 0.1 * k * math.log(scaling["factor"]) + 1 if scaling["factor"] > 1 else 1

    factor = m(scaling.get("mscale", 1)) / m(scaling.get("mscale_all_dim", 0))
    assert not scaling.get("mscale_all_dim", 0), "the exporter never writes it"
    return inverse / scaling["factor"] * ramp + inverse * (1 - ramp), factor


def official(directory):
    """The Llama of config.json, with latent attention in the layers that have mla tensors."""
    with open(os.path.join(directory, "mla_layer_config.json"), encoding="utf-8") as file:
        layers = json.load(file)
    with open(os.path.join(directory, "MLA_config.json"), encoding="utf-8") as file:
        attention_layers = json.load(file)["attn_layers"]
    tensors = {}
    for file in glob.glob(os.path.join(directory, "*.safetensors")):
        tensors.update({name: tensor.float() for name, tensor in load_file(file).items()})
    model = AutoModelForCausalLM.from_config(AutoConfig.from_pretrained(directory), dtype=torch.float32,
                                             attn_implementation="eager")
    latent = {}
    for name in [name for name in tensors if ".mla." in name]:
        layer, projection = name.removeprefix("model.layers.").split(".mla.")
        latent.setdefault(int(layer), {})[projection] = tensors.pop(name)
    every_layer = list(range(len(model.model.layers)))
    assert sorted([*latent, *attention_layers]) == every_layer, (sorted(latent), attention_layers)
    for layer, projections in latent.items():
        ranks = layers["layer_rank_list"][str(layer)]
        assert ranks == {
            "q_rank": len(projections["q_a_proj.weight"]),
            "kv_rank": projections["kv_b_proj.weight"].shape[1],
        }
        model.model.layers[layer].self_attn = OfficialAttention(layers, projections)
    if model.config.tie_word_embeddings:
        tensors.setdefault("lm_head.weight", tensors["model.embed_tokens.weight"])
    model.load_state_dict(tensors, strict=True)
    return model


TOLERANCES = {"F32": 1e-4, "F16": 5e-3, "BF16": 4e-2}


def weights_type(directory):
    """The coarsest type of the weights, as safetensors call it."""
    types = set()
    for file in glob.glob(os.path.join(directory, "*.safetensors")):
        with safe_open(file, "pt") as weights:
            types.update(weights.get_slice(name).get_dtype() for name in weights.keys())
    return max(types, key=lambda name: TOLERANCES[name])


def main(directory, logits_file, ids, tolerance=None):
    is_official = os.path.exists(os.path.join(directory, "mla_layer_config.json"))
    model = (official(directory) if is_official
             else AutoModelForCausalLM.from_pretrained(directory, dtype=torch.float32)).eval()
    tokens = torch.tensor([[int(i) for i in ids.split(",")]])
    with torch.no_grad():
        theirs = model(tokens).logits[0].numpy()  # (T, V)
    ours = load_file(logits_file)["logits"][0].numpy()  # (T, V)
    error = numpy.linalg.norm(theirs - ours) / numpy.linalg.norm(ours)
    kind = weights_type(directory)
    limit = TOLERANCES[kind] if tolerance is None else float(tolerance)
    same = theirs.argmax(-1) == ours.argmax(-1)  # (T)
    second, first = numpy.sort(ours, axis=-1)[:, -2:].T  # (T), (T)
    rms = numpy.sqrt((ours**2).mean(-1))  # (T)
    decided = first - second > 2 * limit * rms  # (T)
    name = type(model).__name__ + (" with the official code's layers" if is_official else "")
    print(f"{name}: logits differ by {error:.1e} ({kind}: at most {limit:.0e}), {same.sum()} of {len(ours)} greedy"
          f" tokens the same, {(same | ~decided).sum()} where rounding decides nothing")
    return 0 if error <= limit and (same | ~decided).all() else 1


if __name__ == "__main__":
    if len(sys.argv) not in (4, 5):
        sys.exit(__doc__)
    sys.exit(main(*sys.argv[1:]))
