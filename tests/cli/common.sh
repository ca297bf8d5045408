# SPDX-License-Identifier: Apache-2.0
# What the bash scripts here share. Sourced, not run.
set -uo pipefail
export PYTHONDONTWRITEBYTECODE=1
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
TRIAGE=${TRIAGE:-$root/build/release/triage}
fixtures=${TRIAGE_FIXTURES:-$root/fixtures/built}
shared=${TRIAGE_SHARED:-$root/../shared}
export TRIAGE

work=$(mktemp -d "${TMPDIR:-/tmp}/triage-test.XXXXXX")
trap 'chmod -R u+rwX "$work" 2>/dev/null; rm -rf "$work"' EXIT

faults=0
fault() { echo "FAULT: $*"; faults=$((faults + 1)); }
need_shared() { [ -d "$shared" ] || { echo "SKIPPED: no shared evidence in $shared: set TRIAGE_SHARED"; exit 77; }; }
need_fixtures() { [ -d "$fixtures" ] || { echo "no fixtures: run fixtures/build"; exit 1; }; }
finish() { [ "$faults" -eq 0 ] || { echo "$faults faults"; exit 1; }; echo "as it should be"; exit 0; }
