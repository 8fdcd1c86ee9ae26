"""The autopsy counts of the catalogue, and the statistical model that soil is fitted with.

Counts of patients y ~ Binomial(n, d P) with P = 1 - (1 + lambda / k)^(-k), where

    log lambda = alpha[cancer] + log(arrests in the organ per cell) + beta[organ] + u,    u ~ Normal(0, tau^2),

the betas sum to zero, and d is the probability that a metastasis would have been found.  alpha,
beta and tau maximise the likelihood with the u integrated out; then each u maximises its own
likelihood, penalised by u^2 / (2 tau^2).
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from scipy.optimize import minimize, minimize_scalar

import cascade
from cascade import body

# Standard deviations of the deviates over which u is integrated, and their weights.
NODES = np.linspace(-5.0, 5.0, 121)
WEIGHTS = np.exp(-(NODES**2) / 2) / np.exp(-(NODES**2) / 2).sum()


PORTAL = ["colon", "stomach", "pancreas"]
SYSTEMIC = ["breast", "prostate", "kidney", "cervix", "bladder", "uterus", "ovary", "melanoma"]
"""Cancers of the portal-systemic contrast."""


@dataclass(frozen=True)
class Table:
    """Scored counts: one row per cancer and organ.

    ``held``, ``passing``: arrests in the organ per cell that sets out, were all cells of the class.
    """

    cancers: list[str]
    organs: list[str]
    cancer: np.ndarray
    organ: np.ndarray
    y: np.ndarray
    n: np.ndarray
    detection: np.ndarray
    held: np.ndarray
    passing: np.ndarray

    def arrests(self, share_held: float) -> np.ndarray:
        """Arrests per cell with both classes in their shares."""
        return share_held * self.held + (1.0 - share_held) * self.passing

    def where(self, keep: np.ndarray) -> Table:
        """Some of the rows."""
        names = ("cancer", "organ", "y", "n", "detection", "held", "passing")
        return replace(self, **{name: getattr(self, name)[keep] for name in names})


def entries(cancer: body.Cancer) -> dict[str, float]:
    """Cells that enter the blood by each vessel, per cell that sets out on any route."""
    model = cancer.model(classes=[body.CellClass(name="all", arrest=0.5)], fit=body.Fit(share_held=0.0))
    return body.came_in(cascade.exact(model).events(), body.circulation(cancer.sex))


def table(*, homing: dict[str, float] | None = None, ways: dict[str, dict[str, float]] | None = None) -> Table:
    """The scored counts of the catalogue, with the arrests that the body's closed form gives."""
    names = [name for name in body.cancer_names() if body.cancer(name).autopsies]
    held, passing = body.cell_classes(0.5)
    rows = []
    for i, name in enumerate(names):
        cancer = body.cancer(name)
        circulation = body.circulation(cancer.sex)
        into = (ways or {}).get(name) or entries(cancer)
        chances = [circulation.arrests(into, cells, homing) for cells in (held, passing)]
        sites = [site for site in cancer.model(fit=body.Fit(share_held=0.5)).sites if site.scored]
        rows += [(i, s.name, s.found, s.of, s.detection, *(chance[s.name] for chance in chances)) for s in sites]
    organs = sorted({row[1] for row in rows})
    columns = list(zip(*[(row[0], organs.index(row[1]), *row[2:]) for row in rows], strict=True))
    arrays = [np.array(column, dtype=int if j < 4 else float) for j, column in enumerate(columns)]
    return Table(names, organs, *arrays)


def share_of_patients(log_mean: np.ndarray, k: float) -> tuple[np.ndarray, np.ndarray]:
    """P, and its derivative by the log of the mean number of colonies."""
    mean = np.exp(np.minimum(log_mean, 300.0))
    if np.isinf(k):
        return -np.expm1(-mean), mean * np.exp(-mean)
    log_missed = -k * np.log1p(mean / k)
    return -np.expm1(log_missed), mean * np.exp(log_missed) / (1.0 + mean / k)


def log_likelihood(y: np.ndarray, n: np.ndarray, d: np.ndarray, log_mean: np.ndarray, k: float) -> tuple:
    """Binomial log likelihood without its constant, and its derivative by the log mean."""
    p, slope = share_of_patients(log_mean, k)
    p, slope = np.clip(d * p, 1e-300, 1.0 - 1e-15), d * slope
    return y * np.log(p) + (n - y) * np.log1p(-p), (y / p - (n - y) / (1.0 - p)) * slope


