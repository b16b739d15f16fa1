from airflow.sdk import BaseOperator


class PythonSensor(BaseOperator):
    # Own arguments, and those of BaseSensorOperator.
    template_fields = ("templates_dict", "op_args", "op_kwargs")

    def __init__(
        self,
        *,
        python_callable,
        op_args=None,
        op_kwargs=None,
        templates_dict=None,
        poke_interval=60,
        timeout=604800,
        soft_fail=False,
        mode="poke",
        exponential_backoff=False,
        **kwargs,
    ):
        super().__init__(**kwargs)
        self.python_callable = python_callable
        self.op_args = op_args
        if mode not in ("poke", "reschedule"):
            raise ValueError(mode)
