"""X-EcoMLA as six tasks of spark-submit, on YARN or a standalone cluster.

On the machine of Airflow's workers, where spark-submit is on the path, make once and after every change of the configuration:

    submit/xecomla properties --conf run.conf > /etc/xecomla/run.properties

and set XECOMLA_JAR (target/xecomla-spark-0.1.0.jar), XECOMLA_PROPERTIES and XECOMLA_RUNS in the environment that parses DAGs. A
stage that belongs on another cluster takes XECOMLA_PROPERTIES_TEACHER and so on. The connection spark_default names the master
and the deploy mode. Client mode hands a stop on to the driver, which then writes a checkpoint; in YARN's cluster mode providers
that track applications want `yarn_track_via_rm_api` set too.
"""

import os
from datetime import datetime, timedelta

try:
    from airflow.sdk import DAG
except ImportError:  # Airflow 2
    from airflow import DAG
from airflow.providers.apache.spark.operators.spark_submit import SparkSubmitOperator

try:
    from airflow.providers.standard.sensors.python import PythonSensor
except ImportError:  # Airflow 2
    from airflow.sensors.python import PythonSensor

from xecomla_stages import RETRIES, RUN_DIR, STAGES, is_complete, stage_arguments

JAR = os.environ.get("XECOMLA_JAR", "/opt/xecomla/xecomla-spark.jar")
PROPERTIES = os.environ.get("XECOMLA_PROPERTIES", "/etc/xecomla/run.properties")

with DAG(
    dag_id="xecomla_spark_submit",
    description="Attention of a Llama upcycled to MLA and distilled",
    start_date=datetime(2026, 1, 1),
    schedule=None,
    catchup=False,
    default_args={"retry_delay": timedelta(minutes=5), **RETRIES},
) as dag:
    previous = None
    for stage, directories in STAGES.items():
        work = SparkSubmitOperator(
            task_id=stage,
            name="xecomla-" + stage,
            conn_id="spark_default",
            application=JAR,
            java_class="org.xecomla.cli.Main",
            properties_file=os.environ.get("XECOMLA_PROPERTIES_" + stage.upper(), PROPERTIES),
            application_args=stage_arguments(stage),
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
