"""Weights on their way to the device: no byte is lost, none is copied twice."""

from __future__ import annotations

import pytest
import torch

from concord_workers.models.device_copy import pieces_of, to_device


@pytest.mark.parametrize("shape", [(), (1,), (7,), (3, 5), (64, 33), (0, 4)])
@pytest.mark.parametrize("dtype", [torch.float16, torch.float32, torch.int64, torch.bool])
@pytest.mark.parametrize("size", [1, 8, 64, 1 << 20])
def test_pieces_make_the_whole(shape, dtype, size):
    source = torch.randn(shape).mul(100).to(dtype)
    target = torch.zeros_like(source)
    pieces = pieces_of(source, target, size)
    assert sum(piece.source.numel() for piece in pieces) == source.numel() * source.element_size()
    assert all(piece.source.numel() <= size for piece in pieces)
    for piece in pieces:
        piece.target.copy_(piece.source)
    assert torch.equal(source, target)


def a_module() -> torch.nn.Module:
    module = torch.nn.Sequential(torch.nn.Linear(300, 200), torch.nn.BatchNorm1d(200), torch.nn.Linear(200, 300))
    module[2].weight = module[0].weight  # tied, as encoders tie theirs
    return module


def test_on_the_processor_it_stays_where_it_is():
    module = a_module()
    assert to_device(module, torch.device("cpu")) is module


@pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device here")
def test_on_cuda_all_tensors_arrive_as_they_were():
    module, device = a_module(), torch.device("cuda:0")
    before = {name: tensor.clone() for name, tensor in module.state_dict().items()}
    to_device(module, device)
    for name, tensor in module.state_dict().items():
        assert tensor.device == device and torch.equal(tensor.cpu(), before[name]), name
    assert module[2].weight is module[0].weight
