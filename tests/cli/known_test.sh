#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# `triage known` and compiled sets in a scan, as a user and an attacker would try them.
. "$(dirname "${BASH_SOURCE[0]}")/common.sh"
need_fixtures
cd "$work" || exit 1
export TMPDIR=$work XDG_CACHE_HOME=$work/cache
demo="$root/fixtures/demo/demo.E01"
list="$root/fixtures/demo/demo-notable.md5"
abc=900150983cd24fb0d6963f7d28e17f72 # MD5 of "abc", RFC 1321

# ends CODE PATTERN ARGUMENTS...: `triage ARGUMENTS` ends with CODE, and PATTERN stands in what it says.
ends() {
    local code=$1 pattern=$2 got
    shift 2
    "$TRIAGE" "$@" >out 2>err </dev/null
    got=$?
    [ "$got" -eq "$code" ] || fault "$*: exit code $got, should be $code: $(tail -n 2 err)"
    grep -Eq -- "$pattern" out err || fault "$*: does not say /$pattern/: $(head -n 3 out err)"
}

# Polarity is declared, kept and never overruled.
ends 2 "either --notable or --ignorable" known import "$list" -o set.tks
ends 2 "either --notable or --ignorable" known import "$list" -o set.tks --notable --ignorable
cp "$list" own.md5
ends 2 "is one of the lists" known import own.md5 -o ./own.md5 --notable
cmp -s "$list" own.md5 || fault "an import took the place of its list"
cp "$demo" precious.E01
ends 2 "exists and is no compiled set" known import "$list" -o precious.E01 --notable
cmp -s "$demo" precious.E01 || fault "an import took the place of evidence"
[ ! -e set.tks ] || fault "an import that was refused left a set"
ends 0 "notable" known import "$list" -o set.tks --notable --name demo --set-version 7
ends 0 "demo \(notable\), version 7" known info set.tks
ends 2 "was imported as notable, but is given as ignorable" scan "$demo" --ignorable set.tks --out refused
ends 0 "sound" known verify set.tks

# The same lists give the same bytes, and a compiled set finds what its list finds.
ends 0 "" known import "$list" -o again.tks --notable --name demo --set-version 7
cmp -s set.tks again.tks || fault "two imports of one list differ"
ends 1 "MATCH" scan "$demo" --notable set.tks --out compiled
ends 1 "MATCH" scan "$demo" --notable "$list" --out raw
ends 2 "lies inside another case" known import "$list" -o raw/set.tks --notable
ends 2 "lies inside another case" keygen raw/reports/key
ends 2 "lies inside another case" selftest --out raw/selftest
ln -s raw/reports into-a-case
ends 2 "lies inside another case" keygen into-a-case/key
: >empty.tks # as mktemp makes it
ends 0 "" known import "$list" -o empty.tks --notable
ends 0 "intact" verify raw
rows() { sed -E 's/"(set|version|set_digest)":"[^"]*",//g' "$1/reports/findings.jsonl"; }
[ "$(rows compiled)" = "$(rows raw)" ] || fault "a compiled set finds other files than its list"
[ "$(rows raw | wc -l)" -eq 6 ] || fault "the demo has six findings"
cmp -s compiled/reports/entries.jsonl raw/reports/entries.jsonl || fault "entries depend on the form of a list"
"$TRIAGE" verify compiled >/dev/null || fault "a case with a compiled set does not verify"

# Look-ups: 0 found, 1 not found; labels only when asked for.
printf '%s  secret-name.jpg\n' "$abc" >one.md5
ends 0 "" known import one.md5 -o one.tks --ignorable
ends 0 "record 1, agrees md5" known lookup one.tks "$abc"
grep -q secret-name out && fault "a label is shown"
ends 0 "secret-name" known lookup one.tks "$abc" --show-names
ends 1 "not in the set" known lookup one.tks "${abc%2}3"
ends 2 "is no MD5, SHA-1 or SHA-256" known lookup one.tks xyz
ends 0 "1 in both" known diff one.tks one.tks
ends 1 "only in the first" known diff one.tks set.tks
ends 1 "^- md5 $abc" known diff one.tks set.tks --list
ends 2 "no compiled set" known info one.md5
ends 0 "sound.*ignorable" known verify one.tks
ends 1 "the first is ignorable, the second notable" known diff one.tks set.tks
ends 1 "not in the set \(ignorable\)" known lookup one.tks "${abc%2}3"
ends 0 '"sound":true,"damage":"","polarity":"ignorable"' known verify one.tks --json
ends 0 '"hash":"'$abc'","set":"one.md5","polarity":"ignorable","record":1.*"found":true,"source":"one.md5","agrees":\["md5"\],"flags":\[\]' known lookup one.tks "$abc" --json
ends 1 '^\{"hash":"'${abc%2}3'","found":false\}$' known lookup one.tks "${abc%2}3" --json

