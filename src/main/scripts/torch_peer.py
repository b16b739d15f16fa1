"""The model of `submit/xecomla bench` as a PyTorch user writes it, timed on request.

usage: torch_peer.py --shape d,layers,heads,kv_heads,ffn,vocab,T,batch --model mla|gqa --threads N --variant
eager|compile|bf16
       --clock wall|cpu

Prints "ready VERSION" once it is warm, or "failed REASON". Then answers each line "step N" or "forward N" of standard
input with the milliseconds of N of them. nn.functional.rms_norm, scaled_dot_product_attention, fused AdamW, clipping by
the norm; sparse teacher's targets (mla) by gather, cross-entropy (gqa). bf16 is autocast. Compiled is model and loss.
"""

import argparse
import sys
import time

import torch
from torch import nn
from torch.nn import functional as F

LATENT_RANK, NOPE, ROPE, DRAWS, WARM_UP = 96, 32, 32, 16, 3


def rope(x, cos, sin):
    half = x.shape[-1] // 2
    u, v = x[..., :half], x[..., half:]
    return torch.cat((u * cos - v * sin, v * cos + u * sin), -1)


def rope_table(width, length):
    angles = torch.arange(length)[:, None] * 1e4 ** (-torch.arange(0, width, 2) / width)
    return angles.cos(), angles.sin()


def linear(inputs, outputs):
    return nn.Linear(inputs, outputs, bias=False)


class Attention(nn.Module):
    def __init__(self, s):
        super().__init__()
        self.s = s
        d, h, k = s.dim, s.heads, s.dim // s.heads
        if s.model == "gqa":
            self.q, self.k, self.v = linear(d, d), linear(d, s.kv_heads * k), linear(d, s.kv_heads * k)
        else:
            self.q, self.kv_down = linear(d, h * (NOPE + ROPE)), linear(d, LATENT_RANK + ROPE)
            self.kv_up, self.kv_gain = linear(LATENT_RANK, h * (NOPE + k)), nn.Parameter(torch.ones(LATENT_RANK))
        self.out = linear(h * k, d)

    def forward(self, x, table):
        b, t, _ = x.shape
        heads, width = self.s.heads, self.s.dim // self.s.heads
        if self.s.model == "gqa":
            q, k, v = (m(x).view(b, t, -1, width).transpose(1, 2) for m in (self.q, self.k, self.v))
            q, k = rope(q, *table), rope(k, *table)
            o = F.scaled_dot_product_attention(q, k, v, is_causal=True, enable_gqa=True)
        else:
            q, down = self.q(x).view(b, t, heads, -1).transpose(1, 2), self.kv_down(x)
            latent, rope_key = down[..., :LATENT_RANK], down[..., LATENT_RANK:]
            kv = self.kv_up(F.rms_norm(latent, (LATENT_RANK,), self.kv_gain, 1e-6))
            kv = kv.view(b, t, heads, -1).transpose(1, 2)
            q = torch.cat((q[..., :NOPE], rope(q[..., NOPE:], *table)), -1)
            k = torch.cat((kv[..., :NOPE], rope(rope_key[:, None], *table).expand(b, heads, t, ROPE)), -1)
            o = F.scaled_dot_product_attention(q, k, kv[..., NOPE:].contiguous(), is_causal=True)
        return self.out(o.transpose(1, 2).reshape(b, t, -1))


class Block(nn.Module):
    def __init__(self, s):
        super().__init__()
        self.d = (s.dim,)
        self.attention = Attention(s)
        self.gain1, self.gain2 = nn.Parameter(torch.ones(s.dim)), nn.Parameter(torch.ones(s.dim))
        self.gate, self.up, self.down = linear(s.dim, s.ffn), linear(s.dim, s.ffn), linear(s.ffn, s.dim)

    def forward(self, x, table):
        x = x + self.attention(F.rms_norm(x, self.d, self.gain1, 1e-5), table)
        h = F.rms_norm(x, self.d, self.gain2, 1e-5)
        return x + self.down(F.silu(self.gate(h)) * self.up(h))


