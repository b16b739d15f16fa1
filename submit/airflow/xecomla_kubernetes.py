"""X-EcoMLA as six Spark applications of the Spark operator on Kubernetes.

submit/kubernetes/sparkapplication.yaml is the manifest of each, but for its arguments; put it where XECOMLA_MANIFEST points
to, and the configuration into the config map that it names. XECOMLA_RUNS must be storage that pods and Airflow both reach.
"""

import os
from datetime import datetime, timedelta
from pathlib import Path

try:
    from airflow.sdk import DAG
except ImportError:  # Airflow 2
    from airflow import DAG
from airflow.providers.cncf.kubernetes.operators.spark_kubernetes import SparkKubernetesOperator

try:
    from airflow.providers.standard.sensors.python import PythonSensor
except ImportError:  # Airflow 2
    from airflow.sensors.python import PythonSensor

from xecomla_stages import RETRIES, RUN_DIR, STAGES, is_complete, stage_arguments

HERE = Path(__file__).resolve().parent
MANIFEST = Path(os.environ.get("XECOMLA_MANIFEST", HERE.parent / "kubernetes" / "sparkapplication.yaml"))
NAMESPACE = os.environ.get("XECOMLA_NAMESPACE", "default")
CONFIGURATION = "/opt/xecomla/run/run.conf"
WHOLE_RUN = f"    - run\n    - --conf\n    - {CONFIGURATION}\n"


def manifest_of(stage):
    """The manifest with the arguments of one stage; Airflow fills in the run's directory."""
    manifest = MANIFEST.read_text()
    if manifest.count(WHOLE_RUN) != 1:
        raise ValueError(f"{MANIFEST} does not have the arguments that run everything:\n{WHOLE_RUN}")
    arguments = stage_arguments(stage, "--conf", CONFIGURATION)
    return manifest.replace(WHOLE_RUN, "".join(f'    - "{argument}"\n' for argument in arguments))


with DAG(
    dag_id="xecomla_kubernetes",
    description="Attention of a Llama upcycled to MLA and distilled, by the Spark operator",
    start_date=datetime(2026, 1, 1),
    schedule=None,
    catchup=False,
    default_args={"retry_delay": timedelta(minutes=5), **RETRIES},
) as dag:
    previous = None
    for stage, directories in STAGES.items():
        work = SparkKubernetesOperator(
            task_id=stage,
            name="xecomla-" + stage,
            namespace=NAMESPACE,
            application_file=manifest_of(stage),
            kubernetes_conn_id="kubernetes_default",
            get_logs=True,
            startup_timeout_seconds=1800,
        )
        done = PythonSensor(
            task_id=stage + "_success",
            python_callable=is_complete,
            op_args=[RUN_DIR, directories],
            poke_interval=30,
            timeout=600,
            mode="reschedule",
        )
        if previous is not None:
            previous >> work
        work >> done
        previous = done