# A set of several lists says which one names a content.
printf '%s  x\n' "${abc%2}3" >other.md5
ends 0 "read by triage [0-9]" known import one.md5 other.md5 -o several.tks --notable --name several
ends 0 "record 1 of other.md5" known lookup several.tks "${abc%2}3"

# What is no file is refused as the place of a set before a list is read.
mkfifo fifo
for place in . fifo /dev/null; do
    ends 2 "is no file: a set cannot be written there" known import no-such-list -o "$place" --notable
done

# Categories.
printf 'md5,category,label\n%s,2,x\n%s,1,y\n' "$(head -n 1 "$list" | cut -c1-32)" "$abc" >categories.csv
ends 0 "2 categories, and all of them alert" known import categories.csv -o all.tks --notable
ends 0 "category 2: 1 \(notice, no alert\)" known import categories.csv -o some.tks --notable --alert-category 1
ends 1 "MATCH" scan "$demo" --notable all.tks --out alerting
ends 0 "^Verdict: +MATCH|(^|[^O]) MATCH|^MATCH" scan "$demo" --notable some.tks --out quiet
grep -q "NO MATCH" out && fault "a match of another category is denied in words"
grep -q '"severity":"notice","rules":\["notable-other-category"\]' quiet/reports/findings.jsonl ||
    fault "a match of another category is no finding of severity notice"

ends 2 "no record has the alert category 01: it has 1, 2" known import categories.csv -o no.tks --notable --alert-category 01
ends 0 "category 2: 1$" known import categories.csv -o both.tks --notable --alert-category " 1, 2 "

# Trivial contents, bad lines, forced formats, columns.
printf 'd41d8cd98f00b204e9800998ecf8427e\n%s\n' "$abc" >trivial.md5
ends 0 "1 trivial" known import trivial.md5 -o trivial.tks --notable
ends 0 "were dropped" known import trivial.md5 -o trivial.tks --notable
ends 0 "0 trivial" known import trivial.md5 -o trivial.tks --notable --keep-trivial
ends 0 "trivial" known lookup trivial.tks d41d8cd98f00b204e9800998ecf8427e
printf '%s\nnot a digest\n' "$abc" >bad.md5
ends 2 "line 2" known import bad.md5 -o bad.tks --notable
ends 0 "1 line left out: line 2" known import bad.md5 -o bad.tks --notable --lenient
ends 0 "rejected: .*: 1$" known info bad.tks
ends 0 '"rejected_by_reason":\{"[^"]+":1\}' known info bad.tks --json
ends 2 "no such list format" known import bad.md5 -o bad.tks --notable --format nonsense
ends 2 "whose columns are fixed" known import one.md5 -o bad.tks --notable --columns md5=1
printf 'a;%s;3\n' "$abc" >plain.csv
ends 0 "1 in use" known import plain.csv -o plain.tks --notable --format csv --columns md5=2,label=1,size=3

# A list inside a ZIP file, with the file beside it.
python3 - <<'PY'
import zipfile
with zipfile.ZipFile("rds.zip", "w", zipfile.ZIP_DEFLATED) as z:
    z.writestr("RDS/read-me.txt", "900150983cd24fb0d6963f7d28e17f70  not of the list\n")
    z.writestr("RDS/NSRLFile.txt", '"SHA-1","MD5","CRC32","FileName","FileSize","ProductCode","OpSystemCode","SpecialCode"\n'
               '"A9993E364706816ABA3E25717850C26C9CD0D89D","900150983CD24FB0D6963F7D28E17F72","352441C2","abc.txt",3,7,"362",""\n')
    z.writestr("RDS/NSRLProd.txt", '"ProductCode","ProductName","ProductVersion","OpSystemCode","MfgCode","Language",'
               '"ApplicationType"\n7,"Editor","2.0","362","D1","English","Test"\n')
PY
ends 0 "nsrl2" known import rds.zip -o rds.tks --ignorable
ends 0 "Editor" known lookup rds.tks "$abc" --show-names

# An archive of several lists, or of more than is looked at, is not guessed from; a forced format holds inside one too.
python3 - "$abc" <<'PY'
import sys, zipfile
def archive(name, members):
    with zipfile.ZipFile(name, "w") as z:
        for member, text in members:
            z.writestr(member, text)
