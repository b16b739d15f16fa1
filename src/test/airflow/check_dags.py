"""Parses both DAGs, with Airflow and its providers where they are installed, else with the stub beside this file, and
checks their tasks. Prints what it checked against."""

import importlib
import os
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[2]
STAGES = ["shard", "teacher", "init", "distill", "eval", "export"]
WITH_PREFERENCES = ["shard", "teacher", "init", "distill", "dpo", "eval", "export"]

try:
    import airflow.providers.apache.spark.operators.spark_submit
    import airflow.providers.cncf.kubernetes.operators.spark_kubernetes

    against = "airflow " + airflow.__version__
except ImportError:
    for name in [name for name in sys.modules if name.split(".")[0] == "airflow"]:
        del sys.modules[name]
    sys.path.insert(0, str(HERE / "stub"))
    against = "stub"

sys.path.insert(0, str(ROOT / "submit" / "airflow"))
runs = tempfile.mkdtemp()
os.environ["XECOMLA_RUNS"] = runs
os.environ["XECOMLA_PROPERTIES_TEACHER"] = "/etc/xecomla/gpu.properties"


def check(condition, message):
    if not condition:
        sys.exit(message)


def tasks_of(module, stages):
    dag = importlib.import_module(module).dag
    tasks = {task.task_id: task for task in dag.tasks}
    expected = [name for stage in stages for name in (stage, stage + "_success")]
    check(list(tasks) == expected, f"{module}: {list(tasks)}")
    for before, after in zip(expected, expected[1:]):
        followers = getattr(tasks[before], "downstream_list", None) or tasks[before].downstream
        check([task.task_id for task in followers] == [after], f"{module}: {after} does not follow {before} alone")
    for task in tasks.values():
        settings = getattr(task, "settings", None) or vars(task)
        check(settings["retries"] >= 1, f"{module}: {task.task_id} is not tried again")
    return tasks


def check_dags(stages):
    submitted = tasks_of("xecomla_spark_submit", stages)
    operated = tasks_of("xecomla_kubernetes", stages)
    for stage in stages:
        arguments = submitted[stage].application_args
        check(arguments[:2] == ["stage", stage], f"{stage}: {arguments}")
        run_dir = [argument for argument in arguments if argument.startswith("run.dir=")]
        in_run = len(run_dir) == 1 and "run_id" in run_dir[0]
        check(in_run, f"{stage} does not write to its run's directory: {arguments}")
        check("try_number" not in str(arguments), f"{stage}: attempts must share a directory")
        wanted = "/etc/xecomla/gpu.properties" if stage == "teacher" else "/etc/xecomla/run.properties"
        check(submitted[stage].properties_file == wanted, submitted[stage].properties_file)
        manifest = operated[stage].application_file
        check(f'    - "stage"\n    - "{stage}"\n' in manifest and run_dir[0] in manifest, manifest)
        check("- run\n" not in manifest, "the whole run is still asked for")


check_dags(STAGES)
for module in ("xecomla_stages", "xecomla_spark_submit", "xecomla_kubernetes"):
    del sys.modules[module]
os.environ["XECOMLA_PREFERENCES"] = "1"
check_dags(WITH_PREFERENCES)

from xecomla_stages import STAGES as DIRECTORIES, is_complete

for stage, directories in DIRECTORIES.items():
    check(not is_complete(runs, directories), f"{stage} is complete before it ran")
    for directory in directories:
        os.makedirs(os.path.join(runs, directory))
    check(not is_complete(runs, directories), f"{stage} is complete without _SUCCESS")
    for directory in directories:
        Path(runs, directory, "_SUCCESS").touch()
    check(is_complete(runs, directories), f"{stage} is not complete with all of {directories}")

print("checked against " + against)
