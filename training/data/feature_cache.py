"""Features of a frozen encoder, computed once per clip and view, and kept on disk.

Axis letters: n, N clips, L frames of a clip, D features.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

import numpy as np
import torch
from torch import Tensor, nn

from training.data.array_folder import ArrayFolder
from training.data.augmentation import AugmentationOptions, ClipDecision, transform_clips
from training.data.frame_store import FrameStore, Report
from training.data.normalise import normalise_clips
from training.data.order import clip_generator, stored_view_generator
from training.features import BATCH_FRAMES, fused, setting_key

EncoderPrecision = Literal["fp32", "bf16"]
_GPU_BATCH_FRAMES = 64


@dataclass(frozen=True)
class FeatureView:
    """One way in which a clip is shown to the encoder. rotation: which of its stored rotations, from 0; None: none."""

    is_flipped: bool = False
    rotation: int | None = None


PLAIN = FeatureView()


@dataclass(frozen=True)
class StoredViews:
    """The views that stand for an augmentation: flipped or not, and as it is or rotated by one of n_rotations angles
    that each clip has of its own. seed: of the angles and of the choice in an epoch.

    Raises ValueError when there is no angle to rotate by.
    """

    augmentation: AugmentationOptions = field(default_factory=AugmentationOptions)
    n_rotations: int = 4
    seed: int = 0

    def __post_init__(self) -> None:
        if self.n_rotations < 1:
            raise ValueError(f"n_rotations must be at least 1, got {self.n_rotations}")

    @property
    def all(self) -> tuple[FeatureView, ...]:
        """Every view that can come up, each of which costs a pass of the encoder."""
        flips = [value for value, p in ((False, 1 - self.augmentation.flip), (True, self.augmentation.flip)) if p > 0]
        turned = self.augmentation.rotation
        rotations = [*([None] if turned < 1 else []), *(range(self.n_rotations) if turned > 0 else ())]
        return tuple(FeatureView(flip, rotation) for flip in flips for rotation in rotations)

    def choose(self, epoch: int, index: int) -> FeatureView:
        """The view of clip `index` of the table in an epoch; it depends on nothing else but the seed."""
        flip, rotation, which = clip_generator(self.seed, epoch, index).random(3).tolist()
        is_turned = rotation < self.augmentation.rotation
        return FeatureView(flip < self.augmentation.flip, int(which * self.n_rotations) if is_turned else None)

    def decision(self, view: FeatureView, frames_key: str) -> ClipDecision:
        """What a view does to the clip that a store keeps under `frames_key`: the same in every fold."""
        if view.rotation is None:
            return ClipDecision(view.is_flipped)
        turn = 2 * stored_view_generator(self.seed, view.rotation, frames_key).random() - 1
        return ClipDecision(view.is_flipped, turn * self.augmentation.rotation_degrees)


@dataclass(frozen=True)
class EncodeSettings:
    """views: of the augmentation. precision: of the encoder; features are float32 either way. device: where it runs."""

    views: StoredViews = field(default_factory=StoredViews)
    precision: EncoderPrecision = "fp32"
    device: str = "cpu"


class FeatureCache:
    """Features of the clips of a store under a frozen encoder, each computed when first asked for.

    A file per clip and view, named after encoder, grey levels, flip, angle and precision: whatever changes is computed
    anew, all folds share the rest, and what was computed before a kill stays. A clip's features do not depend on the
    clips computed beside it.
    """

    def __init__(
        self, encoder: nn.Module, store: FrameStore, folder: Path, settings: EncodeSettings | None = None
    ) -> None:
        """encoder: (M, 3, H, W) normalised frames -> (M, D). Copied, frozen, in eval mode. Raises WriteError."""
        self.settings = settings or EncodeSettings()
        self.store = store
        self._device = torch.device(self.settings.device)
        self._encoder = fused(encoder).to(self._device).to(memory_format=torch.channels_last).requires_grad_(False)
        self._encoder_key = setting_key(encoder, store.settings.preprocessing)
        size = store.settings.preprocessing.size
        self.n_features = self._encode(torch.zeros(1, 3, size, size, device=self._device)).shape[1]
        shape = (store.settings.clip_length, self.n_features)
        self._arrays = ArrayFolder(folder / "features" / self._encoder_key, shape, np.float32)

    def __len__(self) -> int:
        return len(self.store)

    def needed_bytes(self, views: Sequence[FeatureView]) -> int:
        """What all clips in these views take on the disk."""
        return len({self._key(i, view) for i in range(len(self)) for view in views}) * self._arrays.file_bytes

    def digest(self) -> str:
        """SHA-256 (hex) of the encoder, the clips in order, and how they are shown to it."""
        told = (self._encoder_key, self.store.digest(), self.settings.views, self.settings.precision)
        return hashlib.sha256(repr(told).encode()).hexdigest()

    def fill(self, views: Sequence[FeatureView], report: Report | None = None) -> None:
        """Compute what is not there yet of all clips in these views. report(done, total): clips times views.

        Raises DataError when the disk is too small, before anything is computed; WriteError.
        """
        wanted = {self._key(i, view): (i, view) for i in range(len(self)) for view in views}
        missing = {key: place for key, place in wanted.items() if not self._arrays.holds(key)}
        self._arrays.make_room(list(missing), "features")
        n_done = len(wanted) - len(missing)
        if report is not None:
            report(n_done, len(wanted))
        for done, (key, (i, view)) in enumerate(missing.items(), start=n_done + 1):
            self._arrays.write(key, self._computed(i, view).numpy())
            if report is not None:
                report(done, len(wanted))

    def features(self, indices: Sequence[int], views: Sequence[FeatureView]) -> Tensor:
        """(n, L, D) float32 of n clips, each in its view. Raises DataError, WriteError."""
        made = np.empty((len(indices), self.store.settings.clip_length, self.n_features), np.float32)
        for place, (i, view) in enumerate(zip(indices, views, strict=True)):
            key = self._key(i, view)
            if not self._arrays.holds(key):
                self._arrays.make_room([key], "features")
                self._arrays.write(key, self._computed(i, view).numpy())
            made[place] = self._arrays.read(key)
        return torch.from_numpy(made)

    def _key(self, i: int, view: FeatureView) -> str:
        frames_key = self.store.keys[i]
        told = self.settings.views.decision(view, frames_key)
        is_legacy = self.settings.views.augmentation.legacy_rotation and told.angle_degrees is not None
        parts = (frames_key, told.is_flipped, told.angle_degrees, is_legacy, self.settings.precision)
        return hashlib.sha256(repr(parts).encode()).hexdigest()

    def _computed(self, i: int, view: FeatureView) -> Tensor:
        """(L, D) float32 on the CPU. A frame equal to the one before, as in the tail of a clip, is not encoded."""
        clip = self.store.clips([i])[:, :, :1]
        is_new = torch.cat([torch.ones(1, dtype=torch.bool), (clip[0, 1:] != clip[0, :-1]).flatten(1).any(dim=1)])
        distinct = clip[:, is_new].to(self._device).expand(-1, -1, 3, -1, -1)
        views = self.settings.views
        told = views.decision(view, self.store.keys[i])
        shown = transform_clips(distinct, [told], views.augmentation.legacy_rotation)
        frames = normalise_clips(shown, self.store.settings.preprocessing)[0]
        encoded = torch.cat([self._encode(part) for part in frames.split(self._batch_frames)])
        return encoded[is_new.cumsum(0).to(self._device) - 1].cpu()

    @property
    def _batch_frames(self) -> int:
        """As many as are encoded fastest; of small frames a CPU takes more, of the same number of pixels."""
        if self._device.type != "cpu":
            return _GPU_BATCH_FRAMES
        size = self.store.settings.preprocessing.size
        return max(BATCH_FRAMES, BATCH_FRAMES * 256**2 // size**2)

    def _encode(self, frames: Tensor) -> Tensor:
        is_half = self.settings.precision == "bf16"
        with torch.inference_mode(), torch.autocast(self._device.type, torch.bfloat16, enabled=is_half):
            return self._encoder(frames).float()
