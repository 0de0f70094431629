"""Fits the two rational functions of ``kernels.implied_vol.guess`` and prints them: ``python make_implied_guess.py``.

Both are fitted by iteratively reweighted linear least squares: the rational function is multiplied by its denominator
of the last turn, and points with large errors weigh more.
"""

import mpmath as mp
import numpy as np
from scipy.special import erfcx

H_MOST, C_MOST, FAR_MOST = 4.0, 1.0, 26.5  # h, s / sqrt(8), h / (sqrt(2) s)
POLE = 0.7  # of the variable 1 / (1 + POLE far), chosen by trial

mp.mp.dps = 40


def fitted(top, bottom, wanted, weight):
    """Coefficients of ``top @ p / (1 + bottom @ q)``, and its largest weighted error."""
    best, start = (np.inf, None), weight
    for _ in range(60):
        matrix = np.hstack([top, -wanted[:, None] * bottom]) * weight[:, None]
        scale = np.abs(matrix).max(axis=0)
        answer = np.linalg.lstsq(matrix / scale, wanted * weight, rcond=1e-15)[0] / scale
        p, q = np.split(answer, [top.shape[1]])
        below = 1 + bottom @ q
        error = np.abs(start * (top @ p / below - wanted))
        best = min(best, (error.max(), (p, q)), key=lambda found: found[0])
        weight = start / np.abs(below) * (1 + 8 * error / error.max())
    return best


def bachelier():
    """far^2 / r^2 over r = ln(1 + x / beta), degrees 3 and 4."""
    far = np.logspace(-4, np.log10(FAR_MOST), 1500)
    slope = [float(2 / mp.sqrt(mp.pi) - 2 * mp.mpf(x) * mp.exp(mp.mpf(x) ** 2) * mp.erfc(mp.mpf(x))) for x in far]
    r = np.logaddexp(0, far**2 - np.log(np.array(slope) / (4 * far)))
    wanted = (far / r) ** 2
    powers = np.vander(r, 5, increasing=True)
    return fitted(powers[:, :4], powers[:, 1:], wanted, 1 / wanted)


def lognormal(p, q):
    """(c / c_B - 1) / c_B^2 over c_B^2 and 1 / (1 + POLE far), degrees 3 and 2, far and c_B from the first fit."""
    c = C_MOST * (1 - np.cos(np.linspace(0.03, np.pi, 60))) / 2
    part = np.linspace(0, 1, 160) ** 2 * (1 - 1e-4) + 1e-4
    far = (np.minimum(H_MOST / (4 * c), FAR_MOST - 0.5)[:, None] * part).ravel()
    c = np.repeat(c, len(part))
    log_price = -(far**2 + c**2) + np.log((erfcx(far - c) - erfcx(far + c)) / 2)
    r = np.logaddexp(0, np.log(4 * far * c) - log_price)
    powers = np.vander(r, 5, increasing=True)
    guessed = r * np.sqrt(powers[:, :4] @ p / (1 + powers[:, 1:] @ q))
    c_guessed = far * c / guessed
    u, v = c_guessed**2, 1 / (1 + POLE * guessed)
    top = np.stack([v**i * u**j for i in range(4) for j in range(4 - i)], axis=1)
    bottom = np.stack([v**i * u**j for i in range(3) for j in range(3 - i) if i + j], axis=1)
    ratio = c / c_guessed
    return fitted(top, bottom, (ratio - 1) / u, u / ratio)


if __name__ == "__main__":
    error, (p, q) = bachelier()
    print("Bachelier, largest relative error of far^2", error, p.tolist(), q.tolist(), sep="\n")
    error, (top, bottom) = lognormal(p, q)
    print("lognormal, largest relative error of s", error, top.tolist(), bottom.tolist(), sep="\n")
