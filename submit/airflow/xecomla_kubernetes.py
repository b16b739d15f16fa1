"""X-EcoMLA as Spark applications, one a stage, of the Spark operator on Kubernetes.

submit/kubernetes/sparkapplication.yaml is the manifest of each, but for its arguments; put it where XECOMLA_MANIFEST
points to, and the configuration into the config map that it names. XECOMLA_RUNS must be storage that pods and Airflow
both reach.
"""

import os
from pathlib import Path

from airflow.providers.cncf.kubernetes.operators.spark_kubernetes import SparkKubernetesOperator

from xecomla_stages import dag_of, stage_arguments

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


def application(stage):
    return SparkKubernetesOperator(
        task_id=stage,
        name="xecomla-" + stage,
        namespace=NAMESPACE,
        application_file=manifest_of(stage),
        kubernetes_conn_id="kubernetes_default",
        get_logs=True,
        startup_timeout_seconds=1800,
    )


ABOUT = "Attention of a Llama upcycled to MLA and distilled, by the Spark operator"
dag = dag_of("xecomla_kubernetes", ABOUT, application)
