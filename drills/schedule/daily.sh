#!/usr/bin/env bash
# Does the drills that are due, packs the evidence, and publishes the site. For a scheduler: it asks nobody.
set -uo pipefail
worst=0

note() {
  local code=$1 what=$2
  if [ "$code" -ne 0 ]; then
    echo "$what: exit $code"
    worst=$code
  fi
}

due=$(runbook drill due --json | python3 -c 'import json, sys
print("\n".join(row["drill"] for row in json.load(sys.stdin) if row["standing"] in ("due", "overdue")))')
for drill in $due; do
  runbook drill run "$drill" --reason 'due, by schedule' < /dev/null
  note $? "drill $drill"
done

runbook drill due > due.txt
note $? "due"
if runbook evidence pack --out evidence.tar; then
  runbook evidence verify evidence.tar
  note $? "evidence"
fi
if [ -n "${SITE_BUCKET:-}" ]; then
  runbook docs build --out site && aws s3 sync --delete site "s3://$SITE_BUCKET/"
  note $? "site"
fi
exit "$worst"
