#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# What a new user does wrong: each time a clear message, the right exit code, and no name from evidence on the terminal.
. "$(dirname "${BASH_SOURCE[0]}")/common.sh"
need_fixtures
cd "$work" || exit 1

good="$fixtures/ext2.img"
list="$root/fixtures/demo/demo-notable.md5"
number=0

# try CODE PATTERN ARGUMENTS...: `triage ARGUMENTS` ends with CODE; stderr has a line `triage: WHAT: WHY` with PATTERN.
try() {
    local code=$1 pattern=$2 got
    shift 2
    number=$((number + 1))
    timeout 60 "$TRIAGE" "$@" >out 2>err </dev/null
    got=$?
    [ "$got" -eq "$code" ] || fault "$*: exit code $got, should be $code: $(tail -n 2 err)"
    if [ -n "$pattern" ]; then
        grep -Eq '^triage: [^:]+: .+' err || fault "$*: no line 'triage: WHAT: WHY' on stderr: $(head -n 3 err)"
        grep -Eiq -- "$pattern" err || fault "$*: the message does not say /$pattern/: $(head -n 3 err)"
    fi
    # Names that stand inside the fixtures only.
    if grep -Eq 'b-deleted|symbolic-link|nearly-hole|deep\.txt' out err; then fault "$*: a name from evidence is shown"; fi
}
fresh() { echo "$work/case-$number-$RANDOM"; }

: >empty.img
mkdir folder
head -c 2000 "$root/LICENSE" >text.txt
mkdir full && : >full/something
head -c 3000 /dev/urandom >not-a-list.md5

try 2 "no such file|not exist|cannot" scan "$work/missing.E01" --out "$(fresh)"
try 2 "directory" scan folder --out "$(fresh)"
try 2 "empty" scan empty.img --out "$(fresh)"
try 3 "" scan text.txt --notable "$list" --out text-case # a raw image of nothing that is recognised
grep -q '"unrecognised"' text-case/reports/problems.jsonl || fault "the text file is not reported as unrecognised"
try 2 "is no hash list" scan "$good" --notable not-a-list.md5 --out "$(fresh)"
try 2 "missing.md5" scan "$good" --notable "$work/missing.md5" --out "$(fresh)"
try 2 "not an empty directory" scan "$good" --notable "$list" --out full
try 2 "twice|same|already" scan "$good" "$good" --out "$(fresh)"
try 2 "twice|same|already" scan "$good" "$fixtures/./ext2.img" --out "$(fresh)"
try 2 "nonsense" scan "$good" --no-such-nonsense --out "$(fresh)"
try 2 "nonsense" scan "$good" --report nonsense --out "$(fresh)"
try 2 "nonsense" scan "$good" --profile nonsense --out "$(fresh)"
try 2 "" scan
try 2 "1025" scan "$good" --threads 1025 --out "$(fresh)"
try 2 "" no-such-command
try 2 "" report "$work/folder" --report text
try 0 "" --help
try 0 "" scan --help
for key in profile reports reports.redact threads memory_mib hash.engine limits.time_seconds limits.matches; do
  grep -qF "(key $key, default " out || fault "scan --help does not say the key $key"
done
try 0 "" --version
try 0 "" plugins
[ "$(ls full)" = something ] || fault "a case directory that exists was written into"
for left in case-*; do [ ! -e "$left" ] || fault "a run that examined nothing left $left behind"; done

# A configuration whose rules are not about matches: said at the start, and the match is a finding all the same.
printf 'rules: [{name: own, when: {name: no-such}, severity: alert, text: t}]\n' >no-match-rule.yaml
try 0 "" scan "$root/fixtures/demo/demo.E01" --config no-match-rule.yaml --notable "$list" --out own-case
grep -q 'no rule of severity alert is for notable matches' err || fault "a match that no rule names: no notice"
grep -q '"rules":\["match"\]' own-case/reports/findings.jsonl || fault "a match that no rule names is no finding"
grep -q 'match, notice, ' own-case/reports/report.txt || fault "report.txt does not say what the rule match says"

# Unwritable case: a folder without permission; root ignores permissions, so there /proc, where nobody can write.
if [ "$(id -u)" -eq 0 ]; then unwritable=/proc/triage-case; else mkdir -m 500 locked && unwritable=$work/locked/case; fi
try 2 "" scan "$good" --out "$unwritable"
grep -Eq '^triage: [^:]+: .+' err || fault "unwritable case: $(head -n 3 err)"

# No list: nothing was compared.
try 3 "" scan "$good" --out no-list
grep -q 'NOT COMPARED' out || fault "without a list the verdict should be NOT COMPARED: $(head -n 5 out)"

# Ctrl-C in the middle of a larger image: the case stays valid and the command to go on is printed.
"$root/fixtures/large.py" "$work/large.img" || fault "no large image"
"$TRIAGE" scan large.img "$fixtures/damaged.E01" --notable "$list" --key keyfile --out interrupted --threads 1 \
    >out 2>err </dev/null &
process=$!
for _ in $(seq 200); do
    [ ! -s interrupted/case.sqlite ] || break
    sleep 0.02
done
sleep 0.3
kill -INT "$process" 2>/dev/null || fault "the scan of the large image was over before it could be interrupted"
wait "$process"
code=$?
[ "$code" -eq 4 ] || fault "interrupted: exit code $code, should be 4: $(tail -n 3 out err)"
grep -q -- "triage scan --resume interrupted --key keyfile" out err || fault "interrupted: the command to resume is not printed: $(tail -n 3 out err)"
[ "$(sqlite3 interrupted/case.sqlite 'pragma integrity_check' 2>&1)" = ok ] || fault "interrupted: the store is not sound"

# What was not reached is not forgotten: the damaged image comes second, and alone it ends with 3.
try 3 "" scan "$fixtures/damaged.E01" --notable "$list" --out alone
try 3 "" scan --resume interrupted
exhibits() { sqlite3 "$1/case.sqlite" "SELECT name, is_opened FROM evidence ORDER BY id"; }
[ "$(exhibits interrupted)" = "$(printf 'large.img|1\ndamaged.E01|1')" ] || fault "a resume forgot evidence: $(exhibits interrupted)"
while IFS= read -r row; do
    grep -qF -- "$row" interrupted/reports/entries.jsonl || echo "$row"
done <alone/reports/entries.jsonl >missing
[ -s alone/reports/entries.jsonl ] && [ ! -s missing ] || fault "a resume lost entries: $(head -n 2 missing)"

# A resume that is refused, and a report of a changed store, leave every byte as it was and say why.
"$TRIAGE" scan "$good" --notable "$list" --out done-case --quiet
before=$(sha256sum done-case/case.sqlite done-case/manifest.json done-case/audit.jsonl)
try 2 "nothing to resume" scan --resume done-case
try 2 "from the case" scan --resume done-case --report jsonl
try 2 "inside another case" scan "$good" --out done-case/inner
printf 'exhibit,path\nA,%s\n' "$good" >one.csv
try 2 "is a case, and no folder for cases" scan --evidence-list one.csv --out done-case
[ "$(sha256sum done-case/case.sqlite done-case/manifest.json done-case/audit.jsonl)" = "$before" ] ||
    fault "a refused resume changed the case"
try 0 "" verify done-case
printf 'x' | dd of=done-case/case.sqlite bs=1 seek=200 conv=notrunc 2>/dev/null
try 3 "case.sqlite was changed" verify done-case
try 3 "case.sqlite was changed" report done-case --report text
[ ! -e done-case/reports-2 ] || fault "a report was rendered from a changed store"
try 2 "no case directory" verify nowhere
finish
