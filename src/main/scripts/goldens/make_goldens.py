"""Makes the golden files anew: make_goldens.py OUT [--seed 11]

src/test/resources/golden was made by seed 11; README.md there says what is in the files. Another seed gives other files
of the same form (-Dgolden.dir=OUT has the tests read them). Everything is computed in double, on one thread.

Legend: B sequences, T positions, V vocabulary, D hidden, H query heads, G key heads, E head dimension, F ffn.
"""

import argparse
import json
from pathlib import Path

import torch
from safetensors.torch import save_file
from torch.nn import functional as F

import families
import starts
from llama import logits, rope_frequencies

NUM_SEQUENCES, LENGTH = 3, 23
ENERGIES = (0.5, 0.8, 0.9, 0.95, 0.99)
LLAMA3_ROPE = {
    "rope_type": "llama3",
    "factor": 8.0,
    "low_freq_factor": 1.0,
    "high_freq_factor": 4.0,
    "original_max_position_embeddings": 64,
}


class Draws:
    """All random numbers, in one order: a fixture that is added in the middle changes those after it."""

    def __init__(self, seed):
        self.generator = torch.Generator().manual_seed(seed)

    def normal(self, *shape, scale=1.0):
        """Doubles that are floats too."""
        return (torch.randn(*shape, generator=self.generator, dtype=torch.float64) * scale).float().double()

    def ids(self, num_ids, *shape):
        return torch.randint(0, num_ids, shape, generator=self.generator)


def yarn(factor, positions):
    constants = {"beta_fast": 32, "beta_slow": 1, "mscale": 1.0, "mscale_all_dim": 0.0}
    return {"type": "yarn", "factor": factor, "original_max_position_embeddings": positions, **constants}


def base_config(heads, key_heads, head_dim, layers, ffn, vocab, tied, scaling=None, theta=10000.0):
    return {
        "architectures": ["LlamaForCausalLM"],
        "model_type": "llama",
        "hidden_size": heads * head_dim,
        "intermediate_size": ffn,
        "num_hidden_layers": layers,
        "num_attention_heads": heads,
        "num_key_value_heads": key_heads,
        "head_dim": head_dim,
        "vocab_size": vocab,
        "max_position_embeddings": 512,
        "rms_norm_eps": 1e-5,
        "rope_theta": theta,
        "rope_scaling": scaling,
        "tie_word_embeddings": tied,
        "hidden_act": "silu",
        "attention_bias": False,
        "mlp_bias": False,
        "bos_token_id": 1,
        "eos_token_id": 2,
        "torch_dtype": "float32",
    }


BASES = {
    "llama-gqa-tied": base_config(6, 2, 8, 2, 80, 101, True),
    "llama-gqa-llama3rope": base_config(4, 2, 16, 3, 96, 97, False, LLAMA3_ROPE, theta=500000.0),
    "llama-mha": base_config(3, 3, 8, 1, 40, 61, False),
}


def random_llama(config, draws):
    hidden, head_dim, vocab = config["hidden_size"], config["head_dim"], config["vocab_size"]
    queries, keys = config["num_attention_heads"] * head_dim, config["num_key_value_heads"] * head_dim
    ffn, normal = config["intermediate_size"], draws.normal
    weights = {"model.embed_tokens.weight": normal(vocab, hidden, scale=0.8)}  # (V, D)
    weights["model.norm.weight"] = 1 + normal(hidden, scale=0.1)  # (D)
    if not config["tie_word_embeddings"]:
        weights["lm_head.weight"] = normal(vocab, hidden, scale=0.25)  # (V, D)
    for layer in range(config["num_hidden_layers"]):
        of_layer = {
            "input_layernorm": 1 + normal(hidden, scale=0.1),  # (D)
            "post_attention_layernorm": 1 + normal(hidden, scale=0.1),  # (D)
            "self_attn.q_proj": normal(queries, hidden, scale=0.25),  # (H*E, D)
            "self_attn.k_proj": normal(keys, hidden, scale=0.25),  # (G*E, D)
            "self_attn.v_proj": normal(keys, hidden, scale=0.2),  # (G*E, D)
            "self_attn.o_proj": normal(hidden, queries, scale=0.15),  # (D, H*E)
            "mlp.gate_proj": normal(ffn, hidden, scale=0.2),  # (F, D)
            "mlp.up_proj": normal(ffn, hidden, scale=0.2),  # (F, D)
            "mlp.down_proj": normal(hidden, ffn, scale=0.15),  # (D, F)
        }
        weights.update({f"model.layers.{layer}.{name}.weight": w for name, w in of_layer.items()})
    return weights


