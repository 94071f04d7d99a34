"""Companions of stars: separations and magnitude differences of real close pairs."""

from __future__ import annotations

import numpy as np

from app.arrays import Table
from app.observatory.survey.objects import offset_places

# Separations are even in their logarithm (Opik 1924), from what one profile still hides to wide pairs.
_CLOSEST_ARCSEC, _WIDEST_ARCSEC = 0.4, 12.0
# Mass ratios are even from 0.25 to 1 (Raghavan et al. 2010, ApJS 190, 1, figure 16), and near-infrared light goes as
# the power 2.4 of the mass on the lower main sequence: 6 log10(1 / q) magnitudes.
_MASS_RATIO = (0.25, 1.0)
_MAGNITUDES_A_DECADE = 6.0
# Dwarfs redden down the main sequence, J - H by 0.06 and H - Ks by 0.03 a magnitude.
_REDDER_JH, _REDDER_HK = 0.06, 0.03
_FAINTEST_J = 18.5


def add_companions(stars: Table, share: float, random: np.random.Generator) -> Table:
    """Return stars followed by the companions of a share of them.

    A companion has the number of its primary plus one, its proper motion, and constant light.

    Parameters
    ----------
    stars : structured array of OBJECT_DTYPE, (n,)
        Primaries, with even numbers.
    share : float
        Share of them that get a companion.
    random : numpy.random.Generator
        Source of the random numbers; as many are drawn whatever the share.
    """
    count = stars.size
    chosen = random.random(count) < share
    separation = np.exp(random.uniform(np.log(_CLOSEST_ARCSEC), np.log(_WIDEST_ARCSEC), count))
    angle = random.uniform(0.0, 2.0 * np.pi, count)
    fainter = _MAGNITUDES_A_DECADE * np.log10(1.0 / random.uniform(*_MASS_RATIO, count))
    scatter = 0.02 * random.standard_normal((2, count))
    companions = stars.copy()
    companions["object_id"] += 1
    companions["primary_id"], companions["separation_arcsec"] = stars["object_id"], separation
    companions["ra"], companions["decl"] = offset_places(
        stars["ra"], stars["decl"], separation * np.sin(angle), separation * np.cos(angle)
    )
    bluer_jh, bluer_hk = _REDDER_JH * fainter + scatter[0], _REDDER_HK * fainter + scatter[1]
    companions["j_m"] += fainter
    companions["h_m"] += fainter - bluer_jh
    companions["k_m"] += fainter - bluer_jh - bluer_hk
    companions["amplitude_mag"] = companions["period_days"] = companions["phase"] = 0.0
    return np.concatenate([stars, companions[chosen & (companions["j_m"] < _FAINTEST_J)]])
