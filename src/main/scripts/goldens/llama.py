"""A Llama with grouped-query or latent attention, written plainly: what the golden files are computed with.

Configurations are those of Hugging Face, with the keys that golden/README.md adds; weights are a dict of Hugging Face's
names, each matrix (outputs, inputs). A layer is what its tensors say.

Legend: B sequences, T positions, D hidden, H query heads, G key heads, E head dimension, N nope, P rope, R rank of the
KV latent, F ffn, V vocabulary, J planes of rotation (half the rotated dimensions).
"""

import math

import torch
from torch.nn import functional as F

LATENT_EPS = 1e-6


def rope_frequencies(dim, theta, scaling=None):
    """Radians per position of each plane, and the factor on cos and sin: plain, llama3 (its smooth step) or YaRN."""
    plain = theta ** -(torch.arange(0, dim, 2, dtype=torch.float64) / dim)  # (J)
    kind = scaling.get("rope_type", scaling.get("type")) if scaling else "default"
    if kind == "default":
        return plain, 1.0
    if kind == "llama3":
        turns = scaling["original_max_position_embeddings"] * plain / (2 * math.pi)  # (J)
        low, high = scaling["low_freq_factor"], scaling["high_freq_factor"]
        kept = ((turns - low) / (high - low)).clamp(0, 1)  # (J)
        return kept * plain + (1 - kept) * plain / scaling["factor"], 1.0
    assert kind == "yarn", kind
    return yarn_frequencies(plain, theta, scaling)


def yarn_frequencies(plain, theta, scaling):
    factor, dim = scaling["factor"], 2 * len(plain)

    def plane_of(turns):
        wavelength = scaling["original_max_position_embeddings"] / (turns * 2 * math.pi)
        return dim * math.log(wavelength) / (2 * math.log(theta))

    first = max(math.floor(plane_of(scaling["beta_fast"])), 0)
    last = min(math.ceil(plane_of(scaling["beta_slow"])), dim - 1)
    planes = torch.arange(len(plain), dtype=torch.float64)  # (J)
    scaled = ((planes - first) / max(last - first, 1e-3)).clamp(0, 1)  # (J)

    def magnitude(k):
        return 0.1 * k * math.log(factor) + 1 if factor > 1 else 1.0

    on_cos_and_sin = magnitude(scaling["mscale"]) / magnitude(scaling["mscale_all_dim"])
    return plain * (1 - scaled) + plain / factor * scaled, on_cos_and_sin


def rotate(x, frequencies, factor, adjacent):
    """x (..., T, 2J) turned; pairs are neighbours or half a width apart. Real parts come first, which no score sees."""
    angles = torch.arange(x.shape[-2], dtype=torch.float64)[:, None] * frequencies  # (T, J)
    cos, sin = angles.cos() * factor, angles.sin() * factor  # (T, J)
    half = x.shape[-1] // 2
    re, im = (x[..., 0::2], x[..., 1::2]) if adjacent else (x[..., :half], x[..., half:])  # (..., T, J)
    return torch.cat((re * cos - im * sin, im * cos + re * sin), -1)  # (..., T, 2J)


def rms_norm(x, gain, eps):
    return gain * x * torch.rsqrt(x.pow(2).mean(-1, keepdim=True) + eps)


def heads(x, w, num_heads):
    """x w^T of x (B, T, in) and w (heads*width, in), as (B, heads, T, width)."""
    return (x @ w.T).unflatten(-1, (num_heads, -1)).transpose(1, 2)


def attend(q, k, v):
    """Causal attention of (B, H, T, width), its heads side by side."""
    scores = q @ k.transpose(-1, -2) * q.shape[-1] ** -0.5  # (B, H, T, T)
    future = torch.ones(scores.shape[-2:], dtype=torch.bool).triu(1)  # (T, T)
    out = scores.masked_fill(future, -math.inf).softmax(-1) @ v  # (B, H, T, E)
    return out.transpose(1, 2).flatten(2)  # (B, T, H*E)


def grouped_attention(config, w, x):
    num_heads, num_key_heads = config["num_attention_heads"], config["num_key_value_heads"]
    turn = rope_frequencies(config["head_dim"], config["rope_theta"], config["rope_scaling"])
    q = rotate(heads(x, w("q_proj"), num_heads), *turn, adjacent=False)  # (B, H, T, E)
    k = rotate(heads(x, w("k_proj"), num_key_heads), *turn, adjacent=False)  # (B, G, T, E)
    v = heads(x, w("v_proj"), num_key_heads)  # (B, G, T, E)
    group = num_heads // num_key_heads
    return attend(q, k.repeat_interleave(group, 1), v.repeat_interleave(group, 1))  # (B, T, H*E)


def latent_attention(config, w, x):
    num_heads, nope, rope = (config[k] for k in ("num_attention_heads", "qk_nope_head_dim", "qk_rope_head_dim"))
    if "mla_inv_freq" in config:
        turn = torch.tensor(config["mla_inv_freq"], dtype=torch.float64), 1.0
    else:
        turn = rope_frequencies(rope, config["rope_theta"], config.get("mla_rope_scaling"))
    query = w("q_proj") if w("q_proj") is not None else w("q_b_proj") @ w("q_a_proj")  # (H*(N+P), D)
    q = heads(x, query, num_heads)  # (B, H, T, N+P)
    latent, k_rope = (x @ w("kv_a_proj_with_mqa").T).tensor_split((-rope,), -1)  # (B, T, R), (B, T, P)
    if w("kv_a_layernorm") is not None:
        latent = rms_norm(latent, w("kv_a_layernorm"), LATENT_EPS)  # (B, T, R)
    k_nope, v = heads(latent, w("kv_b_proj"), num_heads).tensor_split((nope,), -1)  # (B, H, T, N), (B, H, T, E)
    q_rope = rotate(q[..., nope:], *turn, adjacent=True)  # (B, H, T, P)
    k_rope = rotate(k_rope[:, None], *turn, adjacent=True).expand_as(q_rope)  # (B, H, T, P)
    return attend(torch.cat((q[..., :nope], q_rope), -1), torch.cat((k_nope, k_rope), -1), v)  # (B, T, H*E)


def logits(config, weights, ids, attention_inputs=None):
    """ids (B, T) -> (B, T, V). What each layer's attention is given, (B, T, D), is added to attention_inputs."""
    eps = config["rms_norm_eps"]
    x = weights["model.embed_tokens.weight"][ids]  # (B, T, D)
    for layer in range(config["num_hidden_layers"]):

        def w(name, layer=layer):
            return weights.get(f"model.layers.{layer}.{name}.weight")

        def attention_weight(name, w=w):
            return w("self_attn." + name)

        h = rms_norm(x, w("input_layernorm"), eps)  # (B, T, D)
        if attention_inputs is not None:
            attention_inputs.append(h)
        attention = grouped_attention if attention_weight("k_proj") is not None else latent_attention
        x = x + attention(config, attention_weight, h) @ attention_weight("o_proj").T  # (B, T, D)
        h = rms_norm(x, w("post_attention_layernorm"), eps)  # (B, T, D)
        h = F.silu(h @ w("mlp.gate_proj").T) * (h @ w("mlp.up_proj").T)  # (B, T, F)
        x = x + h @ w("mlp.down_proj").T  # (B, T, D)
    x = rms_norm(x, weights["model.norm.weight"], eps)  # (B, T, D)
    return x @ weights.get("lm_head.weight", weights["model.embed_tokens.weight"]).T  # (B, T, V)
