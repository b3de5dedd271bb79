"""How fast models are: seconds of a call = overhead + prompt tokens/prefill + completion tokens/decode.

Non-negative least squares of relative errors (scipy's NNLS), on measured seconds where calls were measured live,
else on those that were charged. A rate that the calls do not tell (its term comes out as 0) stays the pool's.
"""

from __future__ import annotations

from dataclasses import replace
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from scipy.optimize import nnls

from bench.fitting.observed import Sightings
from bench.pools import Model, Pool

__all__ = ["Service", "fit_service"]

F64 = npt.NDArray[np.float64]

_LEAST = 20


class Service(NamedTuple):
    """What was fitted.

    pool: with the fitted rates. overhead: seconds of every call. jitter: sd of the log of its time; both None
    where no call was timed. source: measured, charged, or none. told: the models whose decoding rate was fitted.
    """

    pool: Pool
    overhead: float | None
    jitter: float | None
    source: str
    told: tuple[str, ...]


def fit_service(calls: list[Sightings], pool: Pool, busy: float, measured: bool) -> Service:
    """Fit to all calls. busy: how much slower a model decodes in the slots that the simulated world assumes."""
    models, overheads, residuals, told = [], [], [], []
    for model in pool.models:
        found = _one(calls, model, busy, measured)
        if found is None:
            models.append(model)
            continue
        fitted, overhead, residual = found
        models.append(fitted)
        overheads.append(overhead)
        residuals.append(residual)
        told.append(model.name)
    if not told:
        return Service(pool, None, None, "none", ())
    spread = float(np.concatenate(residuals).std())
    return Service(
        replace(pool, models=tuple(models)),
        float(np.median(overheads)),
        max(spread, 1e-4),
        "measured" if measured else "charged",
        tuple(told),
    )


def _one(calls: list[Sightings], model: Model, busy: float, measured: bool) -> tuple[Model, float, F64] | None:
    columns = []
    for part in calls:
        if model.name in part.models:
            own = part.model == part.models.index(model.name)
            seconds = part.wall if measured else part.seconds
            columns.append(np.stack([seconds, part.prompt, part.tokens])[:, own].astype(float))
    data = np.concatenate(columns, axis=1) if columns else np.zeros((3, 0))
    data = data[:, (data[0] > 0) & (data[2] > 0)]
    if data.shape[1] < _LEAST:
        return None
    seconds, prompt, tokens = data
    design = np.stack([np.ones_like(seconds), prompt, tokens], axis=1)
    (overhead, reading, writing), _ = nnls(design / seconds[:, None], np.ones_like(seconds))
    if writing <= 0:
        return None
    fitted = replace(
        model,
        decode=float(busy / writing),
        prefill=float(1 / reading) if reading > 0 else model.prefill,
    )
    return fitted, float(overhead), np.asarray(np.log(seconds / (design @ [overhead, reading, writing])))
