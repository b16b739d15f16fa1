"""What both DAGs have in common: the stages in their order, where each run goes, and when a stage is complete.

XECOMLA_PREFERENCES=1 in the environment that parses DAGs adds the stage that trains on preferences, for configurations
with a section dpo.
"""

import os
from datetime import datetime, timedelta

try:
    from airflow.sdk import DAG
except ImportError:  # Airflow 2
    from airflow import DAG
try:
    from airflow.providers.standard.sensors.python import PythonSensor
except ImportError:  # Airflow 2
    from airflow.sensors.python import PythonSensor

PREFERENCES = {"dpo": ["dpo"]} if os.environ.get("XECOMLA_PREFERENCES", "0") == "1" else {}

# A stage and the directories whose _SUCCESS it writes last. One after the other: a run's directory has one driver at a
# time.
STAGES = {
    "shard": ["shards/train", "shards/valid"],
    "teacher": ["targets"],
    "init": ["student-init"],
    "distill": ["distill"],
    **PREFERENCES,
    "eval": ["eval"],
    "export": ["export"],
}

# Where runs go, as Spark and as Airflow reach it: a path, or a URI such as hdfs://host/runs or s3a://bucket/runs.
RUNS = os.environ.get("XECOMLA_RUNS", "/data/runs")

# One directory for each run of the DAG, the same for all attempts of its tasks. File systems of Hadoop know no colons.
RUN_DIR = RUNS + "/{{ run_id | replace(':', '-') | replace('+', '-') }}"

# A stage that is complete ends at once and one that is not goes on, so that any task may be tried again.
RETRIES = {"retries": 3, "retry_exponential_backoff": True, "retry_delay": timedelta(minutes=5)}

# Of either DAG: it is started by hand, or by another.
DAG_SETTINGS = {"start_date": datetime(2026, 1, 1), "schedule": None, "catchup": False, "default_args": RETRIES}


def stage_arguments(stage, *options):
    """Arguments of the application for one stage."""
    return ["stage", stage, *options, "-D", "run.dir=" + RUN_DIR]


def is_complete(run_dir, directories):
    """Whether every directory of a stage holds its _SUCCESS: a lost driver's pod has been taken for success before."""
    try:
        from airflow.sdk import ObjectStoragePath
    except ImportError:  # Airflow 2
        from airflow.io.path import ObjectStoragePath
    return all((ObjectStoragePath(run_dir) / directory / "_SUCCESS").exists() for directory in directories)


def dag_of(dag_id, description, task_of):
    """A DAG of every stage's task, as task_of(stage) makes it, and a sensor on its end, all in a row."""
    with DAG(dag_id=dag_id, description=description, **DAG_SETTINGS) as dag:
        add_tasks(task_of)
    return dag


def add_tasks(task_of):
    previous = None
    for stage, directories in STAGES.items():
        work = task_of(stage)
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
