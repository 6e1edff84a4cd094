"""The settings among which the grouped folds choose. A small, fixed list: 20 sources cannot tell many apart."""

from __future__ import annotations

from training.fit import HeadSettings

CANDIDATES: dict[str, HeadSettings] = {
    "projection 64, kernel 5": HeadSettings(),
    "projection 64, kernel 13": HeadSettings(kernel_size=13),
    "projection 64, kernel 5, slower and more decay": HeadSettings(learning_rate=3e-4, weight_decay=0.1, steps=250),
    "projection 64, kernel 5, half of the input dropped": HeadSettings(input_dropout=0.5),
    "projection 32, kernel 5": HeadSettings(projection=32, mlp_hidden=32, n_heads=4),
    "projection 64, no temporal branch": HeadSettings(temporal=False),
}
