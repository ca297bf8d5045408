#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# `triage selftest` says that all is as expected when it is, and ends with 3 for each way in which it is not.
. "$(dirname "${BASH_SOURCE[0]}")/common.sh"
cd "$work" || exit 1
export PATH="$PATH:/usr/sbin:/sbin"

mkdir tmp
TMPDIR=$work/tmp "$TRIAGE" selftest >record 2>err || fault "the self-test ends with $?: $(grep -A3 '^  - ' record | head -n 12)"
grep -q '^Result: AS EXPECTED: all [0-9,]* checks hold$' record || fault "no result: $(head -n 6 record)"
awk 'length($0) > 80' record | grep . && fault "lines of more than 80 columns"
[ ! -s err ] || fault "said on standard error: $(cat err)"
[ -z "$(ls tmp)" ] || fault "left behind: $(ls tmp)"
for word in "$("$TRIAGE" --version | sed -n 's/^build //p')" "$(uname -r)" libtsk "no claim of compliance" APFS; do
    grep -q -- "$word" record || fault "the record does not say '$word'"
done

# What --out keeps; the record as JSON; the case is a case like any other.
"$TRIAGE" selftest --out kept --json >json || fault "with --out it ends with $?"
cmp json kept/record.json || fault "record.json is not what --json prints"
python3 - <<'PY' || fault "the JSON is not as documented"
import json
record = json.load(open("json"))
checks = [check for part in record["parts"] for check in part["checks"]]
assert record["as_expected"] and record["failed"] == 0 and record["checks"] == len(checks) > 900, record["checks"]
assert all(check["holds"] == (check["expected"] == check["found"]) for check in checks)
assert {"ext2.img", "ntfs.img", "fat32.img", "hfsplus.img", "best.E01", "bad-chunk.E01"} <= {p["name"] for p in record["parts"]}
PY
"$TRIAGE" verify kept/case --quiet || fault "the case of the self-test does not verify"

# Longer than a buffer, so that the failure is not that of the last piece.
"$TRIAGE" selftest --json >/dev/full 2>err
[ $? -eq 2 ] && grep -q 'standard output: cannot be written' err || fault "a record that nobody got is a success: $(cat err)"

# The expectations are true of the images by other tools.
truth() { awk -F'\t' -v path="$2" -v state="$3" '$2 == path && $5 == state {print $8}' "kept/images/$1.truth.tsv"; }
for path in "/listed.png" "/folder/below/one.txt"; do
    [ "$(mcopy -i kept/images/fat16.img "::$path" - | sha256sum | cut -c1-64)" = "$(truth fat16.img "$path" allocated)" ] ||
        fault "fat16.img: mcopy reads another $path"
    [ "$(debugfs -R "cat \"$path\"" kept/images/ext4.img 2>/dev/null | sha256sum | cut -c1-64)" = \
        "$(truth ext4.img "$path" allocated)" ] || fault "ext4.img: debugfs reads another $path"
done

# tampered WHAT PATTERN: with the change that was made in ./images, the self-test ends with 3 and the record says PATTERN.
begin() {
    rm -rf images && mkdir images
    for name in ext2.img fat12.img luks2.img bad-chunk.E01 bad-chunk.E02 bad-chunk.E03 plain.E01 plain.E02 plain.E03; do
        cp "kept/images/$name" images
        [ ! -e "kept/images/$name.truth.tsv" ] || cp "kept/images/$name.truth.tsv" images
    done
    cp kept/images/notable.md5 images
}
tampered() {
    local code
    "$TRIAGE" selftest --images images >record 2>err
    code=$?
    [ "$code" -eq 3 ] || fault "$1: exit code $code, should be 3: $(cat err)"
    grep -q '^Result: NOT AS EXPECTED' record || fault "$1: the result says $(grep '^Result' record)"
    tr '\n' ' ' <record | tr -s ' ' | grep -Eq -- "$2" || fault "$1: the record does not say /$2/"
}
begin
"$TRIAGE" selftest --images images >record || fault "a sound folder of images ends with $?: $(grep -A3 '^  - ' record)"
digest=$(truth ext2.img /listed.png allocated)
sed -i "s/$digest/${digest%?}$([ "${digest: -1}" = 0 ] && echo 1 || echo 0)/" images/ext2.img.truth.tsv
tampered "another SHA-256 expected" "ext2.img: /listed.png: sha256 expected .* found $digest"
begin
sed -i '/\/lines.txt/d' images/ext2.img.truth.tsv
tampered "an entry that nobody expects" "ext2.img: - /lines.txt expected not listed found listed"
begin
printf -- '-\t/missing.txt\t\t3\tallocated\tnone\tnone\tnone\n' >>images/fat12.img.truth.tsv
tampered "an entry that is not there" "fat12.img: /missing.txt expected listed found not listed"
begin
sed -i 's/^# verdict MATCH$/# verdict MATCH, INCOMPLETE/' images/fat12.img.truth.tsv
tampered "another verdict expected" "fat12.img: verdict expected MATCH, INCOMPLETE found MATCH "
begin
sed -i 's/locked/swap/' images/luks2.img.truth.tsv
tampered "another state expected" "luks2.img: volume - expected swap found locked"
tampered "another problem expected" "luks2.img: problem swap expected reported found not reported"
begin
at=$(grep -abo 'selftest line 00000100' images/fat12.img | cut -d: -f1)
printf X | dd of=images/fat12.img bs=1 seek="$at" conv=notrunc 2>/dev/null
tampered "one byte of the image changed" "fat12.img: /lines.txt: md5 expected [0-9a-f]{32} found [0-9a-f]{32}"
begin
for number in 1 2 3; do cp "images/plain.E0$number" "images/bad-chunk.E0$number"; done
tampered "a sound image in place of the damaged" "bad-chunk.E01: /listed.png: sha256 expected none found $digest"
begin
sed -i 1,2d images/notable.md5
tampered "a list without the pictures" "ext2.img: verdict expected MATCH found NO MATCH IN WHAT WAS CHECKED"

# Wrong use.
wrong() {
    "$TRIAGE" "$@" >out 2>err
    [ $? -eq 2 ] && grep -Eq '^triage: [^:]+: .+' err || fault "$*: should be refused: $(cat err)"
}
begin
rm images/luks2.img
wrong selftest --images images
printf 'one\ttwo\n' >images/ext2.img.truth.tsv
wrong selftest --images images
wrong selftest --images tmp
wrong selftest --images nowhere
wrong selftest --out kept

# Made anew by the script of the repository.
"$root/fixtures/selftest.py" made && "$TRIAGE" selftest --images made >record || fault "images made here: $(head -n 4 record)"
finish
