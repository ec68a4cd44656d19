#!/usr/bin/env bash
# Ends the processes that DIR/pids names, gently first, and removes DIR.
#
#   s3-stop.sh DIR [PID]   with PID: not before that process has ended
set -uo pipefail
dir=$1
if [ $# -gt 1 ]; then
  while kill -0 "$2" 2> /dev/null; do sleep 0.5; done
fi
[ -f "$dir/pids" ] || { rm -rf "$dir"; exit 0; }
mapfile -t pids < "$dir/pids"

alive() {
  local pid
  for pid in "${pids[@]}"; do kill -0 "$pid" 2> /dev/null && return 0; done
  return 1
}

kill -TERM "${pids[@]}" 2> /dev/null
for _ in {1..30}; do
  alive || break
  sleep 0.1
done
alive && kill -KILL "${pids[@]}" 2> /dev/null
rm -rf "$dir"
