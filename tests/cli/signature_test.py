#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Signed cases: `openssl` and `sha256sum` alone check them, as docs/case-format.md says, and no change passes."""
import json, os, re, shutil, stat, subprocess
from support import FIXTURES, ROOT, TRIAGE, decoy_list, finish, workspace

folder, faults = workspace(), []
path = lambda name: os.path.join(folder, name)


def check(holds, fault):
    if not holds:
        faults.append(fault)


def run(*arguments):
    return subprocess.run([TRIAGE, *arguments], cwd=folder, capture_output=True, text=True, stdin=subprocess.DEVNULL, timeout=60)


def shell(command, where="."):
    return subprocess.run(["bash", "-c", command], cwd=path(where), capture_output=True, text=True)


def flip(name, position=40):
    os.chmod(path(name), 0o600)
    with open(path(name), "r+b") as file:
        file.seek(position)
        byte = file.read(1)
        file.seek(position)
        file.write(bytes([byte[0] ^ 1]))


# Keys: private ones are for their owner alone and never written over.
made = run("keygen", "key", "--json")
check(made.returncode == 0, f"keygen: {made.stderr}")
check(stat.S_IMODE(os.stat(path("key")).st_mode) == 0o600, "the private key is not 0600")
fingerprint = shell("openssl pkey -pubin -in key.pub -outform DER | sha256sum").stdout.split()[0]
check(json.loads(made.stdout)["fingerprint"] == fingerprint, f"openssl says {fingerprint}: {made.stdout}")
check("ED25519 Private-Key" in shell("openssl pkey -in key -text -noout").stdout, "openssl does not read the key")
before = open(path("key")).read()
for name, leftover in (("key", None), ("other", "other.pub"), ("link", "link")):
    if leftover == "link":
        os.symlink("nowhere", path("link"))
    elif leftover:
        open(path(leftover), "w").close()
    done = run("keygen", name)
    check(done.returncode == 2 and "exists" in done.stderr, f"keygen {name}: {done.returncode}, {done.stderr}")
check(open(path("key")).read() == before and not os.path.exists(path("other")) and not os.path.exists(path("nowhere")),
      "keygen wrote over or beside an existing key")
open(path("word"), "w").write("correct horse\n")
open(path("wrong"), "w").write("correct house\n")
check(run("keygen", "locked", "--passphrase", "word").returncode == 0, "keygen with a passphrase fails")
check(shell("openssl pkey -in locked -passin file:word -noout").returncode == 0, "openssl does not open the protected key")
check(shell("openssl pkey -in locked -passin file:wrong -noout").returncode != 0, "openssl opens it with any passphrase")
run("keygen", "stranger")

# A key that others can read, or that is none, is refused before a case is made.
scan = ["scan", os.path.join(FIXTURES, "fat16.img"), "--notable", decoy_list(), "--quiet"]
shutil.copy(path("key"), path("open"))
os.chmod(path("open"), 0o640)
shell("openssl genpkey -algorithm X25519 -out x25519; chmod 600 x25519; touch empty; chmod 600 empty")
for key, more, why in (("open", [], "others"), ("nothing", [], "No such file"), ("x25519", [], "no Ed25519"), ("empty", [], "no Ed25519"),
                       ("locked", ["--sign-passphrase", "wrong"], "passphrase"), ("locked", [], "terminal")):
    done = subprocess.run([TRIAGE, *scan, "--out", "refused", "--sign", key, *more], cwd=folder, capture_output=True, text=True,
                          stdin=subprocess.DEVNULL, start_new_session=True)
    check(done.returncode == 2 and why in done.stderr, f"--sign {key}: {done.returncode}, {done.stderr}")
check(not os.path.exists(path("refused")), "a refused key left a case")

done = run(*scan, "--out", "case", "--sign", "locked", "--sign-passphrase", "word")
check(done.returncode in (0, 3), f"scan --sign: {done.returncode}, {done.stderr}")
done = run("report", "case", "--report", "text", "--sign", "locked", "--sign-passphrase", "word")
check(done.returncode == 0, f"report --sign: {done.stderr}")
run(*scan, "--out", "plain")