@dataclass(frozen=True)
class SoilFit:
    """Estimates; ``u`` has a value for each row of the table."""

    alpha: np.ndarray
    beta: np.ndarray
    tau: float
    u: np.ndarray
    log_likelihood: float
    k: float
    eta: np.ndarray  # without u
    hessian: np.ndarray | None = None

    def beta_errors(self) -> np.ndarray:
        """Standard errors of the betas, from the curvature of the marginal likelihood."""
        assert self.hessian is not None
        covariance = np.linalg.inv(self.hessian)
        first = len(self.alpha)
        free = covariance[first : first + len(self.beta) - 1, first : first + len(self.beta) - 1]
        return np.sqrt(np.append(np.diag(free), free.sum()))

    def errors_by_row(self, data: Table, widening: float = 1.0) -> tuple[np.ndarray, np.ndarray]:
        """Standard errors of the log means of each row, deviations included; by cancer the part common to its rows.

        With deviations known to I of information each, beside a variance of tau^2 between them, an error of the mean
        of all is taken up by the deviation to a part w = I / (I + 1 / tau^2).  ``widening`` multiplies tau.
        """
        precision = (widening * self.tau) ** -2
        assert self.hessian is not None
        cancers, organs = len(self.alpha), len(self.beta)
        last = cancers + organs - 1
        full = np.zeros((cancers + organs, len(self.hessian)))
        full[:last, :last] = np.eye(last)
        full[last, cancers:last] = -1.0
        covariance = full @ np.linalg.inv(self.hessian) @ full.T
        share, slope = share_of_patients(self.eta + self.u, self.k)
        p = data.detection * share
        information = data.n * (data.detection * slope) ** 2 / (p * (1.0 - p))
        left = 1.0 - information / (information + precision)
        rows = np.zeros((len(data.y), cancers + organs))
        rows[np.arange(len(rows)), data.cancer] = 1.0
        rows[np.arange(len(rows)), cancers + data.organ] = 1.0
        between = left[:, None] * (rows @ covariance @ rows.T) * left
        variance = np.diag(between) + 1.0 / (information + precision)
        shared = []
        for c in range(cancers):
            own = between[np.ix_(data.cancer == c, data.cancer == c)]
            apart = own[~np.eye(len(own), dtype=bool)]
            shared.append(max(0.0, float(apart.mean())) if len(apart) else 0.0)
        return np.sqrt(variance), np.sqrt(shared)


def fit(
    data: Table,
    offset: np.ndarray,
    k: float,
    *,
    tau: float | None = None,
    errors: bool = False,
) -> SoilFit:
    """Maximum of the marginal likelihood, then the penalised deviations.

    Parameters
    ----------
    data : Table
    offset : array
        Log arrests of each row.
    k : float
        Heterogeneity between patients; infinity: all alike.
    tau : float, optional
        Fixed, instead of estimated; 0 leaves the deviations out.
    errors : bool
        Whether to compute the curvature at the maximum.
    """
    cancers, organs = len(data.cancers), len(data.organs)
    size = cancers + organs - 1

    def parts(x: np.ndarray) -> tuple[np.ndarray, np.ndarray, float]:
        beta = np.append(x[cancers:size], -x[cancers:size].sum())
        return x[:cancers], beta, float(np.exp(x[size])) if tau is None else tau

    def loss(x: np.ndarray) -> tuple[float, np.ndarray]:
        alpha, beta, spread = parts(x)
        eta = alpha[data.cancer] + offset + beta[data.organ]
        nodes, weights = (NODES, WEIGHTS) if spread > 0 else (np.zeros(1), np.ones(1))
        columns = (v[:, None] for v in (data.y, data.n, data.detection))
        value, slope = log_likelihood(*columns, eta[:, None] + spread * nodes, k)
        top = value.max(axis=1, keepdims=True)
        mass = np.exp(value - top) * weights
        total = mass.sum(axis=1)
        posterior = mass / total[:, None]
        by_eta = (posterior * slope).sum(axis=1)
        gradient = np.zeros_like(x)
        gradient[:cancers] = np.bincount(data.cancer, by_eta, cancers)
        by_beta = np.bincount(data.organ, by_eta, organs)
        gradient[cancers:size] = by_beta[:-1] - by_beta[-1]
        if tau is None:
            gradient[size] = (posterior * slope * nodes).sum() * spread
        # A weak prior (standard deviation 100) holds those of cancers or organs that a fold leaves empty.
        free = x[:size]
        return -float((top[:, 0] + np.log(total)).sum() - (free**2).sum() / 2e4), -(
            gradient - np.append(free / 1e4, np.zeros(len(x) - size))
        )

    x0 = np.zeros(size + (tau is None))
    x0[:cancers] = -offset.mean() - 2.0
    found = minimize(loss, x0, jac=True, method="L-BFGS-B", options={"maxiter": 5000, "ftol": 1e-14, "gtol": 1e-7})
    if np.abs(found.jac).max() > 1e-2:
        raise RuntimeError(f"the fit did not converge: {found.message}")
    alpha, beta, spread = parts(found.x)
    eta = alpha[data.cancer] + offset + beta[data.organ]
    hessian = None
    if errors:
        step = 1e-4
        shifts = np.eye(len(found.x)) * step
        hessian = np.array([(loss(found.x + s)[1] - loss(found.x - s)[1]) / (2 * step) for s in shifts])
        hessian = (hessian + hessian.T) / 2
    return SoilFit(alpha, beta, spread, deviations(data, eta, spread, k), -float(found.fun), k, eta, hessian)


