"""Fixtures of the families that differ from Llama, computed by the classes of transformers in double.

Legend: B sequences, T positions, V vocabulary.
"""

import torch
from transformers import (
    AutoModelForCausalLM,
    GraniteConfig,
    LlamaConfig,
    MistralConfig,
    Phi3Config,
    Qwen2Config,
    Qwen3Config,
    SmolLM3Config,
)

SHAPE = {
    "hidden_size": 32,
    "intermediate_size": 48,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "num_key_value_heads": 2,
    "head_dim": 8,
    "vocab_size": 59,
    "max_position_embeddings": 64,
    "rms_norm_eps": 1e-5,
    "bos_token_id": 1,
    "eos_token_id": 2,
}

MULTIPLIERS = {
    "embedding_multiplier": 3.0,
    "attention_multiplier": 0.25,
    "residual_multiplier": 0.6,
    "logits_scaling": 1.7,
}

FAMILIES = {
    "family-llama-biases": LlamaConfig(**SHAPE, attention_bias=True, mlp_bias=True),
    "family-mistral": MistralConfig(**SHAPE, sliding_window=32, tie_word_embeddings=True),
    "family-qwen2": Qwen2Config(**SHAPE, rope_theta=1000000.0, tie_word_embeddings=True),
    "family-qwen3": Qwen3Config(**SHAPE, rope_theta=1000000.0, tie_word_embeddings=True),
    "family-smollm3": SmolLM3Config(**SHAPE, pad_token_id=None, no_rope_layer_interval=2),
    "family-granite": GraniteConfig(**SHAPE, **MULTIPLIERS, tie_word_embeddings=True, attention_bias=True),
    "family-granite-untied": GraniteConfig(**SHAPE, **MULTIPLIERS, mlp_bias=True),
    "family-phi3": Phi3Config(**SHAPE, pad_token_id=None, sliding_window=48),
}


def scale_of(name, shape):
    """Spreads that make every part count, biases as much as products."""
    if "norm" in name:
        return 0.1
    return 0.5 if name.endswith("bias") else 0.8 if "embed" in name else 1.2 * shape[-1] ** -0.5


def model_of(config, draws):
    model = AutoModelForCausalLM.from_config(config, attn_implementation="eager").double().eval()
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            values = draws.normal(*parameter.shape, scale=scale_of(name, parameter.shape))
            parameter.copy_(1 + values if "norm" in name else values)
    return model


def save_family(fixtures, name, config, draws, losses_of):
    """The model's directory as transformers writes it, logits (B, T, V) and gradients beside it."""
    model = model_of(config, draws)
    ids = draws.ids(config.vocab_size, 3, 23)  # (B, T)
    teacher = draws.normal(3, 23, config.vocab_size, scale=2.0)  # (B, T, V)
    weights = dict(model.named_parameters())
    written = config.to_diff_dict()
    written.pop("transformers_version", None)
    fixtures.save_json(f"{name}/config.json", {**written, "architectures": [type(model).__name__]})
    fixtures.save(f"{name}/model.safetensors", {key: weight.float() for key, weight in weights.items()})
    expected = {"input_ids": ids.int(), "teacher_logits": teacher.float()}
    for kind, loss_of in losses_of(ids, teacher).items():
        model.zero_grad()
        logits = model(input_ids=ids).logits  # (B, T, V)
        loss = loss_of(logits)
        loss.backward()
        expected["logits"] = logits.float()
        expected[f"{kind}_loss"] = loss.detach().reshape(1)
        expected.update({f"{kind}_grad.{key}": weight.grad.float() for key, weight in weights.items()})
    fixtures.save(f"{name}/expected.safetensors", expected)
