"""Stands in for Airflow where it is not installed: the names and arguments that this project uses, nothing behind them.

An argument that is not here is refused: look it up in Airflow's reference before it is added.
"""

OF_EVERY_OPERATOR = {"retries", "retry_delay", "retry_exponential_backoff"}


class DAG:
    current = None

    def __init__(self, dag_id, *, description=None, start_date=None, schedule=None, catchup=False, default_args=None):
        self.dag_id = dag_id
        self.default_args = default_args or {}
        self.tasks = []

    def __enter__(self):
        DAG.current = self
        return self

    def __exit__(self, *ignored):
        DAG.current = None


class BaseOperator:
    def __init__(self, *, task_id, **kwargs):
        unknown = set(kwargs) - OF_EVERY_OPERATOR
        if unknown:
            raise TypeError(f"{type(self).__name__} takes no {sorted(unknown)}")
        self.task_id = task_id
        self.settings = {**DAG.current.default_args, **kwargs}
        self.downstream = []
        DAG.current.tasks.append(self)

    def __rshift__(self, other):
        self.downstream.append(other)
        return other


class ObjectStoragePath:
    """Local paths only."""

    def __init__(self, path):
        from pathlib import Path

        self.path = Path(path)

    def __truediv__(self, name):
        return ObjectStoragePath(self.path / name)

    def exists(self):
        return self.path.exists()