def deviations(data: Table, eta: np.ndarray, tau: float, k: float) -> np.ndarray:
    """Each u at the maximum of its likelihood, penalised by u^2 / (2 tau^2): bisection of the derivative."""
    low, high = np.full(len(eta), -8.0 * max(tau, 1e-9)), np.full(len(eta), 8.0 * max(tau, 1e-9))
    for _ in range(80):
        middle = (low + high) / 2.0
        slope = log_likelihood(data.y, data.n, data.detection, eta + middle, k)[1] - middle / max(tau, 1e-9) ** 2
        low, high = np.where(slope > 0, middle, low), np.where(slope > 0, high, middle)
    return (low + high) / 2.0


def pearson(data: Table, found: SoilFit) -> float:
    """Overdispersion: chi squared over degrees of freedom, of a fit without deviations."""
    p = data.detection * share_of_patients(found.eta, found.k)[0]
    squares = (data.y - data.n * p) ** 2 / (data.n * p * (1.0 - p))
    return float(squares.sum() / (len(p) - len(data.cancers) - len(data.organs) + 1))


def expected(data: Table, found: SoilFit) -> np.ndarray:
    """Expected counts of patients, averaged over the deviations."""
    share = share_of_patients(found.eta[:, None] + found.tau * NODES, found.k)[0] @ WEIGHTS
    return data.n * data.detection * share


def marginal(data: Table, eta: np.ndarray, tau: float, k: float) -> np.ndarray:
    """Log likelihood of each count with its deviation integrated out, without its constant."""
    columns = (v[:, None] for v in (data.y, data.n, data.detection))
    value = log_likelihood(*columns, eta[:, None] + tau * NODES, k)[0]
    top = value.max(axis=1, keepdims=True)
    return top[:, 0] + np.log(np.exp(value - top) @ WEIGHTS)


def best_share(data: Table, k: float) -> tuple[float, float]:
    """Share held of highest likelihood, and the log likelihood there."""

    def loss(share: float) -> float:
        return -fit(data, np.log(data.arrests(share)), k).log_likelihood

    best = minimize_scalar(loss, bounds=(0.0, 0.6), method="bounded", options={"xatol": 1e-3})
    return float(best.x), -float(best.fun)


def draw_counts(data: Table, found: SoilFit, random: np.random.Generator) -> np.ndarray:
    """Counts of another set of patients and deviations, drawn from a fit."""
    eta = found.eta + found.tau * random.standard_normal(len(found.eta))
    return random.binomial(data.n, data.detection * share_of_patients(eta, found.k)[0])


def liver_over_lung(data: Table, counts: np.ndarray, names: list[str]) -> float:
    """Patients with liver metastases per patient with lung metastases, over some cancers."""
    chosen = np.isin(data.cancer, [data.cancers.index(name) for name in names])
    liver, lung = (counts[chosen & (data.organ == data.organs.index(organ))].sum() for organ in ("liver", "lung"))
    return float(liver / lung)


def contrast(data: Table, counts: np.ndarray) -> float:
    """(liver / lung over portal cancers) / (the same over systemic ones), of counts of patients."""
    return liver_over_lung(data, counts, PORTAL) / liver_over_lung(data, counts, SYSTEMIC)
