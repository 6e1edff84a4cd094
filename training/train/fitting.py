"""One fold from its first epoch, or the one after its last, to its best network: Lightning's part."""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import lightning.pytorch as pl
import torch
from lightning.pytorch.strategies import DDPStrategy
from lightning.pytorch.utilities.exceptions import MisconfigurationException

from training.train.config import TrainConfig
from training.train.errors import TrainError
from training.train.job import Machine
from training.train.keeper import BatchesDone, FitReport, FoldPlace, Keeper
from training.train.memory import is_out_of_memory, largest_batch, memory_sentence
from training.train.module import FitModule
from training.train.quiet import quiet_lightning
from training.train.scores import EpochRecord

_PRECISIONS: dict[str, Any] = {"fp32": "32-true", "bf16": "bf16-mixed"}


def fit(module: FitModule, place: FoldPlace, write_best: Any, machine: Machine, report: FitReport) -> bool:
    """Train until epochs or patience are over, from `place.state` where that is there; everything is on disk then.

    write_best: takes a `BestNetwork`; with several processes it is pickled. report: called after each batch and epoch.
    Gives whether this process is the first of all (the one that writes).
    Raises TrainError when memory does not suffice (with the batch that does) or the loss is no number;
    KeyboardInterrupt after Ctrl+C.
    """
    failure = None
    trainer: pl.Trainer | None = None

    def stop() -> None:
        if trainer is not None:
            _end_processes(trainer)

    try:
        with _heard(report, machine, stop) as told, quiet_lightning(), _interruptible():
            trainer = _trainer(module.config, machine, Keeper(place, write_best, told))
            state = str(place.state) if place.state.is_file() else None
            try:
                trainer.fit(module, ckpt_path=state, weights_only=True)
            finally:
                stop()
            return trainer.is_global_zero
    except MisconfigurationException as error:
        raise TrainError(f"This machine cannot train so: {' '.join(str(error).split())}") from error
    except (RuntimeError, MemoryError) as error:
        if not is_out_of_memory(error):
            raise _plain(error) from error
        # Outside of this block: the error holds on to what filled the memory.
        failure = str(error)
    raise TrainError(_what_fits(module, machine)) from RuntimeError(failure)


def _trainer(config: TrainConfig, machine: Machine, keeper: Keeper) -> pl.Trainer:
    return pl.Trainer(
        accelerator=machine.accelerator,
        devices=machine.devices,
        num_nodes=machine.nodes,
        strategy=_strategy(config, machine),
        precision=_PRECISIONS[config.train.precision],
        max_epochs=config.train.epochs,
        accumulate_grad_batches=config.train.accumulate,
        num_sanity_val_steps=0,
        use_distributed_sampler=False,
        callbacks=[keeper],
        logger=False,
        enable_checkpointing=False,
        enable_progress_bar=False,
        enable_model_summary=False,
    )


def _strategy(config: TrainConfig, machine: Machine) -> Any:
    """Processes are started here on one computer, and by torchrun, SLURM or the user on several."""
    if machine.processes == 1:
        return "auto"
    is_started_outside = machine.nodes > 1 or "LOCAL_RANK" in os.environ
    # The second MViT has tables that its last block does not read.
    return DDPStrategy(
        start_method="popen" if is_started_outside else "spawn",
        find_unused_parameters=config.network.name == "mvit",
        process_group_backend="gloo" if machine.accelerator == "cpu" else None,
    )


@contextmanager
def _heard(report: FitReport, machine: Machine, stop: Callable[[], None]) -> Iterator[FitReport]:
    """What to give to the process that trains: `report`, or what sends news here from another process, which `stop`
    ends when `report` raises."""
    if machine.processes == 1:
        yield report
        return
    receiver, sender = multiprocessing.get_context("spawn").Pipe(duplex=False)
    raised: list[BaseException] = []

    def listen() -> None:
        # Ends when nobody is left who could send: the other process, and this one below.
        for news in _received(receiver):
            if raised:
                continue
            try:
                report(news)
            except BaseException as error:  # noqa: BLE001 - whatever it is, it is raised again where the training ends
                raised.append(error)
                stop()

    listener = threading.Thread(target=listen, daemon=True)
    listener.start()
    try:
        yield _Sender(sender)
    finally:
        sender.close()
        listener.join()
        receiver.close()
        if raised:
            raise raised[0]


def _received(receiver: Any) -> Iterator[EpochRecord | BatchesDone]:
    while True:
        try:
            yield receiver.recv()
        except (EOFError, OSError):
            return


def _end_processes(trainer: pl.Trainer) -> None:
    """Those that were started here and still run, after an error or Ctrl+C."""
    for process in getattr(trainer.strategy.launcher, "procs", ()):
        if process.is_alive():
            process.kill()


class _Sender:
    """Sends records to the process that asked; can be pickled for a new one."""

    def __init__(self, sender: Any) -> None:
        self._sender = sender

    def __call__(self, record: EpochRecord | BatchesDone) -> None:
        self._sender.send(record)


@contextmanager
def _interruptible() -> Iterator[None]:
    """Ctrl+C as KeyboardInterrupt: Lightning ends the process instead, and lets no further Ctrl+C through."""
    is_main = threading.current_thread() is threading.main_thread()
    before = signal.getsignal(signal.SIGINT) if is_main else None
    try:
        yield
    except SystemExit as stopped:
        if isinstance(stopped.__context__, KeyboardInterrupt):
            raise KeyboardInterrupt from stopped
        raise
    finally:
        if is_main:
            signal.signal(signal.SIGINT, before)


def _plain(error: BaseException) -> BaseException:
    """The TrainError that another process raised, which arrives as text; else the error itself."""
    for line in reversed(str(error).splitlines()):
        _, sign, sentence = line.partition("training.train.errors.TrainError: ")
        if sign:
            return TrainError(sentence)
    return error


def _what_fits(module: FitModule, machine: Machine) -> str:
    """The sentence, after trying smaller batches for a step each, without validation."""
    config = module.config.train
    device = torch.device("cuda" if machine.accelerator != "cpu" and torch.cuda.is_available() else "cpu")
    module.zero_grad(set_to_none=True)

    def step(size: int) -> None:
        try:
            _one_step(module, size, device)
        finally:
            module.zero_grad(set_to_none=True)
            module.cpu()

    fitting = largest_batch(step, config.batch_size // machine.processes)
    has_encoder = hasattr(module.network, "encoder")
    return memory_sentence(config.batch_size, fitting * machine.processes, config.accumulate, has_encoder)


def _one_step(module: FitModule, size: int, device: torch.device) -> None:
    module.to(device).train()
    rows = [i % len(module.data.train) for i in range(size)]
    batch = module.data.train.batch(rows).to(device)
    with torch.autocast(device.type, torch.bfloat16, enabled=module.config.train.precision == "bf16"):
        loss = module.loss(module.logits(batch.inputs), batch.labels)
    loss.backward()
    torch.optim.Adam([p for p in module.parameters() if p.requires_grad], fused=True).step()
