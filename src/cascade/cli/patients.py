"""The command that tells shares of patients."""

from __future__ import annotations

from cascade.cli.app import app
from cascade.cli.options import NOTICE, AsJson, ModelName, Treat, loaded, print_json, say, treated


@app.command()
def patients(model: ModelName, treat: Treat = None, as_json: AsJson = False) -> None:
    """Shares of patients with a metastasis in each organ, beside the autopsies that were fitted."""
    from cascade.solution.answer import exact

    found = exact(treated(loaded("MODEL", model), treat)).patients()
    if as_json:
        print_json({"model": model, "rows": found.to_dicts()})
        return
    say(str(found))
    say(NOTICE)
