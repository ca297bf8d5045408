#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# The committed demo image against its list gives exactly the matches that fixtures/demo/README.md promises.
. "$(dirname "${BASH_SOURCE[0]}")/common.sh"
demo="$root/fixtures/demo"

"$TRIAGE" scan "$demo/demo.E01" --notable "$demo/demo-notable.md5" --out "$work/case" >"$work/out" 2>"$work/err"
code=$?
[ "$code" -eq 1 ] || fault "exit code $code, should be 1: $(tail -n 3 "$work/err")"
grep -q MATCH "$work/out" || fault "the terminal does not say MATCH: $(head -n 5 "$work/out")"
grep -q 'INCOMPLETE' "$work/out" && fault "the demo is not examined completely"
if grep -Eq 'IMG_000|sunset|archive\.bin' "$work/out" "$work/err"; then fault "a name from evidence on the terminal"; fi

# The README's table, against volume, path and state of each finding.
sed -n 's/^| \(p[0-9]\) | \(.*\) | \(allocated\|deleted\) | .* |$/\1\t\2\t\3/p' "$demo/README.md" | sort >"$work/promised"
python3 - "$work/case/reports/findings.jsonl" <<'PY' | sort >"$work/found"
import json, sys
for line in open(sys.argv[1], encoding="utf-8"):
    finding = json.loads(line)
    if any(match["polarity"] == "notable" for match in finding["matches"]) and finding["severity"] == "alert":
        print(finding["volume"], finding["path"], finding["state"], sep="\t")
PY
[ "$(wc -l <"$work/promised")" -eq 6 ] || fault "the README's table was not understood"
diff "$work/promised" "$work/found" || fault "findings differ from the README (< promised, > found)"
finish
