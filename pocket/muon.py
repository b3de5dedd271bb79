"""Muon in single precision. torch's own works in bfloat16, which is slow on a CPU without such instructions.

Source: Jordan et al. 2024, "Muon: an optimizer for hidden layers in neural networks" (the quintic iteration and
its coefficients); Liu et al. 2025, arXiv 2502.16982 (the rate that matches AdamW's root mean square).
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import torch

__all__ = ["Muon", "orthogonal"]

_A, _B, _C = 3.4445, -4.7750, 2.0315
_ITERATIONS = 5


class Muon(torch.optim.Optimizer):
    """Nesterov momentum whose step is made orthogonal; for matrices alone. Equal shapes are treated together."""

    def __init__(self, matrices: Iterable[torch.nn.Parameter], lr: float, momentum: float = 0.95) -> None:
        super().__init__(list(matrices), {"lr": lr, "momentum": momentum})

    @torch.no_grad()
    def step(self, closure: Any = None) -> None:  # type: ignore[override]
        """Move every matrix; `closure` is not used."""
        for group in self.param_groups:
            shapes: dict[torch.Size, list[torch.nn.Parameter]] = {}
            for matrix in group["params"]:
                shapes.setdefault(matrix.shape, []).append(matrix)
            for shape, same in shapes.items():
                steps = orthogonal(torch.stack([self._direction(p, group["momentum"]) for p in same]))
                for matrix, step in zip(same, steps, strict=True):
                    matrix.add_(step, alpha=-group["lr"] * 0.2 * max(shape) ** 0.5)

    def _direction(self, matrix: torch.nn.Parameter, momentum: float) -> torch.Tensor:
        gradient = matrix.grad
        assert gradient is not None
        held = self.state[matrix].setdefault("momentum", torch.zeros_like(matrix))
        held.lerp_(gradient, 1 - momentum)
        return gradient.lerp(held, momentum)


def orthogonal(matrices: torch.Tensor) -> torch.Tensor:
    """The nearest orthogonal matrices, roughly, of a stack (N, rows, columns)."""
    tall = matrices.shape[1] > matrices.shape[2]
    x = matrices.transpose(1, 2) if tall else matrices
    x = x / (x.norm(dim=(1, 2), keepdim=True) + 1e-7)
    for _ in range(_ITERATIONS):
        square = x @ x.transpose(1, 2)
        x = _A * x + (_B * square + _C * square @ square) @ x
    return x.transpose(1, 2) if tall else x
