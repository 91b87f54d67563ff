#!/bin/sh
# Prints the rules of ../prometheus/rules as PrometheusRule objects, one per file, for the Prometheus Operator:
#   ./prometheus-rules.sh | kubectl apply --filename -
set -eu
cd "$(dirname "$0")/../prometheus/rules"
for file in *.yml; do
  cat <<HEADER
---
apiVersion: monitoring.coreos.com/v1
kind: PrometheusRule
metadata:
  name: tta-${file%.yml}
  labels:
    app.kubernetes.io/part-of: tta-primitives
spec:
HEADER
  # The content of the file is the specification, indented by two more spaces.
  sed 's/^\(.\)/  \1/' "$file"
done