# The commands of the page, as they stand there.
page = open(os.path.join(ROOT, "docs/case-format.md"), encoding="utf-8").read()
section = page[page.index("### Checking a signature"):]
commands = re.search(r"```\n(.*?)```", section, re.S)[1].replace("SIGNER.pub", path("locked.pub"))
done = shell("set -e\n" + commands, "case")
check(done.returncode == 0 and "Signature Verified Successfully" in done.stdout, f"openssl alone: {done.stdout}{done.stderr}")
check(f"{shell('openssl pkey -pubin -in locked.pub -outform DER | sha256sum').stdout.split()[0]}" in done.stdout, "no fingerprint")
check("case.sqlite: OK" in done.stdout, f"sha256sum alone: {done.stdout}")
done = shell("openssl pkeyutl -verify -rawin -pubin -inkey ../../locked.pub -in manifest.json -sigfile manifest.json.sig", "case/reports-2")
check(done.returncode == 0, f"openssl on a later render: {done.stdout}{done.stderr}")


def verify(name, *arguments):
    done = run("verify", name, "--json", *arguments)
    return done.returncode, json.loads(done.stdout) if done.stdout else done.stderr


locked = shell("openssl pkey -pubin -in locked.pub -outform DER | sha256sum").stdout.split()[0]
for arguments in [], ["--signer", "locked.pub"]:
    code, said = verify("case", *arguments)
    check(code == 0 and said["signer"] == locked, f"verify {arguments}: {said}")
check("accidental change only" in run("verify", "plain").stdout, "an unsigned case is not called so")
# The written seal, as the scan printed it or as sha256sum does.
seal = shell("sha256sum plain/manifest.json").stdout.split()[0]
groups = " ".join(seal[i:i + 8] for i in range(0, 64, 8))
for given in seal, groups, groups.upper(), groups.replace(" ", "\t") + "\n":
    done = run("verify", "plain", "--seal", given)
    check(done.returncode == 0 and f"Seal: {groups}, as it was given" in done.stdout and "accidental" not in done.stdout, f"--seal {given}: {done.stdout}{done.stderr}")
code, said = verify("plain", "--seal", "0" * 64)
check(code == 3 and said["seal"] == seal and said["broken"] == ["manifest.json is not of the given seal"], f"another seal: {said}")
for arguments in ["--seal", seal[1:]], ["--seal", ""], ["--signer", ""]:
    check(run("verify", "plain", *arguments).returncode == 2, f"{arguments} is taken for a seal or a key")
# A later render, which anybody can make, is vouched for by its own seal alone.
rendered = json.loads(run("report", "plain", "--report", "text", "--json").stdout)["seal"]
code, said = verify("plain", "--seal", seal)
check(code == 3 and len(said["broken"]) == 1 and said["broken"][0].startswith("reports-2, rendered later, is not of a given seal"), f"a later render of no seal: {said}")
code, said = verify("plain", "--seal", rendered, "--seal", seal)
check(code == 0 and said["renders"] == [{"folder": "reports-2", "seal": rendered, "signer": None}], f"both seals: {said}")
shutil.rmtree(path("plain/reports-2"))
code, said = verify("plain", "--seal", seal, "--seal", rendered)
check(code == 3 and "is of nothing here" in said["broken"][0], f"a render that was taken away: {said}")
check("anybody could have put it" in run("verify", "case").stdout, "a key beside the case is taken for the signer's")
code, said = verify("plain", "--signer", "locked.pub")
check(code == 3 and "no signature" in said["broken"][0], f"an unsigned case passes for a signed one: {said}")
code, said = verify("case", "--signer", "stranger.pub")
check(code == 3 and "given key" in said["broken"][0], f"wrong key: {said}")
code, said = verify("case", "--signer", "word")
check(code == 2 and "no Ed25519" in said, f"a key that is none: {said}")


