#!/bin/sh
# Tries a development cluster of this checkout from up to down, with three nodes
# and two ways of dying in between. Needs what `bin/dev up` needs; refuses to
# touch a cluster that is up.
set -eu
cd "$(dirname "$0")/.."
dev=bin/dev

say() { echo "== $*"; }
fail() { echo "FAILED: $*" >&2; exit 1; }
number() { $dev status -o json | grep -o "\"supervisor\": [0-9]*" | grep -o '[0-9]*$'; }

(cd dev && go build -o ../$dev ./cmd/dev)
if $dev status >/dev/null 2>&1; then fail "the cluster of this checkout is up: run '$dev down' first"; fi
trap '$dev down' EXIT

say "three nodes in three zones"
$dev up --nodes 3
zones=$($dev kubectl get nodes -o 'jsonpath={.items[*].metadata.labels.topology\.kubernetes\.io/zone}')
[ "$zones" = "zone-a zone-b zone-c" ] || fail "zones: $zones"
$dev up --nodes 3

say "pods on every node, with names in the DNS"
$dev kubectl apply -f - <<'YAML'
apiVersion: v1
kind: Service
metadata: {name: check}
spec: {clusterIP: None, selector: {app: check}, ports: [{port: 80}]}
---
apiVersion: apps/v1
kind: StatefulSet
metadata: {name: check}
spec:
  serviceName: check
  replicas: 3
  selector: {matchLabels: {app: check}}
  template:
    metadata: {labels: {app: check}}
    spec:
      topologySpreadConstraints:
      - {maxSkew: 1, topologyKey: kubernetes.io/hostname, whenUnsatisfiable: DoNotSchedule, labelSelector: {matchLabels: {app: check}}}
      containers: [{name: pause, image: "castellan.local/pause:1"}]
YAML
$dev kubectl rollout status statefulset/check --timeout=60s
$dev shell -- getent hosts check-2.check.default.svc.cluster.local || fail "no name for check-2"

say "nothing leaves"
refused=$($dev shell -- timeout 3 bash -c 'exec 3<>/dev/tcp/192.0.2.1/80' 2>&1 || true)
case $refused in *unreachable*) ;; *) fail "an outside address is not refused: $refused" ;; esac

say "the exit code is the command's"
code=0; $dev shell -- sh -c 'exit 7' || code=$?
[ "$code" = 7 ] || fail "exit code $code"

say "a supervisor that was killed"
kill -9 "$(number)"
sleep 1
if $dev status >/dev/null 2>&1; then fail "up without a supervisor"; fi
$dev up
$dev kubectl rollout status statefulset/check --timeout=60s

say "a component that was killed"
kill -9 "$($dev status | awk '$1 == "node-2" && $2 == "kubelet" { print $5 }')"
sleep 1
if $dev status >/dev/null 2>&1; then fail "a dead kubelet was not told"; fi
$dev up
$dev status >/dev/null
$dev kubectl rollout status statefulset/check --timeout=60s

say "down leaves nothing"
supervisor=$(number)
folder=$(dirname "$($dev shell -- printenv KUBECONFIG)")
$dev down
trap - EXIT
if [ -e "/proc/$supervisor" ] && ! grep -q '^State:[[:space:]]*Z' "/proc/$supervisor/status"; then fail "the supervisor is alive"; fi
[ ! -e "$folder" ] || fail "$folder is left"
[ -z "$(find /sys/fs/cgroup -maxdepth 2 -type d -name "castellan-dev-$(basename "$folder")")" ] || fail "control groups are left"
! grep -q "$folder" /proc/self/mountinfo || fail "mounts are left"
say "all is well"
