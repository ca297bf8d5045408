#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# What ends a run before its evidence ends, and what a size gate leaves out.
. "$(dirname "${BASH_SOURCE[0]}")/common.sh"
cd "$work" || exit 1
demo="$root/fixtures/demo/demo.E01"
list="$root/fixtures/demo/demo-notable.md5"
scan() { "$TRIAGE" scan "$@" >out 2>err </dev/null; }
says() { python3 -c 'import json, sys; print(json.load(open(sys.argv[1]))["run"].get(sys.argv[2], ""))' "$@"; }
ends() { [ "$2" -eq "$1" ] || fault "$3: exit code $2, should be $1: $(tail -n 2 err)"; }

for wrong in "--time-limit 25" "--time-limit -1s" "--time-limit 5x" "--stop-after x" "--stop-after -1"; do
    scan "$demo" --notable "$list" --out wrong $wrong
    ends 2 $? "$wrong"
    [ ! -e wrong ] || fault "$wrong: a case was begun"
done

# The truth: a run to the end.
scan "$demo" --notable "$list" --report jsonl --out whole
ends 1 $? "a whole scan"

# Stopped after a match: sealed, incomplete, and the rest comes with --resume.
scan "$demo" --notable "$list" --report jsonl --out few --stop-after 1
ends 1 $? "--stop-after 1"
grep -q "MATCH, INCOMPLETE" out || fault "--stop-after 1: the verdict is not MATCH, INCOMPLETE"
"$TRIAGE" verify few >out 2>&1 || fault "--stop-after 1: the case does not verify"
grep -q "stopped after 1 matches" few/reports/summary.json || fault "--stop-after 1: the summary does not say why it ended"
scan --resume few
ends 1 $? "the rest"
cmp -s whole/reports/entries.jsonl few/reports/entries.jsonl || fault "a run that was stopped and resumed differs"

# A file of a terabyte of holes takes minutes; the time is up before.
truncate -s 8M holes.raw && /sbin/mke2fs -q -F -t ext4 holes.raw
echo content >file
/sbin/debugfs -w -R "write file big" holes.raw 2>/dev/null
/sbin/debugfs -w -R "sif big size 1000000000000" holes.raw 2>/dev/null
echo 'entries: {sparse: true}' >sparse.yaml
timeout 30 "$TRIAGE" scan holes.raw --notable "$list" --config sparse.yaml --out late --time-limit 1s >out 2>err </dev/null
ends 4 $? "--time-limit 1s"
grep -q "stopped by its time limit" late/reports/summary.json || fault "--time-limit: the summary does not say why it ended"
"$TRIAGE" verify late >out 2>&1 || fault "--time-limit: the case does not verify"

# A list that is still being read hears both: there is no case yet, and nothing is lost.
python3 -c 'for i in range(2000000): print(f"{i:032x}")' >long.md5
for cause in signal limit; do
    limit=""
    [ $cause = signal ] || limit="--time-limit 1s"
    "$TRIAGE" scan "$demo" --notable long.md5 --out unread $limit >out 2>err </dev/null &
    process=$!
    until find /proc/$process/fd -lname "*/long.md5" 2>/dev/null | grep -q . || ! kill -0 $process; do sleep 0.005; done
    if [ $cause = signal ]; then
        kill -INT $process
    else # held up until its time is over
        kill -STOP $process
        sleep 1.1
        kill -CONT $process
    fi
    wait $process
    ends 4 $? "a list that is read, $cause"
    grep -q "long.md5: .*nothing was examined" err || fault "a list that is read, $cause: it does not say so: $(cat err)"
    [ ! -e unread ] || fault "a list that is read, $cause: there is a case"
done

# The gate leaves out what cannot match, and finds the same.
echo 'entries: {size_gate: true}' >gate.yaml
python3 - whole/reports/findings.jsonl >sized.hashdeep <<'EOF'
import json, sys
print("%%%% HASHDEEP-1.0\n%%%% size,md5,filename")
for line in open(sys.argv[1]):
    entry = json.loads(line)
    print(f"{entry['size']},{entry['hashes']['md5']},x")
EOF
scan "$demo" --notable sized.hashdeep --report jsonl --out sized
ends 1 $? "a list with sizes"
scan "$demo" --notable sized.hashdeep --report jsonl --config gate.yaml --out gated
ends 1 $? "a size gate"
cmp -s sized/reports/findings.jsonl gated/reports/findings.jsonl || fault "a size gate changes the findings"
python3 - gated/reports/entries.jsonl sized.hashdeep <<'EOF' || fault "a size gate reads or leaves out the wrong contents"
import json, sys
sizes = {int(line.split(",")[0]) for line in open(sys.argv[2]) if line[0] != "%"}
left_out = 0
for entry in map(json.loads, open(sys.argv[1])):
    is_out = entry.get("reason") == "size"
    assert not (is_out and "hashes" in entry) and not (is_out and entry["size"] in sizes), entry
    assert is_out or entry["size"] in sizes, entry
    left_out += is_out
assert left_out > 0
EOF
scan "$demo" --notable "$list" --report jsonl --config gate.yaml --out ungated
cmp -s whole/reports/entries.jsonl ungated/reports/entries.jsonl || fault "a list without sizes leaves something out"
grep -q "records without a size" ungated/reports/summary.json || fault "the summary does not say why there is no gate"
printf 'profile: lab-full\nentries: {size_gate: true}\n' >lab.yaml
scan "$demo" --notable "$list" --config lab.yaml --out lab
ends 2 $? "a size gate in lab-full"
finish
