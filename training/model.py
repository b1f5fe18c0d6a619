"""The encoder and its head in JAX: n-gram convolutions over pieces, averaged, then a deep averaging network (Yang et al. 2020), then the labels."""

import jax
import jax.numpy as jnp
import numpy as np

LABELS, KINDS, WIDTH, HIDDEN = 32, 4, 512, 256
# Order of each convolution, and how far it looks back.
ORDERS = ((2, 0), (3, 1), (5, 2))
EPS = 1e-6


def initial(base, seed):
    """Parameters: those of the base, and a head that knows nothing."""
    names = [name for name in base.files if name not in ("pieces", "scores", "eps")]
    params = {name: jnp.asarray(base[name]) for name in names}
    random = np.random.default_rng(seed)
    width = 2 * WIDTH + KINDS
    params["h_W"] = jnp.asarray(random.normal(0, width**-0.5, (width, HIDDEN)), jnp.float32)
    params["h_b"] = jnp.zeros(HIDDEN)
    params["o_W"] = jnp.asarray(random.normal(0, 0.1 * (HIDDEN + width) ** -0.5, (HIDDEN + width, LABELS)), jnp.float32)
    params["o_b"] = jnp.full(LABELS, -3.0)
    return params


def norm(x, gain, bias):
    x = x - x.mean(-1, keepdims=True)
    return x * jax.lax.rsqrt((x * x).mean(-1, keepdims=True) + EPS) * gain + bias


def convolve(x, mask, weights, bias, left, order):
    """A window of `order` pieces from `left` before, side by side, times the weights."""
    padded = jnp.pad(x * mask, ((0, 0), (left, order - 1 - left), (0, 0)))
    wide = jnp.concatenate([padded[:, n : n + x.shape[1]] for n in range(order)], -1)
    return jax.nn.relu(wide @ weights + bias) + x


def sentence(params, tokens):
    """Unit vectors of sentences; `tokens` is (batch, length), -1 where there is none."""
    mask = (tokens >= 0)[..., None].astype(jnp.float32)
    vectors = params["vectors"][jnp.maximum(tokens, 0)]
    features = [vectors]
    for order, left in ORDERS:
        x = norm(vectors @ params[f"proj{order}"] + params[f"proj_b{order}"], params[f"ln_g{order}"], params[f"ln_b{order}"])
        for layer in ("1", "2"):
            x = convolve(x, mask, params[f"w{layer}_{order}"], params[f"b{layer}_{order}"], left, order)
        features.append(x)
    features = norm(jnp.concatenate(features, -1), params["ln_g"], params["ln_b"]) * mask
    length = jnp.maximum(mask.sum(1), 1.0)
    mean = (features.sum(1) @ params["cnn_W"] + length * params["cnn_b"]) * jax.lax.rsqrt(length)
    y0 = jax.nn.relu(mean @ params["d0"])
    y1 = jax.nn.relu(mean @ params["p1"] + y0 @ params["d1"])
    y2 = jax.nn.relu(y1 @ params["d2"])
    z = jnp.tanh(y1 @ params["p3"] + y2 @ params["d3"])
    return z * jax.lax.rsqrt(jnp.maximum((z * z).sum(-1, keepdims=True), EPS))


def scores(params, tokens, prompts, kinds, key=None, drop=0.0):
    """The score of every label. `prompts` are the questions of dialogs; a row of -1 where there is none."""
    scale = WIDTH**0.5
    text = sentence(params, tokens) * scale
    asked = (prompts[:, :1] >= 0).astype(jnp.float32)
    x = jnp.concatenate([text, sentence(params, prompts) * asked * scale, jax.nn.one_hot(kinds, KINDS)], -1)
    if key is not None:
        x = x * jax.random.bernoulli(key, 1 - drop, x.shape) / (1 - drop)
    hidden = jax.nn.relu(x @ params["h_W"] + params["h_b"])
    return jnp.concatenate([x, hidden], -1) @ params["o_W"] + params["o_b"]