# What a stranger adds to a signed case is not called signed by whoever signed that.
for name, more, said_of_it in ("mixed", ["--sign", "stranger"], "is signed by another key"), ("bare", [], "is not signed"):
    shutil.copytree(path("case"), path(name))
    check(run("report", name, "--report", "text", *more).returncode == 0, f"report of {name}")
    code, said = verify(name)
    check(code == 0 and said["renders"][0]["signer"] == said["signer"] == locked and said["renders"][1]["signer"] != locked, f"{name}: {said}")
    words = run("verify", name).stdout
    check(f"reports-3, rendered later, {said_of_it}" in words and "sealed and signed" not in words, f"{name}: {words}")
    check(verify(name, "--signer", "locked.pub")[0] == 3, f"{name} passes for signed throughout")


def broken(change, expected, *arguments):
    """What verify says of a copy of the case after `change`."""
    shutil.rmtree(path("copy"), ignore_errors=True)
    shutil.copytree(path("case"), path("copy"))
    change()
    code, said = verify("copy", *arguments)
    check(code == 3 and said["signer"] is None and expected in " ".join(said["broken"]), f"{expected}, {arguments}: {code}, {said}")


remove = lambda *names: lambda: [os.remove(path("copy/" + name)) for name in names]
demanded = ["--signer", "locked.pub"]
for arguments in [], demanded:
    broken(lambda: flip("copy/manifest.json.sig"), "manifest.json is not what", *arguments)
    broken(lambda: flip("copy/manifest.json"), "manifest.json", *arguments)
    broken(remove("manifest.json.sig"), "has no signature", *arguments)
    broken(remove("manifest.json.sig", "manifest.json.pub"), "has no signature", *arguments)
    broken(remove("reports-2/manifest.json.sig", "reports-2/manifest.json.pub"), "reports-2/manifest.json has no signature", *arguments)
    broken(lambda: flip("copy/reports-2/manifest.json.sig"), "reports-2/manifest.json is not what", *arguments)
    broken(lambda: open(path("copy/manifest.json.sig"), "ab").write(b"x") and None, "manifest.json is not what", *arguments)
    # No manifest lists the key beside the signature: a demanded one says what it must be.
    broken(remove("manifest.json.pub"), "manifest.json.pub is missing or is no Ed25519 public key", *arguments)
    broken(lambda: os.truncate(path("copy/manifest.json.pub"), os.path.getsize(path("copy/manifest.json.pub")) - 1), "is no Ed25519 public key", *arguments)
broken(lambda: shutil.copy(path("stranger.pub"), path("copy/manifest.json.pub")), "the key beside it")
broken(lambda: shutil.copy(path("stranger.pub"), path("copy/manifest.json.pub")), "manifest.json.pub is not the given key", *demanded)


def rewrite():
    """A forger who makes manifest, seal and signature anew with a key of his own."""
    text = open(path("copy/manifest.json")).read()
    stranger = shell("openssl pkey -pubin -in stranger.pub -outform DER | sha256sum").stdout.split()[0]
    open(path("copy/manifest.json"), "w").write(text.replace(locked, stranger).replace('"version": 1', '"version":  1'))
    shell("openssl pkeyutl -sign -rawin -inkey ../stranger -in manifest.json -out manifest.json.sig; cp ../stranger.pub manifest.json.pub;"
          "rm -r reports-2", "copy")


shutil.copytree(path("case"), path("copy"), dirs_exist_ok=True)
broken(rewrite, "given key", *demanded)
code, said = verify("copy")
check(code == 0 and said["signer"] != locked, f"a forger's own signature is not named as his: {said}")


def strip():
    """Signature gone, and the manifest says nothing of one."""
    text = open(path("copy/manifest.json")).read()
    open(path("copy/manifest.json"), "w").write(re.sub(r'  "signer": "\w+",\n', "", text))
    shell("rm -r manifest.json.sig manifest.json.pub reports-2", "copy")


broken(strip, "has no signature", *demanded)
check("accidental change only" in run("verify", "copy").stdout, "a stripped case is not called unsigned")
finish(faults, "signatures")