archive("two.zip", [("a.md5", sys.argv[1]), ("b.md5", sys.argv[1][::-1]), ("notes.txt", "nothing")])
archive("many.zip", [(f"{i}.txt", "x") for i in range(4096)] + [("a.md5", sys.argv[1])])
archive("database.zip", [("sums.md5", sys.argv[1]), ("rds.db", "SQLite format 3\0" + "x" * 100)])
archive("odd.zip", [("folder/", ""), ("folder/odd.txt", "a letter\n" * 8000 + f"{sys.argv[1]}\n")])
archive("odd-two.zip", [("odd.txt", f"a;{sys.argv[1]};3\n"), ("a.md5", sys.argv[1])])
with open("two.zip", "rb") as whole, open("damaged-one.zip", "wb") as out:  # one of the two lists; a member's checksum
    data = bytearray(whole.read())
    for at in (14, data.find(b"PK\1\2") + 16):
        data[at] ^= 1
    out.write(data)
PY
ends 2 "is an archive of 2 lists of the format plain.*" known import two.zip -o no.tks --notable
grep -q "unpack it" err || fault "an archive of two lists: no advice"
ends 2 "the archive is damaged" known import damaged-one.zip -o no.tks --notable
ends 2 "is an archive of more than 4096 files" known import many.zip -o no.tks --notable
ends 2 "is a database inside an archive: unpack it first" known import database.zip -o no.tks --notable
ends 2 "without a hash list" known import odd.zip -o no.tks --notable
ends 0 "1 in use" known import odd.zip -o odd.tks --notable --format plain --lenient
ends 0 "1 in use" known import odd-two.zip -o odd.tks --notable --format plain
ends 2 "without a list of the format vics" known import odd-two.zip -o no.tks --notable --format vics

# Protection: the file says nothing without its key, and a scan finds the same with it.
head -c 32 /dev/urandom >key
ends 0 "" known import "$list" -o secret.tks --notable --name confidential --protect key
grep -aq confidential secret.tks && fault "a protected set tells its name"
python3 - secret.tks "$list" <<'PY' || fault "a protected set holds digests of its list"
import sys
data = open(sys.argv[1], "rb").read()
sys.exit(any(bytes.fromhex(line.split()[0])[4:12] in data for line in open(sys.argv[2]) if line[:1] in "0123456789abcdef"))
PY
ends 2 "is protected" known info secret.tks
ends 2 "cannot be opened with this key" known info secret.tks --key "$list"
ends 0 "confidential" known info secret.tks --key key
ends 2 "is protected" scan "$demo" --notable secret.tks --out locked
ends 1 "MATCH" scan "$demo" --notable secret.tks --key key --out unlocked
[ "$(rows unlocked)" = "$(rows raw)" ] || fault "a protected set finds other files than its list"
echo "correct horse" >passphrase
"$TRIAGE" known import "$list" -o phrase.tks --notable --protect fd:3 --quiet 3<passphrase 2>/dev/null || fault "no set by a passphrase"
"$TRIAGE" known verify phrase.tks --key fd:3 3<passphrase >/dev/null || fault "the passphrase does not open its set"
"$TRIAGE" known verify phrase.tks --key fd:3 3<key >/dev/null 2>&1 && fault "another passphrase opens the set"
[ "$(stat -c %a secret.tks)" = 600 ] || fault "others may read a set"

# Damage: refused, the block named; in mid-scan the run is interrupted and can go on.
python3 - <<'PY'
data = bytearray(open("set.tks", "rb").read())
data[4096 + 9000] ^= 1
open("damaged.tks", "wb").write(data)
open("cut.tks", "wb").write(data[:-100])
PY
ends 3 "block 0 " known verify damaged.tks
ends 2 "bytes long where its superblock says" known info cut.tks
ends 2 "bytes long where its superblock says" scan "$demo" --notable cut.tks --out cut
"$TRIAGE" scan "$demo" --notable damaged.tks --out mid >out 2>err
case $? in 2 | 4) ;; *) fault "a scan with a damaged set ended with $?" ;; esac
grep -q "is damaged: block" err || fault "a scan does not say that its set is damaged: $(cat err)"

