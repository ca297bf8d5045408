#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# What is said of evidence on the command line: exhibits, segments, names that repeat; and moved files in a resume.
. "$(dirname "${BASH_SOURCE[0]}")/common.sh"
need_fixtures
cd "$work" || exit 1
list="$root/fixtures/demo/demo-notable.md5"

# keys CASE NAME: the values that a key has in the rows of a case, each once, in order.
keys() { python3 -c 'import json, sys; print(*dict.fromkeys(json.loads(row).get(sys.argv[2]) for row in open(sys.argv[1])))' "$1/reports/entries.jsonl" "$2"; }

# An exhibit's reference stands in each of its rows; evidence of one name is told apart.
mkdir twin && cp "$fixtures/ext2.img" twin/
"$TRIAGE" scan --exhibit "AB/1=$fixtures/ext2.img" twin/ext2.img --notable "$list" --out twins --quiet
[ "$(keys twins exhibit)" = "None AB/1" ] || [ "$(keys twins exhibit)" = "AB/1 None" ] || fault "exhibits are $(keys twins exhibit)"
case "$(keys twins evidence)" in "ext2.img ext2.img#2") ;; *) fault "evidence is $(keys twins evidence)" ;; esac
grep -q 'AB/1' twins/reports/summary.json || fault "the summary does not name the exhibit"
"$TRIAGE" scan --exhibit "=$fixtures/ext2.img" --notable "$list" --out none >/dev/null 2>err
[ $? -eq 2 ] || fault "an exhibit without reference is accepted"

# Segments of one set are one evidence, said aloud, wherever one begins.
"$TRIAGE" scan "$fixtures/ewf-split.E02" "$fixtures/ewf-split.E01" --notable "$list" --out split >/dev/null 2>err
grep -q "is a segment of ewf-split.E01: both are one evidence" err || fault "segments are not joined aloud: $(cat err)"
[ "$(keys split evidence)" = ewf-split.E01 ] || fault "segments make several evidences: $(keys split evidence)"

# A resume finds evidence and lists that have moved, and refuses others.
"$root/fixtures/large.py" "$work/large.img" || fault "no large image"
cp "$list" list.md5
"$TRIAGE" scan large.img --notable list.md5 --out "moved case" --threads 1 --quiet </dev/null 2>err &
process=$!
for _ in $(seq 200); do
    [ ! -s "moved case/case.sqlite" ] || break
    sleep 0.02
done
sleep 0.3
kill -INT "$process" && wait "$process"
grep -q -- "--resume 'moved case'" err || fault "the command to resume is not quoted for a shell: $(cat err)"
engines() { python3 -c 'import json, sys; print(json.load(sys.stdin)["tool"]["hash_engine"])' <"moved case/reports/summary.json"; }
first=$(engines)
mkdir elsewhere && mv large.img list.md5 elsewhere/
"$TRIAGE" scan --resume "moved case" >/dev/null 2>err
[ $? -eq 2 ] || fault "a resume without its evidence does not end with 2"
echo "$(head -c 32 /dev/zero | tr '\0' 1)" >list.md5
"$TRIAGE" scan --resume "moved case" --evidence-at elsewhere >/dev/null 2>err
[ $? -eq 2 ] && grep -q "is not the list the case began with" err || fault "another list is accepted: $(cat err)"
truncate -s 95M large.img
"$TRIAGE" scan --resume "moved case" --list-at elsewhere >/dev/null 2>err
[ $? -eq 2 ] && grep -q "is not what the case began with" err || fault "other evidence is accepted: $(cat err)"
"$TRIAGE" scan --resume "moved case" --evidence-at elsewhere --list-at elsewhere --hash-engine openssl --quiet 2>err
[ $? -eq 0 ] || fault "a resume of moved files ends with $?: $(cat err)"
case $(engines) in
    "$first; OpenSSL") ;;
    *) fault "the report names the engines '$(engines)', not '$first' and then OpenSSL" ;;
esac
[ "$(wc -l <"moved case/reports/entries.jsonl")" -eq 80 ] || fault "a resume of moved files has $(wc -l <"moved case/reports/entries.jsonl") entries"
finish