def rounded(weights, dtype=torch.float32):
    return {name: w.to(dtype).double() for name, w in weights.items()}


def next_token_loss(z, ids):
    return F.cross_entropy(z[:, :-1].flatten(0, 1), ids[:, 1:].flatten())


def forward_kl(teacher, student):
    """Of each position: (B, T, V) twice -> (B, T)."""
    p, q = teacher.log_softmax(-1), student.log_softmax(-1)  # (B, T, V)
    return (p.exp() * (p - q)).sum(-1)


def tail_of(kept):
    """What log-probabilities (B, T, any) leave to the others: (B, T)."""
    return (1 - kept.exp().sum(-1)).clamp_min(1e-12)


def masked_mean(of_positions, mask):
    return lambda inputs: (of_positions(inputs["z"]) * mask).sum() / mask.sum()


def value_and_gradients(loss_of, inputs):
    """The loss of a dict of tensors, and its gradient for each."""
    leaves = {name: tensor.clone().requires_grad_() for name, tensor in inputs.items()}
    loss = loss_of(leaves)
    loss.backward()
    return loss.detach().reshape(1), {name: leaf.grad for name, leaf in leaves.items()}


class Fixtures:
    """Writes files; each method is a part of what golden/README.md lists."""

    def __init__(self, out, seed):
        self.out, self.draws, self.bases, self.calibrations = out, Draws(seed), {}, {}

    def save_json(self, path, value):
        (self.out / path).parent.mkdir(parents=True, exist_ok=True)
        (self.out / path).write_text(json.dumps(value, indent=2) + "\n")

    def save(self, path, tensors):
        (self.out / path).parent.mkdir(parents=True, exist_ok=True)
        tensors = {name: tensor.detach().contiguous() for name, tensor in tensors.items()}
        save_file(tensors, self.out / path, metadata={"format": "pt"})

    def save_model(self, fixture, config, weights):
        self.save_json(f"{fixture}/config.json", config)
        self.save(f"{fixture}/model.safetensors", {name: w.float() for name, w in weights.items()})

    def save_sharded(self, fixture, config, weights, dtype, num_files):
        self.save_json(f"{fixture}/config.json", config)
        stored, files = {name: weights[name].to(dtype) for name in sorted(weights)}, {}
        for number in range(num_files):
            file = f"model-{number + 1:05d}-of-{num_files:05d}.safetensors"
            part = list(stored)[number::num_files]
            self.save(f"{fixture}/{file}", {name: stored[name] for name in part})
            files.update(dict.fromkeys(part, file))
        size = sum(tensor.numel() * tensor.element_size() for tensor in stored.values())
        index = {"metadata": {"total_size": size}, "weight_map": files}
        self.save_json(f"{fixture}/model.safetensors.index.json", index)

    def save_expectations(self, fixture, config, weights, ids, teacher=None):
        """Logits, losses and every gradient, for ids (B, T) and the teacher's logits (B, T, V)."""
        losses = {"ce": lambda w: next_token_loss(logits(config, w, ids), ids)}
        expected = {"input_ids": ids.int(), "logits": logits(config, weights, ids).float()}
        if teacher is not None:
            losses["kd"] = lambda w: forward_kl(teacher, logits(config, w, ids)).mean()
            expected["teacher_logits"] = teacher.float()
        for kind, loss in losses.items():
            expected[kind + "_loss"], gradients = value_and_gradients(loss, weights)
            expected.update({f"{kind}_grad.{name}": gradient.float() for name, gradient in gradients.items()})
        self.save(f"{fixture}/expected.safetensors", expected)

    def save_student(self, fixture, config, weights, ids, teacher, **about):
        self.save_model(fixture, config, weights)
        self.save_expectations(fixture, config, rounded(weights), ids, teacher)
        if about:
            self.save_json(f"{fixture}/about.json", about)

    def make_bases(self):
        for name, config in BASES.items():
            weights, vocab = random_llama(config, self.draws), config["vocab_size"]
            ids = self.draws.ids(vocab, NUM_SEQUENCES, LENGTH)  # (B, T)
            teacher = self.draws.normal(NUM_SEQUENCES, LENGTH, vocab, scale=2.0)  # (B, T, V)
            self.bases[name] = config, weights, ids, teacher
            self.save_model(name, config, weights)
            self.save_expectations(name, config, weights, ids, teacher)
        config, weights, ids, _ = self.bases["llama-gqa-llama3rope"]
        weights = rounded(weights, torch.bfloat16)
        self.save_sharded("llama-bf16-sharded", config, weights, torch.bfloat16, num_files=2)
        self.save_expectations("llama-bf16-sharded", config, weights, ids)

    def make_xecomla(self):
        for name, nope, rope, query_rank, kv_rank, pick in (
            ("llama-gqa-tied", 4, 4, 24, 8, "last"),
            ("llama-gqa-tied", 4, 4, 24, 8, "stride"),
            ("llama-gqa-llama3rope", 8, 8, 32, 16, "last"),
            ("llama-gqa-llama3rope", 12, 8, 32, 16, "stride"),
        ):
            config, weights, ids, teacher = self.bases[name]
            student, weights = starts.xecomla(config, weights, nope, rope, query_rank, kv_rank, pick)
            student["mla_rope_scaling"] = yarn(8.0, 64) if config["rope_scaling"] else None
            fixture = f"{name.replace('llama', 'mla', 1)}-{pick}"
            self.save_student(fixture, student, weights, ids, teacher, base=name, rope_pick=pick)

    def make_serving(self):
        """Queries without a latent, and a norm on the latent of keys and values."""
        config, weights, ids, teacher = self.bases["llama-gqa-tied"]
        student, weights = starts.xecomla(config, weights, 4, 4, 24, 8, "stride")
        for layer in range(config["num_hidden_layers"]):
            attention = f"model.layers.{layer}.self_attn."
            up, down = (weights.pop(f"{attention}q_{part}_proj.weight") for part in "ba")  # (H*(N+P), Q), (Q, D)
            weights[attention + "q_proj.weight"] = up @ down  # (H*(N+P), D)
            weights[attention + "kv_a_layernorm.weight"] = 1.5 + self.draws.normal(8, scale=0.2)  # (R)
        student["q_lora_rank"] = None
        self.save_student("mla-serving", student, weights, ids, teacher)

    def make_hybrid(self):
        """The first layer keeps its attention."""
        config, base, ids, teacher = self.bases["llama-gqa-llama3rope"]
        student, weights = starts.xecomla(config, base, 8, 8, 32, 16, "stride")
        kept = "model.layers.0.self_attn."
        mixed = {name: w for name, w in weights.items() if not name.startswith(kept)}
        mixed.update({name: w for name, w in base.items() if name.startswith(kept)})
        student.update(mla_rope_scaling=yarn(8.0, 64), mla_layers=[1, 2])
        self.save_student("mla-hybrid", student, mixed, ids, teacher)

    def make_aligned(self):
        for name, rank, fold, kv_norm in (
            ("llama-gqa-tied", 8, 1, False),
            ("llama-gqa-tied", 8, 1, True),
            ("llama-gqa-tied", 6, 2, False),
            ("llama-gqa-llama3rope", 24, 1, True),
        ):
            config, weights, ids, teacher = self.bases[name]
            calibration = self.draws.ids(config["vocab_size"], 8, 64)  # (8, 64)
            self.calibrations.setdefault(name, calibration)
            student, weights = starts.aligned(config, weights, calibration, rank, fold, kv_norm)
            student["mla_rope_scaling"] = config["rope_scaling"]
            norm = "-norm" if kv_norm else ""
            fixture = f"{name.replace('llama', 'aligned', 1)}-r{rank}-fold{fold}{norm}"
            about = {"method": "aligned", "kv_lora_rank": rank, "fold": fold, "kv_norm": kv_norm}
            self.save_student(fixture, student, weights, ids, teacher, base=name, **about)
            self.save(f"{fixture}/calibration.safetensors", {"input_ids": calibration.int()})

    def make_phased(self):
        tied, scaled = "llama-gqa-tied", "llama-gqa-llama3rope"
        two = [((0,), 0, 1.0), ((1, 2, 3), 0, 0.01)]
        second = [((0,), 0, 1.0), ((2, 3), 0, 0.005), ((2, 3), 1, 0.005)]
        for suffix, name, slots, rank, kappa, even in (
            ("r8", tied, slot_of_each_plane(BASES[tied]), 8, 1.0, True),
            ("r6-slots2", tied, two, 6, 0.4, True),
            ("r6-second", tied, second, 6, 0.4, False),
            ("r24", scaled, slot_of_each_plane(BASES[scaled]), 24, 0.4, True),
        ):
            config, weights, ids, _ = self.bases[name]
            weights = rounded(weights)
            fixture, calibration = f"{name.replace('llama', 'phased', 1)}-{suffix}", self.calibrations[name]
            teacher = logits(config, weights, ids)  # (B, T, V)
            student, weights = starts.phased(config, weights, calibration, slots, rank, kappa, even)
            about = {"slots": slots, "r": rank, "kscale": kappa, **({} if even else {"balanced": False})}
            self.save_student(fixture, student, weights, ids, teacher, base=name, **about)
            self.save(f"{fixture}/calibration.safetensors", {"input_ids": calibration.int()})

    def make_losses(self):
        """Losses of given logits, with their gradients for the student's."""
        vocab, batch, length = 37, 2, 5
        teacher = self.draws.normal(batch, length, vocab, scale=3)  # (B, T, V)
        student = self.draws.normal(batch, length, vocab, scale=3)  # (B, T, V)
        mask = (torch.rand(batch, length, generator=self.draws.generator) > 0.3).double()  # (B, T)
        mask[0, 0] = 1
        log_p = teacher.log_softmax(-1)  # (B, T, V)
        kept, kept_ids = log_p.topk(6, -1)  # (B, T, 6)
        tail = tail_of(kept)  # (B, T)
        draws = torch.multinomial(log_p.exp().flatten(0, 1), 12, True, generator=self.draws.generator)  # (B*T, 12)
        draws = draws.view(batch, length, -1)  # (B, T, 12)
        labels = self.draws.ids(vocab, batch, length)  # (B, T)
        expected = {"teacher_logits": teacher.float(), "student_logits": student.float(), "mask": mask.float()}
        expected.update(topk6_ids=kept_ids.int(), topk6_logprobs=kept, topk6_tail_logprob=tail.log())
        expected.update(sampled12_ids=draws.int(), labels=labels.int())

        def tail_kl(z):
            log_q = z.log_softmax(-1).gather(-1, kept_ids)  # (B, T, 6)
            return (kept.exp() * (kept - log_q)).sum(-1) + tail * (tail / tail_of(log_q)).log()

        for name, of_positions in {  # each (B, T, V) -> (B, T)
            "forward_kl": lambda z: forward_kl(teacher, z),
            "forward_kl_T2": lambda z: 4 * forward_kl(teacher / 2, z / 2),
            "reverse_kl": lambda z: forward_kl(z, teacher),
            "topk6_tail_kl": tail_kl,
            "sampled12_ce": lambda z: -z.log_softmax(-1).gather(-1, draws).mean(-1),
            "cross_entropy": lambda z: F.cross_entropy(z.mT, labels, reduction="none"),
        }.items():
            loss_of = masked_mean(of_positions, mask)
            expected[name], gradients = value_and_gradients(loss_of, {"z": student})
            expected[name + ".grad"] = gradients["z"]
        self.save("losses/expected.safetensors", {**expected, **self.preferences()})

    def preferences(self):
        """Sums of log-probabilities of four pairs, and DPO's loss of them."""
        names = ("policy_chosen", "policy_rejected", "reference_chosen", "reference_rejected")
        sums = {name: self.draws.normal(4, scale=5) - 20 for name in names}  # each (4)

        def dpo(x):
            margin = x["policy_chosen"] - x["policy_rejected"] - x["reference_chosen"] + x["reference_rejected"]
            return -F.logsigmoid(0.01 * margin).mean()

        loss, gradients = value_and_gradients(dpo, sums)
        of_policy = {f"dpo_grad_{name}": gradients[name] for name in names[:2]}
        return {**{"dpo_" + name: s for name, s in sums.items()}, "dpo_loss_beta001": loss, **of_policy}

    def make_adamw(self):
        parameter = self.draws.normal(7, 5).requires_grad_()  # (7, 5)
        expected = {"param": parameter.clone()}
        optimizer = torch.optim.AdamW([parameter], lr=3e-3, betas=(0.9, 0.98), eps=1e-8, weight_decay=0.1)
        for step in range(3):
            parameter.grad = self.draws.normal(7, 5)  # (7, 5)
            expected[f"grad{step}"] = parameter.grad.clone()
            expected[f"norm{step}"] = torch.nn.utils.clip_grad_norm_([parameter], 1.0).reshape(1)
            optimizer.step()
            expected[f"after{step}"] = parameter.clone()
        self.save("adamw/expected.safetensors", expected)

    def make_rope(self):
        """Frequencies of real models."""
        llama3 = {**LLAMA3_ROPE, "factor": 32.0, "original_max_position_embeddings": 8192}
        scaled, factor = rope_frequencies(32, 5e5, yarn(32.0, 8192))
        expected = {
            "default_64_theta10000": rope_frequencies(64, 1e4)[0],
            "llama3_64_theta500000_factor32": rope_frequencies(64, 5e5, llama3)[0],
            "yarn_32_theta500000_factor32_orig8192": scaled,
            "yarn_32_attention_factor": torch.tensor([factor], dtype=torch.float64),
        }
        self.save("rope/expected.safetensors", expected)

    def make_ranks(self):
        """Ranks that keep a share of the squared singular values, of queries and of keys and values together."""
        name, ranks = "llama-gqa-llama3rope", {}
        config, weights, _, _ = self.bases[name]
        for layer in range(config["num_hidden_layers"]):
            q, k, v = (weights[f"model.layers.{layer}.self_attn.{part}_proj.weight"] for part in "qkv")
            for kind, matrix in (("q", q), ("kv", torch.cat((k, v)))):
                energy = torch.linalg.svdvals(matrix).pow(2).cumsum(0)
                energy /= energy[-1].clone()
                ranks[f"{layer}.{kind}"] = {str(share): rank_of(energy, share) for share in ENERGIES}
        self.save_json("ranks/expected.json", {"base": name, "ranks": ranks})


    def make_families(self, seed):
        """From draws of their own, so that other fixtures stay what they are."""
        for number, (name, config) in enumerate(families.FAMILIES.items()):
            families.save_family(self, name, config, Draws(seed + 1000 * (number + 1)), losses_of_logits)


