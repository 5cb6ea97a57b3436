#!/usr/bin/env bash
# Does the drills that are due, packs the evidence, and publishes the site. For a scheduler: it asks nobody.
#
#   SITE_DIR      a folder to write the site into. Default: site
#   SITE_BUCKET   a bucket to publish it in as well
#
# It ends with the exit code of the first thing that was not as it should be, and does the rest all the same.
set -uo pipefail
first=0

note() {
  local code=$1 what=$2
  if [ "$code" -ne 0 ]; then
    echo "$what: exit $code"
    if [ "$first" -eq 0 ]; then first=$code; fi
  fi
}

# 8 says that a drill is overdue. That is told below, when what is due has been done.
due=$(runbook drill due --json)
code=$?
if [ "$code" -ne 0 ] && [ "$code" -ne 8 ]; then note "$code" "what is due"; fi
names=$(python3 -c 'import json, sys
print("\n".join(row["drill"] for row in json.load(sys.stdin) if row["standing"] in ("due", "overdue")))' <<< "$due")
note $? "the list of what is due"
for drill in $names; do
  runbook drill run "$drill" --reason 'due, by schedule' < /dev/null
  note $? "drill $drill"
done

runbook drill due | tee due.txt
note "${PIPESTATUS[0]}" "due"
said=$(runbook evidence pack --out evidence.tar 2>&1)
code=$?
echo "$said"
if [ "$code" -eq 0 ]; then
  runbook evidence verify evidence.tar
  note $? "evidence"
elif [[ "$said" != *"there is no drill to pack"* ]]; then
  note "$code" "evidence"
fi
site=${SITE_DIR:-site}
runbook docs build --out "$site"
note $? "site"
if [ -n "${SITE_BUCKET:-}" ]; then
  aws s3 sync --only-show-errors --delete "$site" "s3://$SITE_BUCKET/"
  note $? "publishing the site"
fi
exit "$first"
