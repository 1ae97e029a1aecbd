#!/usr/bin/env bash
# Whole-process times of the built program: start, read, run, print. Usage: bench/whole-process.sh TRACE [RUNS]
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd -P)
trace=${1:?usage: bench/whole-process.sh mooncake_conversation.jsonl.gz [runs]}
runs=${2:-15}
"$root/foretoken" --version > /dev/null # builds if need be

measure() {
  local name=$1
  shift
  "$@" > /dev/null 2>&1 # once to fill the page cache
  for _ in $(seq "$runs"); do
    local start=$EPOCHREALTIME
    "$@" > /dev/null 2>&1
    local end=$EPOCHREALTIME
    echo $(((${end/./} - ${start/./}) / 100))
  done | sort -n | awk -v name="$name" '{ t[NR] = $1 / 10 } END { printf "%-64s min %6.1f  median %6.1f  max %6.1f ms\n", name, t[1], t[int((NR + 1) / 2)], t[NR] }'
}

reference=(--set fleet.replicas=8 --set engine.num_gpu_blocks=16384 --set engine.block_size=512 --set fleet.routing=round_robin --set step_time=polynomial)
measure "foretoken --help" "$root/foretoken" --help
measure "simulate, conversation trace, round robin, 512-token blocks" "$root/foretoken" simulate "$root/examples/chat-8xvllm.yaml" --trace "$trace" "${reference[@]}"
measure "simulate examples/chat-8xvllm.yaml" "$root/foretoken" simulate "$root/examples/chat-8xvllm.yaml"
measure "trace inspect, conversation trace" "$root/foretoken" trace inspect "$trace"
