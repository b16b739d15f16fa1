from airflow.sdk import BaseOperator


class PythonSensor(BaseOperator):
    """The arguments that this project gives; Airflow's own has more."""

    def __init__(self, *, python_callable, op_args, poke_interval, timeout, mode, **of_every_operator):
        super().__init__(**of_every_operator)
        if mode not in ("poke", "reschedule"):
            raise ValueError(f"mode {mode}")
        self.python_callable = python_callable
        self.op_args = op_args
        self.poke_interval = poke_interval
        self.timeout = timeout
        self.mode = mode
