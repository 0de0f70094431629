"""The ladder of inventories by dense linear algebra and by a differential equation: slow twins of the kernels."""

import numpy as np
from scipy.integrate import solve_ivp


def matrix(diagonal, eta):
    return np.diag(diagonal) - eta * (np.eye(len(diagonal), k=1) + np.eye(len(diagonal), k=-1))


def lowest(diagonal, eta):
    """Lowest eigenvalue and its eigenvector, the largest component 1."""
    values, vectors = np.linalg.eigh(matrix(diagonal, eta))
    vector = np.abs(vectors[:, 0])
    return values[0], vector / vector.max()


def log_values(diagonal, eta, terminal, horizon):
    """ln v at the start of a horizon, by the equation that ln v itself obeys."""

    def slope(_time, h):
        up, down = np.append(np.exp(np.diff(h)), 0.0), np.insert(np.exp(-np.diff(h)), 0, 0.0)
        return eta * (up + down) - diagonal

    return solve_ivp(slope, (0.0, horizon), terminal, method="DOP853", rtol=1e-10, atol=1e-10).y[:, -1]
