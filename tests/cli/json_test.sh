#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# What the commands print with --json is JSON, says what the plain form says, and tells no names of people.
. "$(dirname "${BASH_SOURCE[0]}")/common.sh"
need_fixtures
cd "$work" || exit 1
demo="$root/fixtures/demo/demo.E01"

# value FILE EXPRESSION: a Python expression over the parsed object `j`.
value() { python3 -c 'import json, sys; j = json.load(open(sys.argv[1])); print(eval(sys.argv[2]))' "$1" "$2"; }
is() { # FILE EXPRESSION EXPECTED
    local got
    got=$(value "$1" "$2") || { fault "$1 is no JSON"; return; }
    [ "$got" = "$3" ] || fault "$1: $2 is '$got', should be '$3'"
}

"$TRIAGE" info --json "$demo" >info.json || fault "info --json failed"
is info.json 'j["stored"]["md5"]' "$(ewfinfo "$demo" | sed -n 's/.*MD5:[[:space:]]*//p')"
is info.json 'sorted({v["state"] for v in j["volumes"]})' "['gap', 'readable']"
is info.json '"examiner" in j["header"]' False
"$TRIAGE" info --json --show-names "$demo" >names.json || fault "info --show-names failed"
is names.json 'j["header"]["examiner"]' script # as fixtures/support.py gave it to ewfacquire
"$TRIAGE" info "$demo" >info.txt || fault "info failed"
grep -q "Nothing stands in the way" info.txt || fault "info does not say that nothing stands in the way"
for image in "$demo" "$fixtures"/{gpt,bitlocker,beside-luks,damaged}*.{img,E01}; do
    [ ! -e "$image" ] || "$TRIAGE" info "$image"
done >all.txt
awk 'length > 80' all.txt | grep . && fault "info writes lines of more than 80 columns"
"$TRIAGE" info "$fixtures/bitlocker.img" >locked.txt
[ $? -eq 3 ] || fault "info of a locked volume does not end with 3"
grep -Eq "^  (-|p[0-9]) locked: " locked.txt || fault "info does not say which volume is locked: $(cat locked.txt)"
grep -q "cannot read all of it" locked.txt || fault "info does not say that it cannot read all"
"$TRIAGE" info --json "$fixtures/bitlocker.img" >locked.json
is locked.json 'j["problems"][0]["what"]' locked
is locked.json 'j["problems"][0]["volume"] in [v["volume"] for v in j["volumes"]]' True
grep -q script info.txt && fault "info shows who acquired the image"

"$TRIAGE" config show --json >config.json || fault "config show --json failed"
is config.json 'j["hash"]["algorithms"]' "['md5', 'sha1', 'sha256']"
is config.json 'j["rules"][0]["severity"]' alert
"$TRIAGE" config show --json --profile default >again.json
is again.json 'j["sha256"]' "$(value config.json 'j["sha256"]')"

"$TRIAGE" plugins --json >plugins.jsonl || fault "plugins --json failed"
python3 -c 'import json; [json.loads(line)["name"] for line in open("plugins.jsonl")]' || fault "plugins --json is no JSON"

"$TRIAGE" scan "$fixtures/ext2.img" --out case --quiet >out 2>&1
[ ! -s out ] || fault "--quiet says: $(head -n 2 out)"
printf 'd41d8cd98f00b204e9800998ecf8427e\n900150983cd24fb0d6963f7d28e17f72\n' >warned-of.md5
"$TRIAGE" --quiet scan "$fixtures/ext2.img" --notable warned-of.md5 --out quiet --json >quiet.json 2>err
[ ! -s err ] || fault "--quiet warns: $(head -n 2 err)"
is quiet.json 'j["verdict"]' "NO MATCH IN WHAT WAS CHECKED"
"$TRIAGE" report case --json >report.json || fault "report --json failed"
is report.json 'j["seal"]' "$(sha256sum case/reports-2/manifest.json | cut -c1-64)"
is report.json 'j["reports"]' case/reports-2
"$TRIAGE" verify --json case >intact.json || fault "verify fails on a sealed case"
is intact.json 'j["intact"], j["broken"]' "(True, [])"
chmod u+w case/command.txt && echo more >>case/config.yaml
"$TRIAGE" verify --json case >broken.json && fault "verify passes a changed case"
is broken.json 'j["intact"], len(j["broken"])' "(False, 1)"
finish
