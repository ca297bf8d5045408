#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# The packages hold what they need: the tar scans where there is nothing but the libraries of packaging/stock-libraries, as
# an unprivileged user without network, and finds what the built program finds; the .deb says what it depends on.
# usage: package_test.sh            in a root directory made of this machine's files; offline
#        package_test.sh minbase    in a Debian 12 made by debootstrap, into which the .deb is then installed; needs root
#                                   and the mirrors of Debian
. "$(dirname "${BASH_SOURCE[0]}")/common.sh"
export PATH="$PATH:/usr/sbin:/sbin" LC_ALL=C.UTF-8
chmod 755 "$work" && cd "$work" || exit 1
build=$(dirname "$TRIAGE")
skip() { echo "SKIPPED: $*"; exit 77; }
[ -z "$(readelf -d "$TRIAGE" | grep -E 'lib(asan|tsan|ubsan)')" ] || skip "a sanitizer build is no package"

"$root/packaging/make" "$build" packages >made || { fault "packaging/make failed"; finish; }
(cd packages && sha256sum --quiet -c SHA256SUMS) || fault "SHA256SUMS is not of these files"
tar=$(echo packages/*.tar.gz) deb=$(echo packages/*.deb)

# --- the root directory, and a way into it
bare=$work/root
home="/home/visit laptop" # $ORIGIN with a space in it
if [ "${1-}" = minbase ]; then
    [ "$(id -u)" -eq 0 ] || skip "debootstrap needs root"
    command -v debootstrap >/dev/null || skip "no debootstrap"
    # In a name space of its own: it mounts /proc there, which no clean-up of an interrupted test must walk into.
    unshare --mount --propagation private debootstrap --variant=minbase bookworm "$bare" >debootstrap.log 2>&1 ||
        skip "no Debian by debootstrap: $(tail -n 1 debootstrap.log)"
else
    ldd "$TRIAGE" | grep -oE '/[^ ]+' | sort -u >loaded
    while read -r name; do
        case $name in '' | '#'*) continue ;; esac
        path=$(grep -m1 "/$name\$" loaded) || { fault "packaging/stock-libraries names $name, which nothing loads"; continue; }
        install -D "$path" "$bare$path"
    done <"$root/packaging/stock-libraries"
fi
mkdir -p "$bare$home" "$bare/proc" "$bare/dev" "$bare/var/tmp" "$bare/tmp"
chmod 1777 "$bare/var/tmp" "$bare/tmp"
[ -e "$bare/dev/null" ] || : >"$bare/dev/null"
tar -C "$bare$home" --no-same-owner -xzf "$tar" || fault "the tar does not unpack"
cp -p "$root/fixtures/demo/demo.E01" "$root/fixtures/demo/demo-notable.md5" "$bare$home"
prefix=$(cd "$bare$home" && echo triage-*)
inner="$home/$prefix/bin/triage"
[ "$(id -u)" -ne 0 ] || chown -R 65534:65534 "$bare$home"

# Without network, environment and rights, in name spaces of its own: as root by chroot, else by a user name space.
as_user=() spaces=(unshare --mount --pid --fork --net)
[ "$(id -u)" -ne 0 ] && spaces+=(--user --map-root-user) || as_user=(--userspec=65534:65534)
inside() {
    "${spaces[@]}" sh -c 'mount -t proc proc "$0/proc" && mount --bind /dev/null "$0/dev/null" && exec "$@"' "$bare" \
        env -i "$(command -v chroot)" "${as_user[@]}" "$bare" "$@"
}
inside "$inner" --version >version 2>err ||
    { grep -q 'unshare\|mount' err && skip "no name spaces here: $(head -n 1 err)"; fault "it does not start: $(cat err)"; finish; }
"$TRIAGE" --version | cmp - version || fault "another version: $(cat version)"

# --- the tar: the same findings, the same layers of the sandbox, every check of the self-test
"$TRIAGE" scan "$root/fixtures/demo/demo.E01" --notable "$root/fixtures/demo/demo-notable.md5" --out here --quiet
[ $? -eq 1 ] || fault "the built program does not end with 1"
same_as_here() { # PROGRAM CASE
    local code
    inside "$1" scan "$home/demo.E01" --notable "$home/demo-notable.md5" --out "$home/$2" --quiet 2>err
    code=$?
    [ "$code" -eq 1 ] || fault "$1: exit code $code, should be 1: $(cat err)"
    for report in entries findings problems; do
        cmp "here/reports/$report.jsonl" "$bare$home/$2/reports/$report.jsonl" || fault "$1: other $report"
    done
    [ -s "$bare$home/$2/reports/entries.jsonl" ] || fault "$1: no entries"
    [ "$(grep -o '"sandbox":.*' here/reports/summary.json)" = "$(grep -o '"sandbox":.*' "$bare$home/$2/reports/summary.json")" ] ||
        fault "$1: another sandbox"
    inside "$1" selftest >record 2>err || fault "$1: the self-test ends with $?: $(cat err; grep -A2 '^  - ' record)"
}
same_as_here "$inner" case

# What only libmagic tells, by the database that travels with the tar.
echo 'rules: [{name: text, when: {type: text/*}, severity: info, text: t}]' | tee types.yaml >"$bare$home/types.yaml"
"$TRIAGE" scan "$root/fixtures/demo/demo.E01" --config types.yaml --out types --quiet
inside "$inner" scan "$home/demo.E01" --config "$home/types.yaml" --out "$home/types" --quiet 2>err
[ $? -eq 3 ] || fault "types: not 3: $(cat err)"
cmp types/reports/entries.jsonl "$bare$home/types/reports/entries.jsonl" || fault "other types"
grep -q '"type_by_libmagic":"text/' types/reports/entries.jsonl || fault "no type by libmagic"
grep -q "$home/$prefix/share/triage/magic.mgc" "$bare$home/types/audit.jsonl" || fault "another database"

# The five functions that stand in for libtsk's are bound to the program, and every library that is not stock is its own.
where="$bare$home/$prefix"
LD_DEBUG=bindings LD_BIND_NOW=1 "$where/bin/triage" --version 2>bindings >/dev/null
for name in tsk_fs_dir_add tsk_fs_dir_contains tsk_list_add tsk_list_find tsk_list_free; do
    grep -q "file $where/bin/../lib/triage/libtsk.* to $where/bin/triage .*\`$name'" bindings || fault "libtsk does not use our $name"
done
ldd "$where/bin/triage" | awk '$2 == "=>" {print $1, $3 " " $4}' | while read -r soname path; do
    case $path in "$where"/*) continue ;; esac
    grep -qxF "$soname" "$root/packaging/stock-libraries" || echo "$soname $path"
done >foreign
[ ! -s foreign ] || fault "libraries from elsewhere: $(cat foreign)"
readelf -d "$where/bin/triage" | grep -q 'RPATH.*\[$ORIGIN/../lib/triage\]' || fault "another RPATH: $(readelf -d "$where/bin/triage" | grep -i path)"
documents=$where/share/doc/triage
for file in LICENSE README.md LIBRARIES.tsv docs/user-guide.md config/profiles/default.yaml config/rules/notable-match.yaml \
    licences/libtsk19/copyright licences/libssl3/copyright licences/libmagic-mgc/copyright; do
    [ -s "$documents/$file" ] || fault "the tar has no $file"
done
grep -q "$(sed -n 's/^build //p' version)" "$where/BUILD.txt" || fault "BUILD.txt names another build"
tail -n +2 "$documents/LIBRARIES.tsv" | while IFS=$'\t' read -r name package _ _ _ sum; do
    [ "$(sha256sum "$where/lib/triage/$name" | cut -c1-64)" = "$sum" ] || echo "$name: another SHA-256"
    [ -s "$documents/licences/$package/copyright" ] || echo "$name: no licence"
done >wrong
[ ! -s wrong ] || fault "$(cat wrong)"
[ "$(tail -n +2 "$documents/LIBRARIES.tsv" | wc -l)" = "$(find "$where/lib/triage" -type f | wc -l)" ] || fault "LIBRARIES.tsv is not of lib/triage"

# --- the .deb
dpkg-deb -f "$deb" >fields
for field in "Package: triage" "Architecture: $(dpkg --print-architecture)" "Version: $(sed -n 's/^triage //p' version)" \
    "Depends: .*libc6 .*libtsk19 " "Maintainer: .* <.*@.*>"; do
    grep -Eq "^$field" fields || fault "the .deb does not say '$field'"
done
dpkg-deb -c "$deb" >content
grep -qv '^[d-][rwx-]* root/root' content && fault "not all of the .deb is root's: $(grep -v root/root content)"
for file in usr/bin/triage usr/share/doc/triage/copyright usr/share/doc/triage/changelog.gz usr/share/triage/magic.mgc; do
    grep -q " ./$file\$" content || fault "the .deb has no $file"
done
dpkg-deb -x "$deb" installed
readelf -d installed/usr/bin/triage | grep -i 'R.*PATH' && fault "the program of the .deb looks elsewhere for libraries"
installed/usr/bin/triage --version | cmp - version || fault "the .deb holds another build"

if [ "${1-}" = minbase ]; then
    inside /usr/bin/env true || fault "the Debian of debootstrap does not start"
    cp /etc/resolv.conf "$bare/etc/resolv.conf"
    cp "$deb" "$bare/tmp/triage.deb"
    chroot "$bare" sh -c 'apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends /tmp/triage.deb' \
        >install.log 2>&1 || fault "the .deb does not install: $(tail -n 5 install.log)"
    same_as_here /usr/bin/triage installed-case
    chroot "$bare" dpkg -P triage >/dev/null 2>&1 || fault "the .deb does not go away"
    [ ! -e "$bare/usr/bin/triage" ] && [ ! -e "$bare/usr/share/doc/triage" ] || fault "the .deb leaves something behind"
fi
finish
