"""The encoder and its head in PyTorch: the first layers of a BERT (Devlin et al. 2019), the mean over all pieces, then the labels.

`crates/detect/src/classifier/encoder/network.rs` does the same in eight-bit numbers."""

import numpy as np
import torch
from torch import nn
from torch.nn import functional as F

LABELS, KINDS, WIDTH, HIDDEN, HEADS = 32, 4, 384, 256, 12
GROUP = 32
EPSILON = 1e-6


def four_bits(rows):
    """The steps and numbers that rows are rounded to: number = (half - 8) * step, a step for each group."""
    groups = rows.reshape(-1, GROUP)
    step = (groups.abs().amax(1, keepdim=True) / 7.5).half().float().clamp_min(6e-8)
    return step, torch.clamp(torch.round(groups / step) + 8, 0, 15)


def drop(x, share, training):
    """Dropout of whole features of a row (Gal and Ghahramani 2016): as good here, and its masks cost nothing on a processor."""
    if not training or share == 0:
        return x
    keep = torch.rand(len(x), 1, x.shape[-1], device=x.device) >= share
    return x * (keep / (1 - share)).to(x.dtype)


class Layer(nn.Module):
    def __init__(self):
        super().__init__()
        self.qkv, self.o = nn.Linear(WIDTH, 3 * WIDTH), nn.Linear(WIDTH, WIDTH)
        self.fi, self.fo = nn.Linear(WIDTH, 4 * WIDTH), nn.Linear(4 * WIDTH, WIDTH)
        self.ln1, self.ln2 = nn.LayerNorm(WIDTH, EPSILON), nn.LayerNorm(WIDTH, EPSILON)

    def forward(self, x, hide, share):
        heads = lambda t: t.view(len(t), -1, HEADS, WIDTH // HEADS).transpose(1, 2)
        q, k, v = map(heads, self.qkv(x).chunk(3, -1))
        weight = torch.softmax((q @ k.transpose(2, 3)).float() * (WIDTH // HEADS) ** -0.5 + hide, -1)
        context = (weight.to(v.dtype) @ v).transpose(1, 2).reshape(x.shape)
        x = self.ln1((x + drop(self.o(context), share, self.training)).float())
        return self.ln2((x + drop(self.fo(F.gelu(self.fi(x))), share, self.training)).float())


class Encoder(nn.Module):
    """Scores of labels from numbers of pieces, (batch, length), -1 where there is none."""

    def __init__(self, base, share=0.1):
        super().__init__()
        self.share = share
        self.vectors = nn.Parameter(torch.tensor(base["vectors"]))
        self.positions = nn.Parameter(torch.tensor(base["positions"]))
        self.ln = nn.LayerNorm(WIDTH, EPSILON)
        self.layers = nn.ModuleList(Layer() for _ in range(sum(name.endswith(".qkv.w") for name in base)))
        self.hidden = nn.Linear(2 * WIDTH + KINDS, HIDDEN)
        self.out = nn.Linear(2 * WIDTH + KINDS + HIDDEN, LABELS)
        nn.init.normal_(self.out.weight, 0, 0.02)
        nn.init.constant_(self.out.bias, -3.0)
        for name, theirs in self.named().items():
            if name in base:
                theirs.data = torch.tensor(base[name])

    def named(self):
        """Parameters by the names they have in files."""
        short = lambda name: name.removeprefix("layers.").replace("ln1.weight", "ln1.g").replace("ln2.weight", "ln2.g").replace("ln.weight", "ln.g")
        return {short(name).replace(".weight", ".w").replace(".bias", ".b"): value for name, value in self.named_parameters()}

    def sentence(self, tokens):
        mask = (tokens >= 0).float()
        rows = F.embedding(tokens.clamp_min(0), self.vectors)
        # Rounded going in, exact going back: the vectors learn to be rounded.
        step, four = four_bits(rows.detach())
        rows = rows + (((four - 8) * step).view(rows.shape) - rows).detach()
        x = drop(self.ln(rows + self.positions[: tokens.shape[1]]), self.share, self.training)
        hide = (mask - 1)[:, None, None, :] * 1e4
        for layer in self.layers:
            x = layer(x, hide, self.share)
        return (x * mask[..., None]).sum(1) / mask.sum(1, keepdim=True).clamp_min(1)

    def forward(self, tokens, prompts, kinds):
        """`prompts` are the questions of dialogs, of length 1 and -1 where no row has one."""
        text = self.sentence(tokens)
        asked = (prompts[:, :1] >= 0).float()
        prompt = self.sentence(prompts) * asked if bool(asked.any()) else torch.zeros_like(text)
        x = torch.cat([text, prompt, F.one_hot(kinds, KINDS).float()], -1)
        x = F.dropout(x, self.share, self.training)
        return self.out(torch.cat([x, torch.relu(self.hidden(x))], -1)).float()


def saved(model):
    return {name: value.detach().numpy() for name, value in model.named().items()}


def load(path):
    with np.load(path) as file:
        return dict(file)
