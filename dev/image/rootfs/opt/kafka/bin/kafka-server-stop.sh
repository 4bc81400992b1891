#!/bin/sh
# Asks the broker or controller of this container to stop.
pids=$(pgrep -f ' kafka\.Kafka ')
if [ -z "$pids" ]; then
  echo "no Kafka server is running" >&2
  exit 1
fi
# shellcheck disable=SC2086
kill -TERM $pids
