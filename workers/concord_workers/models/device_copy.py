"""Moves a model's weights to a CUDA device with several copies at once.

A copy from ordinary memory goes through a small buffer of the driver, one processor core at a time. Here several threads
fill pinned buffers, each with a stream of its own, so that the cores and the bus work side by side.
"""

from __future__ import annotations

import queue
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import torch

__all__ = ["pieces_of", "to_device"]

_THREADS = 4
_BUFFER_BYTES = 16 << 20
"""Of each pinned buffer; a thread has two, so that one is filled while the other is sent."""


@dataclass(frozen=True)
class _Piece:
    """A run of bytes of one tensor. source, target: (n,) bytes, on the host and on the device."""

    source: torch.Tensor
    target: torch.Tensor


def to_device(module: torch.nn.Module, device: torch.device) -> torch.nn.Module:
    """The module itself, with every parameter and buffer on the device."""
    if device.type != "cuda":
        return module.to(device)
    moved: dict[int, torch.Tensor] = {}
    pieces: list[_Piece] = []
    for tensor in [*module.parameters(), *module.buffers()]:
        if tensor.device == device or id(tensor) in moved:
            continue
        source = tensor.detach().contiguous()
        target = torch.empty_like(source, device=device)
        moved[id(tensor)] = target
        pieces += pieces_of(source, target)
    _send(pieces, device)
    for tensor in [*module.parameters(), *module.buffers()]:
        if id(tensor) in moved:
            tensor.data = moved[id(tensor)]
    return module


def pieces_of(source: torch.Tensor, target: torch.Tensor, size: int = _BUFFER_BYTES) -> list[_Piece]:
    """Two contiguous tensors of one form, cut into runs of at most `size` bytes."""
    if source.numel() == 0:
        return []
    one, other = source.reshape(-1).view(torch.uint8), target.reshape(-1).view(torch.uint8)
    return [_Piece(one[at : at + size], other[at : at + size]) for at in range(0, one.numel(), size)]


def _send(pieces: list[_Piece], device: torch.device) -> None:
    """Copies all pieces. Raises the first error of a thread, once all threads have ended."""
    waiting: queue.SimpleQueue[_Piece] = queue.SimpleQueue()
    for piece in pieces:
        waiting.put(piece)
    # Earlier work on the current stream may still use the memory of the targets.
    ready = torch.cuda.current_stream(device)
    with ThreadPoolExecutor(_THREADS, "device-copy") as threads:
        futures = [threads.submit(_work, waiting, device, ready) for _ in range(min(_THREADS, len(pieces)))]
    for future in futures:
        future.result()


def _work(waiting: queue.SimpleQueue[_Piece], device: torch.device, ready: torch.cuda.Stream) -> None:
    stream = torch.cuda.Stream(device)  # type: ignore[no-untyped-call]
    stream.wait_stream(ready)
    buffers = [torch.empty(_BUFFER_BYTES, dtype=torch.uint8, pin_memory=True) for _ in range(2)]
    sent = [torch.cuda.Event() for _ in buffers]  # type: ignore[no-untyped-call]
    turn = 0
    with torch.cuda.stream(stream):
        while True:
            try:
                piece = waiting.get_nowait()
            except queue.Empty:
                break
            sent[turn].synchronize()
            staged = buffers[turn][: piece.source.numel()]
            staged.copy_(piece.source)
            piece.target.copy_(staged, non_blocking=True)
            sent[turn].record(stream)
            turn = 1 - turn
        stream.synchronize()
