"""The normal distribution function of the signing kernels against SciPy's."""

import numpy as np
from scipy.special import ndtr, zeta

from makerscope.kernels.signing import normal_cdf
from makerscope.metrics.amm import ZETA_HALF


def test_the_normal_distribution_is_that_of_scipy_also_far_in_the_tail():
    x = np.concatenate([np.linspace(-37, 9, 2001), [0.0, -0.0, np.nan]])
    out = np.empty_like(x)
    normal_cdf(x, out)
    want = ndtr(x)
    assert np.isnan(out[-1])
    # rounding x by half an ulp moves the tail by x^2 times that, in each of the two
    assert np.all(np.abs(out - want)[:-1] <= want[:-1] * 2.3e-16 * (4 + 4 * x[:-1] ** 2))


def test_zeta_at_one_half_is_that_of_scipy():
    np.testing.assert_allclose(ZETA_HALF, zeta(0.5), rtol=1e-15)
