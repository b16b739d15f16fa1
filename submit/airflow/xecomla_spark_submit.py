"""X-EcoMLA as tasks of spark-submit, one a stage, on YARN or a standalone cluster.

On the machine of Airflow's workers, where spark-submit is on the path, make once and after every change of the
configuration:

    submit/xecomla properties --conf run.conf > /etc/xecomla/run.properties

and set XECOMLA_JAR (target/xecomla-spark.jar), XECOMLA_PROPERTIES and XECOMLA_RUNS in the environment that parses DAGs.
A stage that belongs on another cluster takes XECOMLA_PROPERTIES_TEACHER and so on. The connection spark_default names
the master and the deploy mode. Client mode hands a stop on to the driver, which then writes a checkpoint; in YARN's
cluster mode providers that track applications want `yarn_track_via_rm_api` set too.
"""

import os

from airflow.providers.apache.spark.operators.spark_submit import SparkSubmitOperator

from xecomla_stages import dag_of, stage_arguments

JAR = os.environ.get("XECOMLA_JAR", "/opt/xecomla/xecomla-spark.jar")
PROPERTIES = os.environ.get("XECOMLA_PROPERTIES", "/etc/xecomla/run.properties")


def submission(stage):
    return SparkSubmitOperator(
        task_id=stage,
        name="xecomla-" + stage,
        conn_id="spark_default",
        application=JAR,
        java_class="org.xecomla.cli.Main",
        properties_file=os.environ.get("XECOMLA_PROPERTIES_" + stage.upper(), PROPERTIES),
        application_args=stage_arguments(stage),
    )


dag = dag_of("xecomla_spark_submit", "Attention of a Llama upcycled to MLA and distilled", submission)
