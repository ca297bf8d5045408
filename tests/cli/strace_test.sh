#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Evidence is opened read-only and nothing else; no process of a scan asks for a socket; nothing is written beside it.
. "$(dirname "${BASH_SOURCE[0]}")/common.sh"
need_fixtures
command -v strace >/dev/null || { echo "SKIPPED: no strace"; exit 77; }
strace -o /dev/null true 2>/dev/null || { echo "SKIPPED: strace may not trace here"; exit 77; }

mkdir "$work/evidence"
cp "$fixtures"/{gpt.img,ewf-split.E0?,split.00?} "$work/evidence"
before=$(cd "$work/evidence" && sha256sum -- * && stat -c '%n %Y %Z' -- *)
for name in gpt.img ewf-split.E01 split.001; do
    trace="$work/$name.trace"
    strace -f -qq -s 4096 -o "$trace" -e trace=file,network,ftruncate,fchmod,fchown,futimesat \
        "$TRIAGE" scan "$work/evidence/$name" --out "$work/case-$name" --quiet >"$work/log" 2>&1
    case $? in 0 | 3) ;; *) fault "$name: $(tail -n 3 "$work/log")" ;; esac

    stem=${name%.*}
    opened=$(grep -E "^[0-9]+ +open(at|at2|)\(.*/evidence/$stem\." "$trace" | grep -v ENOENT)
    [ -n "$opened" ] || fault "$name: the trace shows no open of the evidence; the test sees nothing"
    bad=$(echo "$opened" | grep -E 'O_WRONLY|O_RDWR|O_CREAT|O_TRUNC|O_APPEND' || true)
    [ -z "$bad" ] || fault "$name: opened for writing: $bad"
    bad=$(grep -E "^[0-9]+ +(unlink|rename|mkdir|link|chmod|chown|utime|truncate|setxattr)[a-z0-9]*\(.*/evidence/" "$trace" || true)
    [ -z "$bad" ] || fault "$name: changed beside the evidence: $bad"
    bad=$(grep -E '^[0-9]+ +(socket|socketpair|connect|bind|sendto)\(' "$trace" | head -n 5)
    [ -z "$bad" ] || fault "$name: asked for a socket: $bad"
done
[ "$before" = "$(cd "$work/evidence" && sha256sum -- * && stat -c '%n %Y %Z' -- *)" ] || fault "the evidence has changed"
finish
