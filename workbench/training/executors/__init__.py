"""Which executor an address names."""

from __future__ import annotations

from workbench.errors import Conflict
from workbench.training.work import Executor


def choose(address: str) -> Executor:
    """Return the executor of an address: ``local``, or ``dask://host:port``.

    Raises
    ------
    Conflict
        ``training.not_installed`` when Dask is not.
    """
    if address.startswith("dask://"):
        try:
            from workbench.training.executors.dask import DaskExecutor
        except ModuleNotFoundError as error:
            raise Conflict(
                "training.not_installed",
                f"Dask is not installed where training runs: {error}.",
                hint="The `dask` extra brings it, or `workbench training install --with distributed`.",
            ) from error
        return DaskExecutor(address)
    from workbench.training.executors.local import LocalExecutor

    return LocalExecutor()
