from airflow.sdk import BaseOperator


class SparkKubernetesOperator(BaseOperator):
    """The arguments that this project gives; Airflow's own has more."""

    def __init__(
        self,
        *,
        application_file,
        name,
        namespace,
        kubernetes_conn_id,
        get_logs,
        startup_timeout_seconds,
        **of_every_operator,
    ):
        super().__init__(**of_every_operator)
        self.application_file = application_file
        self.name = name
        self.namespace = namespace
        self.kubernetes_conn_id = kubernetes_conn_id
        self.get_logs = get_logs
        self.startup_timeout_seconds = startup_timeout_seconds
