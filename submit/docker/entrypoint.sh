#!/usr/bin/env bash
# What Spark's Kubernetes back end starts in a container: `driver ARGUMENTS OF SPARK-SUBMIT`, or `executor`, which is
# told everything by its environment. Any other command runs as it is.
set -euo pipefail

SPARK_HOME=${SPARK_HOME:-/opt/spark}
java=${JAVA_HOME:+$JAVA_HOME/bin/}java

# Spark counts the executor's options from 0: SPARK_JAVA_OPT_0, SPARK_JAVA_OPT_1, ...
java_options() {
  local i name=SPARK_JAVA_OPT_0
  options=()
  for ((i = 1; ; i++)); do
    [[ -v $name ]] || return 0
    options+=("${!name}")
    name=SPARK_JAVA_OPT_$i
  done
}

case ${1:-} in
  driver)
    shift
    exec "$SPARK_HOME/bin/spark-submit" \
      --conf "spark.driver.bindAddress=$SPARK_DRIVER_BIND_ADDRESS" \
      --conf "spark.executorEnv.SPARK_DRIVER_POD_IP=$SPARK_DRIVER_BIND_ADDRESS" \
      --deploy-mode client "$@"
    ;;
  executor)
    java_options
    options+=("-Xms$SPARK_EXECUTOR_MEMORY" "-Xmx$SPARK_EXECUTOR_MEMORY")
    path=$SPARK_HOME/conf:$SPARK_HOME/jars/*
    who=(--app-id "$SPARK_APPLICATION_ID" --executor-id "$SPARK_EXECUTOR_ID")
    resources=(--resourceProfileId "$SPARK_RESOURCE_PROFILE_ID" --cores "$SPARK_EXECUTOR_CORES")
    where=(--podName "$SPARK_EXECUTOR_POD_NAME" --hostname "$SPARK_EXECUTOR_POD_IP" --driver-url "$SPARK_DRIVER_URL")
    exec "$java" "${options[@]}" -cp "${SPARK_CLASSPATH:+$SPARK_CLASSPATH:}$path" \
      org.apache.spark.scheduler.cluster.k8s.KubernetesExecutorBackend \
      "${who[@]}" "${where[@]}" "${resources[@]}"
    ;;
  *)
    exec "$@"
    ;;
esac