def losses_of_logits(ids, teacher):
    """Of logits (B, T, V)."""
    return {"ce": lambda z: next_token_loss(z, ids), "kd": lambda z: forward_kl(teacher, z).mean()}


def rank_of(energy, share):
    """The paper's rule: the first whose sum reaches the share. Its code's: how many sums do not exceed it."""
    paper, code = int((energy < share - 1e-12).sum()) + 1, max(1, int((energy <= share).sum()))
    return {"paper": paper, "code_before_rounding": code}


def slot_of_each_plane(config):
    frequencies, _ = rope_frequencies(config["head_dim"], config["rope_theta"], config["rope_scaling"])
    return [((plane,), 0, frequency) for plane, frequency in enumerate(frequencies.tolist())]


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("out", type=Path)
    parser.add_argument("--seed", type=int, default=11)
    options = parser.parse_args()
    torch.set_num_threads(1)
    fixtures = Fixtures(options.out, options.seed)
    fixtures.make_bases()
    fixtures.make_xecomla()
    fixtures.make_serving()
    fixtures.make_hybrid()
    fixtures.make_losses()
    fixtures.make_adamw()
    fixtures.make_rope()
    fixtures.make_ranks()
    fixtures.make_aligned()
    fixtures.make_phased()
    fixtures.make_families(options.seed)


if __name__ == "__main__":
    main()