# On a terminal, long work says how far it is; elsewhere, and with --quiet, it does not.
python3 -c 'import hashlib
for i in range(400000): print(hashlib.md5(str(i).encode()).hexdigest())' >large.md5
on_terminal() { python3 -c 'import os, pty, sys; sys.exit(os.waitstatus_to_exitcode(pty.spawn(sys.argv[1:])))' "$TRIAGE" "$@" </dev/null >out; }
if ! python3 -c 'import os; os.openpty()' 2>err; then
    echo "NOT TESTED: how far work is, since there is no pseudo-terminal here: $(tail -n 1 err)"
else
    on_terminal known import large.md5 -o large.tks --notable || fault "an import on a terminal fails: $(tail -n 2 out)"
    grep -aq 'large.md5: [0-9]* %' out || fault "the reading of a list is not shown"
    grep -aq 'writing the set: [0-9]* %' out || fault "the writing of a set is not shown"
    on_terminal known verify large.tks || fault "verify on a terminal fails"
    grep -aq 'checking the set: 0 %' out || fault "the check of a set is not shown"
    on_terminal known import large.md5 -o large.tks --notable --quiet
    grep -aq '%' out && fault "--quiet shows how far an import is"
fi

# Kill -9 in the middle of an import: the old set stays, and nothing else is left.
cp set.tks kept.tks
for delay in 0.05 0.2 0.4; do
    "$TRIAGE" known import large.md5 -o kept.tks --notable >/dev/null 2>&1 &
    sleep "$delay"
    kill -9 $! 2>/dev/null
    wait $! 2>/dev/null
    "$TRIAGE" known verify kept.tks >/dev/null || fault "kill -9 after $delay s left a broken set"
done
[ "$(echo kept.tks*)" = kept.tks ] || fault "kill -9 left $(echo kept.tks*)"

# The cache keeps compiled lists, keyed by content.
ends 1 "MATCH" scan "$demo" --notable "$list" --cache --out cached
ends 1 "MATCH" scan "$demo" --notable "$list" --cache --out cached-again
[ "$(find cache -name '*.tks' | wc -l)" -eq 1 ] || fault "the cache does not hold one set"
[ "$(stat -c %a cache/triage/sets/*.tks)" = 600 ] || fault "others may read the cache"
"$TRIAGE" scan "$demo" --notable <(cat "$list") --cache --out piped >/dev/null 2>&1
[ $? -eq 1 ] || fault "a list through a pipe is not read"
[ "$(rows cached-again)" = "$(rows raw)" ] || fault "a cached list finds other files"
touch -d 2001-02-03 trivial.md5
for run in first again; do
    ends 0 "of 2001-02-03: over a year old" scan "$demo" --notable trivial.md5 --cache --out "old-$run"
    grep -q "were dropped" err || fault "the $run scan with a cached list does not say what its import said"
done
ends 0 "2 removed" known cache clear
touch not-a-folder
XDG_CACHE_HOME=$work/not-a-folder
ends 2 "the cache cannot be written" scan "$demo" --notable "$list" --cache --out uncached
XDG_CACHE_HOME=$work/cache

# A content in a notable and in an ignorable list is notable, and the finding has both matches.
head -n 1 "$list" >both.md5
ends 1 "MATCH" scan "$demo" --notable both.md5 --ignorable both.md5 --out in-both
grep -q '"polarity":"notable".*"polarity":"ignorable"' in-both/reports/findings.jsonl ||
    fault "a finding lacks one of the two matches"

# Nothing stays where temporary files go.
mkdir temporary
TMPDIR=$work/temporary
ends 0 "" known import "$list" -o set.tks --notable --name demo --set-version 7
ends 1 "MATCH" scan "$demo" --notable "$list" --out tidy
[ -z "$(ls -A temporary)" ] || fault "left among temporary files: $(ls -A temporary)"
TMPDIR=$work

# A line of 100 MB is refused whole without being held.
python3 - "$TRIAGE" "$abc" <<'PY' || fault "a line of 100 MB is not read in bounded memory"
import resource, subprocess, sys
with open("long.md5", "wb") as f:
    f.write(sys.argv[2].encode() + b"\n")
    for _ in range(100):
        f.write(b"a" * 1000000)
    f.write(b"\n" + sys.argv[2].encode()[::-1] + b"\n")
done = subprocess.run([sys.argv[1], "known", "import", "long.md5", "-o", "long.tks", "--notable", "--lenient", "--format",
                       "plain"], capture_output=True, text=True)
held = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
print(done.returncode, done.stdout, done.stderr, held) if done.returncode or held > 200000 else None
sys.exit(done.returncode != 0 or held > 200000 or "2 in use" not in done.stdout)
PY
finish
