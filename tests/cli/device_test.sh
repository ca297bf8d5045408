#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Block devices by path, on loop devices: what the kernel tells of them, what refuses a scan, and a device that is gone
# in mid-scan. Needs root and loop devices; what names the uses of a device is block_device_test's, which runs anywhere.
. "$(dirname "${BASH_SOURCE[0]}")/common.sh"
need_fixtures
cd "$work" || exit 1
list="$root/fixtures/demo/demo-notable.md5"

loops=()
detach() {
    umount "$work/mnt" 2>/dev/null
    for loop in "${loops[@]}"; do swapoff "$loop" 2>/dev/null; done
    for loop in "${loops[@]}"; do losetup -d "$loop" 2>/dev/null; done
    chmod -R u+rwX "$work" 2>/dev/null
    rm -rf "$work"
}
trap detach EXIT
# attach FILE: a loop device on it, in $loop.
attach() { loop=$(losetup --find --show "$1" 2>/dev/null) && loops+=("$loop") && blockdev --setrw "$loop"; }

cp "$fixtures/ext2.img" stick.img && "$root/fixtures/large.py" large.img || fault "no images"
attach stick.img || { echo "SKIPPED: no loop devices here (not root, or a container without them)"; exit 77; }
stick=$loop
name=$(basename "$stick")
# facts CASE: of the first exhibit's device.
facts() { python3 -c 'import json, sys; d = json.load(open(sys.argv[1] + "/reports/summary.json"))["exhibits"][0]["device"]; print(d["name"], d["size"], d["kernel_read_only"], d["set_read_only"], d.get("in_use"))' "$1"; }

# A device gives what its image gives; its size is the kernel's.
"$TRIAGE" scan "$stick" --notable "$list" --out plain --quiet 2>err || fault "a device is not examined: $? $(cat err)"
"$TRIAGE" scan stick.img --notable "$list" --out image --quiet
strip() { sed 's/"evidence":"[^"]*"//' "$1/reports/entries.jsonl"; }
cmp -s <(strip plain) <(strip image) || fault "a device and its image have other entries"
[ "$(facts plain)" = "$name $(blockdev --getsize64 "$stick") False False None" ] || fault "facts: $(facts plain)"
grep -q '"event":"device","name":"'"$name"'"' plain/audit.jsonl || fault "the device is not in the audit log"
"$TRIAGE" info "$stick" | grep -q "no serial number" || fault "info tells nothing of the device"

# --set-read-only sets the kernel's flag, and it stays.
"$TRIAGE" scan "$stick" --notable "$list" --out ro --set-read-only --quiet 2>err || fault "--set-read-only: $? $(cat err)"
[ "$(blockdev --getro "$stick")" = 1 ] || fault "the device is not set read-only"
[ "$(facts ro)" = "$name $(blockdev --getsize64 "$stick") True True None" ] || fault "facts: $(facts ro)"
"$TRIAGE" scan "$stick" --notable "$list" --out was-ro --quiet 2>err
[ "$(facts was-ro)" = "$name $(blockdev --getsize64 "$stick") True False None" ] || fault "facts: $(facts was-ro)"
blockdev --setrw "$stick"

