#!/usr/bin/env bash
# Names the GPUs of this machine as Spark reads them: {"name": "gpu", "addresses": ["0", "1"]}. Give it to the workers
# of a standalone cluster as spark.worker.resource.gpu.discoveryScript; YARN and Kubernetes run it where an executor
# starts.
set -euo pipefail

fail() {
  echo "gpu-discovery: $1" >&2
  exit 1
}

# Where CUDA is shown some of the devices only, it counts those from 0, and so do we.
if [[ -n ${CUDA_VISIBLE_DEVICES+set} ]]; then
  IFS=, read -ra devices <<< "$CUDA_VISIBLE_DEVICES"
  indices=("${!devices[@]}")
  [[ ${#indices[@]} -gt 0 ]] || fail "CUDA_VISIBLE_DEVICES is set to nothing: this process is shown no GPU"
else
  command -v nvidia-smi > /dev/null || fail "no nvidia-smi on the path: this machine has no NVIDIA driver"
  listed=$(nvidia-smi --query-gpu=index --format=csv,noheader) || fail "nvidia-smi: $listed"
  mapfile -t indices <<< "$listed"
  [[ -n ${indices[0]} ]] || fail "nvidia-smi finds no GPU"
fi

addresses=$(printf ', "%s"' "${indices[@]//[[:space:]]/}")
printf '{"name": "gpu", "addresses": [%s]}\n' "${addresses:2}"
