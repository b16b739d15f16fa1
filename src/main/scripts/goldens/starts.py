"""Students made of a Llama by closed form: X-EcoMLA's start, and the starts that keep what rotation commutes with.

All weights are in double. Each function returns the student's configuration and weights.

Legend: D hidden, H query heads, G key heads, E head dimension, N nope, P rope, R rank of the KV latent, Q rank of
the query latent, J planes of a head (E/2; plane j is dimensions j and j+J), S slots (P/2), M members of a slot (its
planes of all key heads), T tokens.
"""

import torch

from llama import logits

DAMPING = 0.01
QUERY_DAMPING = 1e-4
SMALLEST_BALANCE = 1e-6
SMALLEST_QUERY = 1e-6
SMALLEST_NORM_WEIGHT = 0.02


def shape(config):
    return (config[k] for k in ("num_attention_heads", "num_key_value_heads", "head_dim"))


def take_attention(config, weights, layer):
    """Takes a layer's q (H, E, D), k (G, E, D) and v (G, E, D) out of the weights."""
    num_heads, num_key_heads, width = shape(config)
    q, k, v = (weights.pop(f"model.layers.{layer}.self_attn.{name}_proj.weight") for name in "qkv")
    return q.view(num_heads, width, -1), k.view(num_key_heads, width, -1), v.view(num_key_heads, width, -1)


def put_attention(weights, layer, **tensors):
    for name, tensor in tensors.items():
        weights[f"model.layers.{layer}.self_attn.{name}.weight"] = tensor.contiguous()


def student_config(config, nope, rope, query_rank, kv_rank):
    ranks = {"q_lora_rank": query_rank, "kv_lora_rank": kv_rank}
    return {**config, "qk_nope_head_dim": nope, "qk_rope_head_dim": rope, "v_head_dim": config["head_dim"], **ranks}


# X-EcoMLA (arXiv 2503.11132): singular vectors of the weights alone, singular values in the down projections.