# Mounted in any mode: refused, unless allowed; then it stands beside the verdict.
mkdir mnt
if mount -o ro "$stick" mnt 2>/dev/null; then
    "$TRIAGE" scan "$stick" --notable "$list" --out again --allow-mounted --stop-after 1 --quiet >/dev/null 2>err
    umount mnt
    "$TRIAGE" scan --resume again --stop-after 0 --quiet >/dev/null 2>>err
    grep -q '"cautions"' again/reports/summary.json || fault "a resume forgets that the device was in use: $(cat err)"
    mount -o ro "$stick" mnt
    "$TRIAGE" scan "$stick" --notable "$list" --out mounted >out 2>err
    [ $? -eq 2 ] && grep -q "is in use: $name is mounted (ro)" err || fault "a mounted device is not refused: $(cat err)"
    [ ! -e mounted ] || fault "a refused scan left a case"
    "$TRIAGE" scan "$stick" --notable "$list" --out mounted --allow-mounted >out 2>err || fault "--allow-mounted: $? $(cat err)"
    tr -s ' \n' ' ' <out | grep -q "in use while it was read, and may have changed: $name is mounted (ro)" || fault "the use is not beside the verdict"
    grep -q '"cautions"' mounted/reports/summary.json || fault "the use is not in the summary"
    grep -q "was in use while" mounted/reports/report.txt || fault "the use is not in the report"
    # Another mount name space: this one's tables do not show it, the kernel does.
    if unshare -m true 2>/dev/null; then
        unshare -m sh -c "umount '$work/mnt' && '$TRIAGE' scan '$stick' --out hidden" >/dev/null 2>err
        [ $? -eq 2 ] && grep -q "is held by the kernel" err || fault "a mount elsewhere is not noticed: $(cat err)"
    else
        echo "no mount name spaces here: a mount in another one is not tried"
    fi
    # Nor is a case written, or gone on with, on an image that is mounted by its file.
    mount -o remount,rw "$stick" mnt
    "$TRIAGE" scan stick.img --out mnt/case >out 2>err
    [ $? -eq 2 ] && grep -q "lies on the evidence" err && [ ! -e mnt/case ] || fault "a case is written into a mounted image: $(cat err)"
    grep -o '"md5":"[0-9a-f]*"' plain/reports/entries.jsonl | cut -d'"' -f4 | sort -u >every.md5
    for of in "$stick" stick.img; do
        "$TRIAGE" scan "$of" --notable every.md5 --out part --stop-after 1 --allow-mounted --quiet >/dev/null 2>&1
        rm -rf mnt/part && cp -a part mnt/part && rm -r part
        before=$(cd mnt/part && find . -type f -exec sha256sum {} + | sort)
        "$TRIAGE" scan --resume mnt/part --allow-mounted >out 2>err
        [ $? -eq 2 ] && grep -q "lies on the evidence" err || fault "a case on $of is gone on with: $(cat err)"
        [ "$(cd mnt/part && find . -type f -exec sha256sum {} + | sort)" = "$before" ] || fault "a refused resume wrote"
    done
    # Nor is anything of a list written on what one of its lines names, however deep the folder would be.
    mount -o remount,rw "$stick" mnt
    printf 'exhibit,path\nD/1,%s\nD/2,%s\n' "$work/large.img" "$stick" >list.csv
    mkdir elsewhere && ln -s "$work/mnt" elsewhere/D_1
    for folder in mnt mnt/cases/of/today elsewhere; do
        "$TRIAGE" scan --evidence-list list.csv --notable "$list" --out "$folder" --allow-mounted >out 2>err
        [ $? -eq 2 ] && grep -q "lies on the evidence" err || fault "a list is written on its evidence: $folder: $(cat err)"
    done
    [ -z "$(find mnt -newer list.csv)" ] || fault "a refused list wrote on the evidence: $(find mnt -newer list.csv)"
    [ "$(ls elsewhere)" = D_1 ] || fault "a refused list left something: $(ls elsewhere)"
    umount mnt
else
    echo "cannot mount here: what refuses a mounted device is not tried"
fi

# Swap is refused too.
head -c 1M /dev/zero >swap.img && attach swap.img && mkswap "$loop" >/dev/null 2>&1
if swapon "$loop" 2>/dev/null; then
    "$TRIAGE" scan "$loop" --notable "$list" --out swap >/dev/null 2>err
    [ $? -eq 2 ] && grep -q "is in use: $(basename "$loop") is swap" err || fault "swap is not refused: $(cat err)"
    "$TRIAGE" info "$loop" --json | grep -q '"in_use":"'"$(basename "$loop")"' is swap"' || fault "info does not tell of swap"
    swapoff "$loop"
else
    echo "no swap here: what refuses it is not tried"
fi

# A device that gives nothing any more is a problem and a case that can go on, with all that was there before.
attach large.img || fault "no second loop device"
cp large.img large.copy
"$TRIAGE" scan "$loop" "$stick" --notable "$list" --out whole --quiet 2>/dev/null
echo 3 >/proc/sys/vm/drop_caches 2>/dev/null
"$TRIAGE" scan "$loop" "$stick" --notable "$list" --out gone --threads 1 --quiet 2>err &
process=$!
for _ in $(seq 200); do
    [ ! -s gone/case.sqlite ] || break
    sleep 0.02
done
truncate -s 0 large.img
wait "$process"
[ $? -eq 4 ] || fault "a device that is gone does not end with 4"
grep -q "resume gone" err || fault "the command to go on is not told: $(cat err)"
grep -q "the device vanished" gone/reports/problems.jsonl || fault "a device that is gone is no problem"
grep -q '"vanished":true' gone/audit.jsonl || fault "the audit log does not know that the device is gone"
cat large.copy >large.img && losetup -c "$loop" && blockdev --flushbufs "$loop"
"$TRIAGE" scan --resume gone --quiet 2>err || fault "the case of a device that is back does not go on: $? $(cat err)"
volumes() { python3 -c 'import json, sys; print([(v["volume"], v["start"], v["state"]) for v in json.load(open(sys.argv[1]))["volumes"]])' "$1/reports/summary.json"; }
[ "$(volumes whole)" = "$(volumes gone)" ] || fault "a resumed device has other volumes: $(volumes gone)"
cmp -s whole/reports/entries.jsonl gone/reports/entries.jsonl || fault "a resumed device has other entries"
finish
