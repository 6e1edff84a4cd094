"""Everything that decides the weights of a trained network, in frozen tables that check themselves.

The tables are those of a preset (`training/presets/*.toml`) and of a run's `config.toml`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any, Literal

import torch

from model import build_network
from model.facts import PATTERNS
from model.preprocessing import ChannelRule
from model.registry import has_encoder, option_defaults, reads_features
from training.statistics import THRESHOLD_RULES, ThresholdRule
from training.train.errors import TrainError

Precision = Literal["fp32", "bf16"]
Schedule = Literal["none", "plateau"]
Loss = Literal["bce", "focal"]
PositiveWeight = Literal["none", "balanced"]

SIZE_OPTIONS = ("clip_length", "size", "height", "width")
"""Options of networks for one size of clip; they follow the clips where nothing else is said."""


@dataclass(frozen=True)
class NetworkConfig:
    """name: key of `model.registry.NETWORKS`. options: of `build_network`, plain values, all of them.

    title: what predictions and tables call the model; "" for its name.
    """

    name: str = "luv_net"
    title: str = ""
    options: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        known = _checked(lambda: option_defaults(self.name), "network.name")
        for key in self.options:
            if key not in known:
                raise TrainError(f"{self.name} has no option {key}; it takes {', '.join(known)}.")

    @property
    def label(self) -> str:
        """The name in predictions and tables."""
        return self.title or self.name


@dataclass(frozen=True)
class EncoderConfig:
    """The frame encoder of a network that has one.

    weights, weights_sha256: name and digest of the file it started from; "" for random weights.
    frozen: it stays as it is; its features are computed once, kept on disk, and the rest is trained on them.
    checkpointing: what its blocks compute is not kept for the backward pass but computed again; less memory, more time.
    """

    weights: str = ""
    weights_sha256: str = ""
    frozen: bool = False
    checkpointing: bool = False


@dataclass(frozen=True)
class DataConfig:
    """channel_rule: which grey the clips were made with (systems 2.1a); it goes into the checkpoint.

    flip, rotation: probability that a clip is mirrored, or turned by one angle of +-rotation_degrees (systems 3.8).
    legacy_rotation: the published error that makes turned clips almost black; for research on it only.
    feature_views: with a frozen encoder, differently turned views of each clip that are kept beside the plain one; each
    also mirrored where flip is above 0.
    unlabelled: a clip that somebody did not label wholly is refused, or left out. no_finding: clips without any pattern
    are kept, or dropped (systems D8). drop_last_valid: the clips past the last full batch do not count in validation
    (systems D27).
    """

    channel_rule: ChannelRule = "luminance"
    flip: float = 0.5
    rotation: float = 0.5
    rotation_degrees: float = 10.0
    legacy_rotation: bool = False
    feature_views: int = 2
    unlabelled: Literal["refuse", "leave_out"] = "refuse"
    no_finding: Literal["keep", "drop"] = "keep"
    drop_last_valid: bool = False

    def __post_init__(self) -> None:
        _one_of("data.channel_rule", self.channel_rule, ("luminance", "channel0"))
        _one_of("data.unlabelled", self.unlabelled, ("refuse", "leave_out"))
        _one_of("data.no_finding", self.no_finding, ("keep", "drop"))
        for name in ("flip", "rotation"):
            _in_range(f"data.{name}", getattr(self, name), 0, 1)
        _in_range("data.rotation_degrees", self.rotation_degrees, 0, 180)
        _in_range("data.feature_views", self.feature_views, 1, 64)


@dataclass(frozen=True)
class LossConfig:
    """kind: binary cross-entropy of each clip and pattern, or its focal form (1 - p_t)^gamma. positive_weight: weigh
    present patterns by negatives / positives of the training clips, "balanced", or not."""

    kind: Loss = "bce"
    focal_gamma: float = 2.0
    positive_weight: PositiveWeight = "none"

    def __post_init__(self) -> None:
        _one_of("loss.kind", self.kind, ("bce", "focal"))
        _in_range("loss.focal_gamma", self.focal_gamma, 0, 10)
        _one_of("loss.positive_weight", self.positive_weight, ("none", "balanced"))


@dataclass(frozen=True)
class FitConfig:
    """How the weights are found (systems 3.8, 3.9); the table `[train]`.

    epochs: at most; training stops when epoch - best epoch >= patience, best by the mean loss on the validation clips.
    batch_size: clips of all processes together. accumulate: batches per step of Adam.
    schedule: "plateau" multiplies the rate by plateau_factor after more than plateau_patience epochs without progress.
    precision: "bf16" is mixed. freeze_batch_norm: batch norm uses and keeps the statistics it started with.
    threshold_rule: key of `THRESHOLD_RULES`. keep_every_s: seconds from one writing of the state to the next; it is
    written at the end of an epoch, so a killed run loses at most that and an epoch.
    """

    epochs: int = 150
    patience: int = 50
    batch_size: int = 4
    accumulate: int = 1
    lr: float = 1e-6
    weight_decay: float = 0.0
    schedule: Schedule = "none"
    plateau_factor: float = 0.1
    plateau_patience: int = 3
    precision: Precision = "fp32"
    freeze_batch_norm: bool = False
    seed: int = 234
    threshold_rule: ThresholdRule = "youden"
    keep_every_s: float = 60.0

    def __post_init__(self) -> None:
        for name in ("epochs", "patience", "batch_size", "accumulate"):
            _in_range(f"train.{name}", getattr(self, name), 1, 10**6)
        _in_range("train.lr", self.lr, 1e-12, 10)
        _in_range("train.weight_decay", self.weight_decay, 0, 10)
        _in_range("train.plateau_factor", self.plateau_factor, 1e-6, 1)
        _in_range("train.plateau_patience", self.plateau_patience, 0, 10**6)
        _in_range("train.seed", self.seed, 0, 2**32 - 1)
        _in_range("train.keep_every_s", self.keep_every_s, 0, 10**6)
        _one_of("train.schedule", self.schedule, ("none", "plateau"))
        _one_of("train.precision", self.precision, ("fp32", "bf16"))
        _one_of("train.threshold_rule", self.threshold_rule, tuple(THRESHOLD_RULES))


@dataclass(frozen=True)
class TrainConfig:
    """All tables together. preset: the name of the one it came from. Raises TrainError, one sentence."""

    preset: str = "default"
    network: NetworkConfig = field(default_factory=NetworkConfig)
    encoder: EncoderConfig = field(default_factory=EncoderConfig)
    data: DataConfig = field(default_factory=DataConfig)
    loss: LossConfig = field(default_factory=LossConfig)
    train: FitConfig = field(default_factory=FitConfig)

    def __post_init__(self) -> None:
        name, encoder = self.network.name, self.encoder
        if not has_encoder(name) and (encoder.frozen or encoder.checkpointing or encoder.weights):
            asked = next(key for key in ("frozen", "checkpointing", "weights") if getattr(encoder, key))
            raise TrainError(f"{name} has no frame encoder, so encoder.{asked} cannot be used with it.")
        if encoder.frozen and not reads_features(name):
            raise TrainError(
                f"{name} looks at where in a frame its encoder finds something, so the encoder's features of whole "
                f"frames do not suffice; train it without encoder.frozen."
            )
        if encoder.frozen and encoder.checkpointing:
            raise TrainError("encoder.checkpointing saves nothing beside encoder.frozen; choose one of them.")
        if self.network.options.get("n_patterns", len(PATTERNS)) != len(PATTERNS):
            raise TrainError(f"network.n_patterns must be {len(PATTERNS)}: the clips have {', '.join(PATTERNS)}.")
        build = {"name": name, **self.network.options}
        _checked(lambda: _built_without_weights(build), "network")


def table_fields(table: type) -> tuple[str, ...]:
    """The keys of a table."""
    return tuple(one.name for one in fields(table))


def _built_without_weights(options: Mapping[str, Any]) -> None:
    with torch.device("meta"):
        build_network(**options)


def _checked(call: Any, what: str) -> Any:
    try:
        return call()
    except ValueError as error:
        raise TrainError(f"{what}: {error}.") from error


def _in_range(name: str, value: float, low: float, high: float) -> None:
    if not low <= value <= high:
        raise TrainError(f"{name} must lie from {low:g} to {high:g}, got {value:g}.")


def _one_of(name: str, value: str, choices: tuple[str, ...]) -> None:
    if value not in choices:
        raise TrainError(f"{name} must be one of {', '.join(choices)}, got {value!r}.")
