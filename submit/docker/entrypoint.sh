#!/usr/bin/env bash
# What Spark's Kubernetes back end starts in a container: `driver ARGUMENTS OF SPARK-SUBMIT`, or `executor`, which is
# told everything by its environment. Any other command runs as it is.
set -euo pipefail

SPARK_HOME=${SPARK_HOME:-/opt/spark}
java=${JAVA_HOME:+$JAVA_HOME/bin/}java

# SPARK_JAVA_OPT_0, SPARK_JAVA_OPT_1, ... in the order of their numbers.
java_options() {
  local name
  options=()
  while IFS= read -r name; do
    options+=("${!name}")
  done < <(compgen -e SPARK_JAVA_OPT_ | sort -t_ -k4 -n)
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
    exec "$java" "${options[@]}" "-Xms$SPARK_EXECUTOR_MEMORY" "-Xmx$SPARK_EXECUTOR_MEMORY" \
      -cp "${SPARK_CLASSPATH:+$SPARK_CLASSPATH:}$SPARK_HOME/conf:$SPARK_HOME/jars/*" \
      org.apache.spark.scheduler.cluster.k8s.KubernetesExecutorBackend \
      --driver-url "$SPARK_DRIVER_URL" --executor-id "$SPARK_EXECUTOR_ID" --cores "$SPARK_EXECUTOR_CORES" \
      --app-id "$SPARK_APPLICATION_ID" --hostname "$SPARK_EXECUTOR_POD_IP" \
      --resourceProfileId "$SPARK_RESOURCE_PROFILE_ID" --podName "$SPARK_EXECUTOR_POD_NAME"
    ;;
  *)
    exec "$@"
    ;;
esac