def rope_rows(width, nope, rope, pick):
    """Dimensions of a head that are rotated (the last ones, or those of every s-th plane), and those that are not."""
    if pick == "last":
        return list(range(width - rope, width)), list(range(nope))
    rotated = [row for plane in range(0, width // 2, width // rope) for row in (plane, plane + width // 2)]
    others = [row for row in range(width) if row not in rotated]
    return rotated, (others + rotated)[:nope]


def low_rank(w, rank):
    """up (rows, rank) and down (rank, columns) of a matrix."""
    u, s, vh = torch.linalg.svd(w, full_matrices=False)
    return u[:, :rank], s[:rank, None] * vh[:rank]


def xecomla(config, weights, nope, rope, query_rank, kv_rank, pick):
    num_heads, num_key_heads, width = shape(config)
    rotated, others = rope_rows(width, nope, rope, pick)
    out = dict(weights)
    for layer in range(config["num_hidden_layers"]):
        q, k, v = take_attention(config, out, layer)
        q_up, q_down = low_rank(q.flatten(0, 1), query_rank)  # (H*E, Q), (Q, D)
        q_up = q_up.view(num_heads, width, -1)[:, others + rotated]  # (H, N+P, Q)
        repeated = torch.cat((k, v)).repeat_interleave(num_heads // num_key_heads, 0)  # (2*H, E, D)
        kv_up, kv_down = low_rank(repeated.flatten(0, 1), kv_rank)  # (2*H*E, R), (R, D)
        k_up, v_up = kv_up.view(2, num_heads, width, -1)  # 2 of (H, E, R)
        put_attention(
            out,
            layer,
            q_a_proj=q_down,
            q_b_proj=q_up.flatten(0, 1),
            kv_a_proj_with_mqa=torch.cat((kv_down, k.mean(0)[rotated])),
            kv_b_proj=torch.cat((k_up[:, others], v_up), 1).flatten(0, 1),
        )
    return student_config(config, nope, rope, query_rank, kv_rank), out


# A plane of a key is a complex number, and rotation multiplies it by another: so a factor on it, real or complex,
# commutes with rotation. A slot is one such number for some planes of all key heads, the best in the second moment of
# the attention's inputs, with each member weighted by its queries. What the slots do not hold of the keys goes,
# unrotated, into the latent.


def planes(rows):
    return torch.complex(*rows.tensor_split(2, 1))  # (heads, J, D)


def rows(of_planes):
    return torch.cat((of_planes.real, of_planes.imag), 1)  # (heads, E, D)


def side_by_side(slots):
    """Complex (..., S, D) as rows (..., P, D), real part and imaginary part in turn."""
    return torch.stack((slots.real, slots.imag), -2).flatten(-3, -2)


def query_strength(q, moment, num_key_heads):
    """Root of the energy of a plane's queries, over the heads that share a key: (G, J)."""
    z = planes(q)  # (H, J, D)
    energy = torch.einsum("hjd,de,hje->hj", z, moment.to(z.dtype), z.conj()).real  # (H, J)
    strength = energy.unflatten(0, (num_key_heads, -1)).sum(1).sqrt()  # (G, J)
    return strength.clamp_min(SMALLEST_QUERY * strength.max())


def shared_rope_key(q, k, moment, slots, complex_mixing):
    """Rope key (P, D), the rope queries for it (H, P, D), and the keys that are left (G, E, D)."""
    num_key_heads, group = len(k), len(q) // len(k)
    z_q, z_k, strength = planes(q), planes(k), query_strength(q, moment, len(k))  # (H, J, D), (G, J, D), (G, J)
    left, keys, queries = z_k.clone(), [], []
    for members, which, _ in slots:
        z = torch.cat([z_k[:, plane] for plane in members])  # (M, D)
        a = torch.cat([strength[:, plane] for plane in members])  # (M)
        energy = z @ moment.to(z.dtype) @ z.mH  # (M, M)
        energy = energy if complex_mixing else energy.real
        v = torch.linalg.eigh(a[:, None] * energy * a).eigenvectors[:, -1 - which].to(z.dtype)  # (M)
        key = (v.conj() * a) @ z  # (D)
        share = (v / a).view(len(members), num_key_heads)  # (planes of the slot, G)
        left[:, list(members)] -= (share.T[..., None] * key).to(left.dtype)
        back = share.conj().repeat_interleave(group, 1)  # (planes of the slot, H)
        queries.append(torch.einsum("mh,hmd->hd", back, z_q[:, list(members)]))  # (H, D)
        keys.append(key)
    return side_by_side(torch.stack(keys)), side_by_side(torch.stack(queries, 1)), rows(left)


def roots(moment, damping):
    """Square root of a damped second moment, and its inverse."""
    e, vectors = torch.linalg.eigh(moment + damping * moment.diagonal().mean() * torch.eye(len(moment)).double())
    return (vectors * e.sqrt()) @ vectors.T, (vectors * e.rsqrt()) @ vectors.T


def query_roots(q, moment, num_key_heads):
    """Root of the second moment of each key head's queries, and its inverse: (G*E, G*E), block by block."""
    of_group = q.unflatten(0, (num_key_heads, -1))  # (G, H/G, E, D)
    moments = torch.einsum("gned,dc,gnfc->gef", of_group, moment, of_group) / q.shape[1]  # (G, E, E)
    return (torch.block_diag(*blocks) for blocks in zip(*(roots(one, QUERY_DAMPING) for one in moments)))


def joint_latent(k, v, moment, rank, kappa, q):
    """down (R, D) and up (G, 2*E, R) of keys and values, weighted by inputs and, where q is given, by queries."""
    num_key_heads, width, _ = k.shape
    root, inverse_root = roots(moment, DAMPING)  # (D, D) each
    weight = inverse_weight = torch.eye(num_key_heads * width).double()  # (G*E, G*E)
    if q is not None:
        weight, inverse_weight = query_roots(q, moment, num_key_heads)  # (G*E, G*E) each
    keys, values = weight @ k.flatten(0, 1), v.flatten(0, 1)  # (G*E, D) each
    balance = max(float((keys @ root).norm() / (values @ root).norm()), SMALLEST_BALANCE) / kappa
    up, down = low_rank(torch.cat((keys / balance, values)) @ root, rank)  # (2*G*E, R), (R, D)
    k_up, v_up = up.tensor_split(2)  # (G*E, R) each
    k_up = balance * inverse_weight @ k_up  # (G*E, R)
    heads = (num_key_heads, width, -1)
    return down @ inverse_root, torch.cat((k_up.view(heads), v_up.view(heads)), 1)


def normalised(down, up, inputs):
    """The latent in coordinates in which its norm varies least over the inputs (T, D): RMSNorm changes little."""
    latents = inputs @ down.T  # (T, R)
    e, vectors = torch.linalg.eigh(latents.T @ latents / len(latents))
    whiten = e.rsqrt()[:, None] * vectors.T  # (R, R)
    white = latents @ whiten.T  # (T, R)
    i, j = torch.triu_indices(white.shape[1], white.shape[1])
    products = white[:, i] * white[:, j] * torch.where(i == j, 1.0, 2.0)  # (T, R*(R+1)/2)
    fitted = torch.linalg.lstsq(products, torch.ones(len(white), 1).double()).solution[:, 0]  # (R*(R+1)/2)
    norm = torch.zeros_like(whiten)  # (R, R)
    norm[i, j] = norm[j, i] = fitted
    e, vectors = torch.linalg.eigh(norm)
    e = e.clamp_min(SMALLEST_NORM_WEIGHT * e.max())
    change = (vectors * e.sqrt()) @ vectors.T @ whiten  # (R, R)
    return change @ down, up @ torch.linalg.inv(change)


def evened(down, up, key, query, nope):
    """The same products of factors of one size each: a latent's row and column, a slot's rows of key and query."""
    by = (up.pow(2).mean((0, 1)) / down.pow(2).mean(1)) ** 0.25  # (R)
    key, query = key.clone(), query.clone()
    for at in range(0, len(key), 2):
        slot, rotated = slice(at, at + 2), slice(nope + at, nope + at + 2)
        t = (query[:, rotated].pow(2).mean() / key[slot].pow(2).mean()) ** 0.25
        key[slot] *= t
        query[:, rotated] /= t
    return down * by[:, None], up / by, key, query


def rotation_preserving(
    config, weights, ids, slots, rank, *, kappa=1.0, complex_mixing=True, weigh_queries=True, even=True, kv_norm=False
):
    """ids (B, T): the text whose activations weigh. A slot: its planes, which eigenvector, radians per position."""
    num_heads, num_key_heads, width = shape(config)
    nope, rope, group = width, 2 * len(slots), num_heads // num_key_heads
    attention_inputs, out = [], dict(weights)
    logits(config, weights, ids, attention_inputs)
    for layer, inputs in enumerate(attention_inputs):
        x = inputs.flatten(0, 1)  # (T, D)
        moment = x.T @ x / len(x)  # (D, D)
        q, k, v = take_attention(config, out, layer)
        key, rope_query, left = shared_rope_key(q, k, moment, slots, complex_mixing)
        down, up = joint_latent(left, v, moment, rank, kappa, q if weigh_queries else None)  # (R, D), (G, 2*E, R)
        # The student divides its scores by the root of N+P, the base by that of E.
        query = torch.cat((q, rope_query), 1) * ((nope + rope) / width) ** 0.5  # (H, N+P, D)
        if kv_norm:
            down, up = normalised(down, up, x)
            put_attention(out, layer, kv_a_layernorm=torch.full((rank,), rank**-0.5).double())
        if even:
            down, up, key, query = evened(down, up, key, query, nope)
        put_attention(
            out,
            layer,
            q_proj=query.flatten(0, 1),
            kv_a_proj_with_mqa=torch.cat((down, key)),
            kv_b_proj=up.repeat_interleave(group, 0).flatten(0, 1),
        )
    return student_config(config, nope, rope, None, rank), out


def aligned(config, weights, ids, rank, fold, kv_norm):
    """Real mixing: one slot for each `fold` neighbouring planes."""
    width = config["head_dim"]
    slots = [(tuple(range(at, at + fold)), 0, None) for at in range(0, width // 2, fold)]
    mixing = {"complex_mixing": False, "weigh_queries": False, "even": False}
    return rotation_preserving(config, weights, ids, slots, rank, kv_norm=kv_norm, **mixing)


def phased(config, weights, ids, slots, rank, kappa, even):
    """Complex mixing, any planes in a slot, and a frequency for each slot."""
    student, out = rotation_preserving(config, weights, ids, slots, rank, kappa=kappa, even=even)
    return {**student, "mla_inv_freq": [frequency for *_, frequency in slots]}, out
