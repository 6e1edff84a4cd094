"""Which live frames LUV-Net is given when it cannot keep up: all, every 2nd, every 4th or every 8th, evenly.

A clip must be evenly spaced, or its frames no longer mean what the network was trained on. Spacings are powers of two,
so that the frames of one spacing are also some of the next finer one's, and clips go on where the spacing changes.
"""

from __future__ import annotations

LONGEST_SPACING = 8
"""Beyond every 8th frame a clip of 30 would cover 8 s of 30 frames/s: too slow to be called live."""

WAITING_LIMIT = 6
"""With more frames than this waiting, LUV-Net is behind by more than a moment."""

LATE_S = 0.75
"""So is it where those that wait will take longer than this; what one full step takes may always wait."""

FIRST_TRIAL_S, LONGEST_TRIAL_S = 3.0, 60.0
"""A finer spacing is tried after so many calm seconds; after twice as many where the last trial failed."""


class Pace:
    """Chooses the spacing from how long LUV-Net takes and how many frames wait.

    spacing: 1, 2, 4 or 8. is_too_slow: even every 8th frame comes too fast.
    """

    def __init__(self) -> None:
        self.spacing = 1
        self.is_too_slow = False
        self._cost_s: float | None = None
        self._calm_since_s: float | None = None
        self._trial_s = FIRST_TRIAL_S
        self._tried_at_s: float | None = None

    def is_due(self, number: int) -> bool:
        """Whether the frame of this number is one to be assessed."""
        return number % self.spacing == 0

    def note(self, n_frames: int, step_s: float, n_waiting: int, now_s: float, fps: float) -> None:
        """A step that had room for n_frames took step_s, and n_waiting frames wait now, of fps that come each second.

        What a frame costs in a full step can only be estimated while steps are not full, so a finer spacing that
        seems possible is tried, and given up where frames pile up.
        """
        cost_s = step_s / max(1, n_frames)
        # The first step of an engine is slower than the others; a mean that forgets recovers from it.
        self._cost_s = cost_s if self._cost_s is None else 0.8 * self._cost_s + 0.2 * cost_s
        is_late = n_waiting > max(1, n_frames) and n_waiting * cost_s > LATE_S
        if n_waiting > WAITING_LIMIT or is_late:
            self._fall_behind(now_s)
            return
        if n_waiting <= 1:
            self.is_too_slow = False
        could_do_twice_as_many = self._cost_s * fps * 2 < self.spacing
        if self.spacing == 1 or not could_do_twice_as_many:
            self._calm_since_s = None
        elif self._calm_since_s is None:
            self._calm_since_s = now_s
        elif now_s - self._calm_since_s >= self._trial_s:
            self.spacing //= 2
            self._calm_since_s = None
            self._tried_at_s = now_s

    def _fall_behind(self, now_s: float) -> None:
        self._calm_since_s = None
        if self._tried_at_s is not None:
            failed = now_s - self._tried_at_s < 2 * self._trial_s
            self._trial_s = min(self._trial_s * 2, LONGEST_TRIAL_S) if failed else FIRST_TRIAL_S
            self._tried_at_s = None
        if self.spacing < LONGEST_SPACING:
            self.spacing *= 2
        else:
            self.is_too_slow = True