class Llama(nn.Module):
    def __init__(self, s):
        super().__init__()
        self.d = (s.dim,)
        self.embedding = nn.Embedding(s.vocab, s.dim)
        self.blocks = nn.ModuleList(Block(s) for _ in range(s.layers))
        self.gain, self.head = nn.Parameter(torch.ones(s.dim)), linear(s.dim, s.vocab)

    def forward(self, ids, table):
        x = self.embedding(ids)
        for block in self.blocks:
            x = block(x, table)
        return self.head(F.rms_norm(x, self.d, self.gain, 1e-5))


class Peer:
    def __init__(self, s):
        self.bf16 = s.variant == "bf16"
        self.model_kind = s.model
        model = Llama(s)
        for p in model.parameters():
            if p.dim() == 2:
                nn.init.normal_(p, std=0.02)
        self.table = rope_table(s.dim // s.heads if s.model == "gqa" else ROPE, s.length)
        self.parameters = list(model.parameters())
        self.optimizer = torch.optim.AdamW(self.parameters, lr=1e-4, fused=True)
        compiled = s.variant == "compile"
        self.forward_pass = torch.compile(model) if compiled else model
        self.loss = torch.compile(self.loss_of) if compiled else self.loss_of
        self.ids = torch.randint(0, s.vocab, (s.batch, s.length))
        self.labels = torch.randint(0, s.vocab, (s.batch, s.length))
        self.target_ids = torch.randint(0, s.vocab, (s.batch, s.length, DRAWS))
        self.target_weights = torch.full((s.batch, s.length, DRAWS), 1 / DRAWS)

    def loss_of(self, logits):
        logits = logits.float()
        if self.model_kind == "gqa":
            return F.cross_entropy(logits.flatten(0, 1), self.labels.flatten())
        log_q = logits.gather(-1, self.target_ids) - logits.logsumexp(-1, keepdim=True)
        return -(log_q * self.target_weights).sum(-1).mean()

    def forward(self):
        with torch.no_grad(), torch.autocast("cpu", torch.bfloat16, enabled=self.bf16):
            self.forward_pass(self.ids, self.table)

    def step(self):
        with torch.autocast("cpu", torch.bfloat16, enabled=self.bf16):
            logits = self.forward_pass(self.ids, self.table)
        loss = self.loss(logits)
        self.optimizer.zero_grad(set_to_none=True)
        loss.backward()
        nn.utils.clip_grad_norm_(self.parameters, 1.0)
        self.optimizer.step()


def shape():
    parser = argparse.ArgumentParser()
    for option in ("--shape", "--model", "--variant", "--clock"):
        parser.add_argument(option, required=True)
    parser.add_argument("--threads", type=int, required=True)
    s = parser.parse_args()
    s.dim, s.layers, s.heads, s.kv_heads, s.ffn, s.vocab, s.length, s.batch = map(int, s.shape.split(","))
    return s


def main():
    s = shape()
    torch.set_num_threads(s.threads)
    torch.manual_seed(0)
    try:
        peer = Peer(s)
        for _ in range(WARM_UP):
            peer.step()
            peer.forward()
    except Exception as e:  # torch.compile needs a C++ compiler, for one
        print("failed", " ".join(str(e).split())[:300], flush=True)
        return
    clock = time.process_time if s.clock == "cpu" else time.perf_counter
    print("ready", torch.__version__, flush=True)
    for line in sys.stdin:
        what, count = line.split()
        times = []
        for _ in range(int(count)):
            start = clock()
            peer.step() if what == "step" else peer.forward()
            times.append(f"{(clock() - start) * 1e3:.3f}")
        print(" ".join(times), flush=True)


if __name__ == "__main__":
    main()
