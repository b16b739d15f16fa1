"""What both DAGs have in common: the stages in their order, where each run goes, and when a stage is complete."""

import os

# A stage and the directories whose _SUCCESS it writes last. One after the other: a run's directory has one driver at a time.
STAGES = {
    "shard": ["shards/train", "shards/valid"],
    "teacher": ["targets"],
    "init": ["student-init"],
    "distill": ["distill"],
    "eval": ["eval"],
    "export": ["export"],
}

# Where runs go, as Spark and as Airflow reach it: a path, or a URI such as hdfs://host/runs or s3://bucket/runs.
RUNS = os.environ.get("XECOMLA_RUNS", "/data/runs")

# One directory for each run of the DAG, the same for all attempts of its tasks. File systems of Hadoop know no colons.
RUN_DIR = RUNS + "/{{ run_id | replace(':', '-') | replace('+', '-') }}"

# A stage that is complete ends at once and one that is not goes on, so that any task may be tried again.
RETRIES = {"retries": 3, "retry_exponential_backoff": True}


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
