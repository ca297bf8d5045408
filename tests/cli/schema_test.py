#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The JSON Schema of configurations, by a validator that is not ours: it takes what `triage config check` takes, and
refuses what the schema can see."""
import glob, json, os, subprocess, tempfile
from support import ROOT, SKIPPED, TRIAGE, finish, workspace

try:
    import jsonschema, yaml
except ImportError as missing:
    print(f"SKIPPED: {missing}: ./bootstrap packages")
    raise SystemExit(SKIPPED)

faults = []


class Loader(yaml.SafeLoader):
    """YAML 1.2 as the program reads it: dates are texts, and so are yes and no."""


Loader.yaml_implicit_resolvers = {first: [(tag, regex) for tag, regex in rows if "timestamp" not in tag and "bool" not in tag]
                                  for first, rows in yaml.SafeLoader.yaml_implicit_resolvers.items()}
Loader.add_implicit_resolver("tag:yaml.org,2002:bool", __import__("re").compile("^(true|false)$"), list("tf"))


def schema(*arguments):
    text = subprocess.run([TRIAGE, "config", "schema", *arguments], capture_output=True, check=True, text=True).stdout
    result = json.loads(text)
    jsonschema.Draft202012Validator.check_schema(result)
    return jsonschema.Draft202012Validator(result)


def load(text):
    return yaml.load(text, Loader)


def is_taken(text):
    with tempfile.NamedTemporaryFile("w", suffix=".yaml", dir=workspace()) as file:
        file.write(text), file.flush()
        return subprocess.run([TRIAGE, "config", "check", file.name], capture_output=True).returncode == 0


keys, rules = schema(), schema("--rules")
for path in sorted(glob.glob(os.path.join(ROOT, "config/profiles/*.yaml"))):
    faults += [f"{path}: {error.message}" for error in keys.iter_errors(load(open(path).read()))]
for path in sorted(glob.glob(os.path.join(ROOT, "config/rules/*.yaml"))):
    faults += [f"{path}: {error.message}" for error in rules.iter_errors(load(open(path).read()))]
for profile in "default", "home-visit", "lab-full", "quick":
    shown = subprocess.run([TRIAGE, "config", "show", "--profile", profile], capture_output=True, check=True, text=True).stdout
    faults += [f"shown {profile}: {error.message}" for error in keys.iter_errors(load(shown))]

GOOD = ["", "next_step: {match: Call the unit.}", "entries.size_gate: true", "threads: 2", "limits.depth: 5", "limits: {depth: 5}", "reports.jsonl.entries: false", "reports.redact: [names]", "reports.jsonl: {entries: true}", "limits:", "hash: {algorithms: [md5], engine: openssl}",
        "rules: [notable-match]", "rules: []",
        "rules: [{name: a, when: {size: 10 MiB, modified: {after: 2024-05-01, newer_than: 30 days}}, severity: info, text: t}]",
        "rules: [{name: a, when: {any: [{type: image/*}, {not: {match: {category: 1, digests: 2}}}]}, severity: info, text: t, tags: x}]",
        "rules: [{name: a, when: {extension: [jpg, 7z]}, priority: 0}, {name: b, when: {path: '/x/**'}, skip: true}]",
        "rules: [{name: a, when: {type: [text/*, application/vnd.ms-excel, Font/woff2]}, severity: info, text: t}]",
        "rules: [{name: a, when: {entropy: {min: 7.9}}, severity: notice, text: t, stop_after: 3}]"]
BAD = ["reports.plugin.paths: [a.so]", "reports.plugin.paths: [/a/b]", "reports.plugin.paths: [/a/.so]", "reports.plugin.seconds: 0",
       "thread: 2", "next_step: {match: [a]}", "next_step: {never: a}", "limits.time_seconds: -1", "threads: many", "threads: 2000", "limits: {deepth: 5}", "reports.jsonl: {entry: true}", "reports.jsonl.entries: 1", "reports.redact: [paths]", "reports.jsnol.entries: true", "reports: {jsonl: {entries: true}}", "hash: {algorithms: []}", "hash: {engine: fast}",
       "profile: fast", "entries: {deleted: 1}", "rules: notable-match", "- threads", "worker: 3",
       "rules: [{name: A, when: {size: 1}, severity: info, text: t}]", "rules: [{name: a, when: {}, severity: info, text: t}]",
       "rules: [{name: a, when: {sise: 1}, severity: info, text: t}]", "rules: [{name: a, when: {size: big}, severity: info, text: t}]",
       "rules: [{name: a, when: {size: 1}}]", "rules: [{name: a, when: {size: 1}, severity: info}]",
       "rules: [{name: a, when: {size: 1}, severity: loud, text: t}]", "rules: [{name: a, when: {state: gone}, priority: 1}]",
       "rules: [{name: a, when: {size: 1}, priority: 10}]", "rules: [{name: a, when: {type: picture}, severity: info, text: t}]",
       "rules: [{name: a, when: {type: 'text/x;charset=y'}, severity: info, text: t}]", "rules: [{name: a, when: {type: '*/*'}, severity: info, text: t}]",
       "rules: [{name: a, when: {match: {digests: 4}}, severity: info, text: t}]",
       "rules: [{name: a, when: {all: []}, severity: info, text: t}]", "rules: [{name: a, when: {entropy: {min: 9}}, severity: info, text: t}]",
       "rules: [{name: a, when: {created: {after: yesterday}}, severity: info, text: t}]"]
for text, wanted in [(text, True) for text in GOOD] + [(text, False) for text in BAD]:
    if keys.is_valid(load(text)) != wanted:
        faults.append(f"the schema {'refuses' if wanted else 'takes'}: {text}")
    if is_taken(text) != wanted:
        faults.append(f"the program {'refuses' if wanted else 'takes'}: {text}")
finish(faults, f"the schema of configurations, {len(GOOD)} good and {len(BAD)} bad ones")
