from airflow.sdk import BaseOperator


class SparkSubmitOperator(BaseOperator):
    """The arguments that this project gives; Airflow's own has more."""

    def __init__(
        self, *, application, java_class, application_args, properties_file, conn_id, name, **of_every_operator
    ):
        super().__init__(**of_every_operator)
        self.application = application
        self.java_class = java_class
        self.application_args = application_args
        self.properties_file = properties_file
        self.conn_id = conn_id
        self.name = name
