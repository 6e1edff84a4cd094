"""A batch that does not fit into memory: found out, and which one does."""

from __future__ import annotations

import gc
import re
from collections.abc import Callable

import torch

_WORDS = re.compile(r"out of memory|not enough memory|can't allocate memory|cannot allocate memory", re.IGNORECASE)


def is_out_of_memory(error: BaseException) -> bool:
    """Whether memory of a card or of the computer was too small, also in another process.

    >>> is_out_of_memory(RuntimeError("[enforce fail] DefaultCPUAllocator: can't allocate memory: you tried ..."))
    True
    >>> is_out_of_memory(RuntimeError("shape mismatch"))
    False
    """
    if isinstance(error, torch.OutOfMemoryError | MemoryError):
        return True
    return isinstance(error, RuntimeError) and _WORDS.search(str(error)) is not None


def largest_batch(step: Callable[[int], None], batch_size: int) -> int:
    """The largest of batch_size / 2, / 4, ... with which `step` runs; 0 when not even 1 does. Raises other errors."""
    size = batch_size // 2
    while size >= 1:
        gc.collect()
        if torch.cuda.is_available():
            torch.cuda.empty_cache()
        try:
            step(size)
        except (RuntimeError, MemoryError) as error:
            if not is_out_of_memory(error):
                raise
        else:
            return size
        size //= 2
    return 0


def memory_sentence(batch_size: int, fitting: int, accumulate: int, has_encoder: bool) -> str:
    """What to do, for people.

    >>> memory_sentence(16, 4, 1, True)
    'A batch of 16 clips does not fit into memory, 4 do: use --batch-size 4 --accumulate 4, which takes the same steps.'
    """
    if fitting:
        times = accumulate * -(-batch_size // fitting)
        same = ", which takes the same steps" if batch_size % fitting == 0 else ""
        return (
            f"A batch of {batch_size} clips does not fit into memory, {fitting} do: use --batch-size {fitting} "
            f"--accumulate {times}{same}."
        )
    encoder = "--set encoder.checkpointing=true, --freeze-encoder, a smaller --encoder, " if has_encoder else ""
    return (
        f"Not even one clip fits into memory (a batch of {batch_size} was asked for): try --precision bf16, {encoder}"
        f"or shorter or smaller clips (luv prepare clips --clip-length, --size)."
    )
