"""The tables of a cohort under a care, read by R: its package survival finds the same shares."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pandas as pd
import pytest

import cascade
from helpers.diseases import TEXTBOOK

pytestmark = pytest.mark.full

RSCRIPT = shutil.which("Rscript")

SCRIPT = r"""
suppressPackageStartupMessages(library(survival))
p <- read.csv("patients.csv")
p <- p[!is.na(p$diagnosed), ]
# Patients are followed for whole months.
last <- floor(12 * (p$end - p$diagnosed) + 1e-6)
month <- pmax(ceiling(12 * (ifelse(is.na(p$death), p$end, p$death) - p$diagnosed) - 1e-6), 0)
dead <- !is.na(p$death) & month <= last
month <- ifelse(dead, month, last)
years <- c(1, 5, 10)
alive <- summary(survfit(Surv(month, dead) ~ 1), times = 12 * years)$surv
ends <- factor(ifelse(dead, p$cause, "alive"), levels = c("alive", "tumour", "other causes"))
died <- summary(survfit(Surv(month, ends) ~ 1), times = 12 * years)$pstate[, 2]
long <- read.csv("survival.csv")
of <- function(name) { rows <- long[long$end == name & long$by == "all", ]; rows$share[match(years, rows$years)] }
found <- data.frame(years, alive, died, alive_here = of("overall survival"),
                    died_here = of("cumulative incidence of death of the tumour"))
write.csv(found, "found.csv", row.names = FALSE)
"""


def has_survival() -> bool:
    """Whether R is here, with its recommended package survival."""
    if RSCRIPT is None:
        return False
    return subprocess.run([RSCRIPT, "-e", "library(survival)"], capture_output=True, check=False).returncode == 0


@pytest.mark.skipif(not has_survival(), reason="R, or its package survival, is not on this machine")
def test_r_finds_the_shares_of_the_tables(tmp_path: Path) -> None:
    from cascade.cli.cares import save_care

    save_care(cascade.cohort(TEXTBOOK.with_(efficiency=2e-4), patients=2_000, seed=1, care="surgery"), tmp_path)
    (tmp_path / "found.R").write_text(SCRIPT)
    subprocess.run([str(RSCRIPT), "found.R"], cwd=tmp_path, check=True, capture_output=True)
    found = pd.read_csv(tmp_path / "found.csv")
    assert found.alive.to_numpy() == pytest.approx(found.alive_here.to_numpy(), abs=1e-12)
    assert found.died.to_numpy() == pytest.approx(found.died_here.to_numpy(), abs=1e-12)
    assert 0.0 < found.died.iloc[-1] < 1.0 - found.alive.iloc[-1]
