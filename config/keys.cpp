// SPDX-License-Identifier: Apache-2.0
#include "config/keys.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "config/suggest.h"

namespace triage {
namespace {

// Only rules and the profile have defaults that are no option: their texts for the documentation.
std::string text_default(const Key& key) { return key.name == "profile" ? "default" : "[notable-match, order]"; }

template <class... F>
struct Cases : F... {
    using F::operator()...;
};
template <class... F>
Cases(F...) -> Cases<F...>;

[[noreturn]] void fail_type(const Key& key, const YamlNode& node) {
    const std::string found =
        node.kind == YamlNode::Kind::scalar ? quoted(node.text) : std::string(to_string(node.kind));
    fail_at(node.place, fmt::format("{} is {}; found {}", key.name, type_of(key), found));
}

bool to_bool(const Key& key, const YamlNode& node) {
    if (node.kind == YamlNode::Kind::scalar && node.is_plain) {
        if (node.text == "true") return true;
        if (node.text == "false") return false;
    }
    fail_type(key, node);
}

std::uint64_t to_number(const Key& key, const YamlNode& node) {
    if (node.kind != YamlNode::Kind::scalar || !node.is_plain) fail_type(key, node);
    std::uint64_t number = 0;
    const char *first = node.text.data(), *last = first + node.text.size();
    const auto [end, error] = std::from_chars(first, last, number);
    if (error != std::errc{} || end != last || number < key.lowest || number > key.highest) fail_type(key, node);
    return number;
}

// A command may say the same word twice.
bool is_command(const Key& key) { return key.name == "reports.exec.command"; }

std::vector<std::string> to_list(const Key& key, const YamlNode& node) {
    if (node.kind != YamlNode::Kind::list) fail_type(key, node);
    std::vector<std::string> words;
    for (const YamlNode& item : node.items) {
        if (item.kind != YamlNode::Kind::scalar || item.text.empty()) fail_type(key, item);
        if (!is_command(key) && std::find(words.begin(), words.end(), item.text) != words.end())
            fail_at(item.place, fmt::format("{} names {} twice", key.name, quoted(item.text)));
        words.push_back(item.text);
    }
    return words;
}

std::vector<std::string> algorithm_words() {
    std::vector<std::string> words;
    for (const Algorithm a : all_algorithms) words.emplace_back(to_string(a));
    return words;
}

AlgorithmSet to_algorithms(const Key& key, const YamlNode& node) {
    const auto words = to_list(key, node);
    const auto known = algorithm_words();
    AlgorithmSet set;
    for (std::size_t i = 0; i < words.size(); ++i) {
        const auto at = std::find(known.begin(), known.end(), words[i]);
        if (at == known.end())
            fail_at(node.items[i].place,
                    fmt::format("unknown algorithm {}; {}", quoted(words[i]), suggestion(words[i], known)));
        set.add(all_algorithms[static_cast<std::size_t>(at - known.begin())]);
    }
    if (set.empty()) fail_at(node.place, fmt::format("{} is {}; found an empty list", key.name, type_of(key)));
    return set;
}

Redaction to_redaction(const Key& key, const YamlNode& node) {
    const auto words = to_list(key, node);
    Redaction redaction;
    for (std::size_t i = 0; i < words.size(); ++i) {
        if (words[i] == "names") redaction.names = true;
        else if (words[i] == "labels") redaction.labels = true;
        else
            fail_at(node.items[i].place, fmt::format("{} does not leave out {}; {}", key.name, quoted(words[i]),
                                                     suggestion(words[i], {"names", "labels"})));
    }
    return redaction;
}

std::string to_text(const Key& key, const YamlNode& node) {
    if (node.kind != YamlNode::Kind::scalar || node.text.size() > key.highest) fail_type(key, node);
    return node.text;
}

template <class Choice>
Choice to_choice(const Key& key, const YamlNode& node, std::initializer_list<Choice> choices) {
    for (const Choice choice : choices)
        if (node.kind == YamlNode::Kind::scalar && node.text == to_string(choice)) return choice;
    fail_type(key, node);
}

std::string list_of(const std::vector<std::string>& words) {
    std::vector<std::string> written;
    for (const std::string& word : words) written.push_back(to_yaml(word));
    return fmt::format("[{}]", fmt::join(written, ", "));
}

std::string list_of(AlgorithmSet set) {
    std::vector<std::string> words;
    for (const Algorithm a : all_algorithms)
        if (set.has(a)) words.emplace_back(to_string(a));
    return list_of(words);
}

std::string list_of(const Redaction& redaction) {
    std::vector<std::string> words;
    if (redaction.names) words.emplace_back("names");
    if (redaction.labels) words.emplace_back("labels");
    return list_of(words);
}

// A cell of a Markdown table.
std::string cell(std::string_view text) {
    std::string escaped;
    for (const char c : text) escaped += c == '|' ? std::string("\\|") : std::string(1, c);
    return escaped;
}

}  // namespace

const std::vector<Key>& key_table() {
    static const std::vector<Key> table{
        {"profile", nullptr, "The built-in profile that the other keys start from.",
         "In a file it takes the place of --profile."},
        {"hash.algorithms", [](ScanOptions& o) -> Field { return &o.algorithms; },
         "The digests that are computed of every content.",
         "A list whose records have only digests that are not computed is refused."},
        {"hash.engine", [](ScanOptions& o) -> Field { return &o.hash_engine; },
         "What computes the digests: vector kernels where they are faster, checked by OpenSSL, or OpenSSL alone.",
         "Changes the speed, never the result."},
        {"entries.deleted", [](ScanOptions& o) -> Field { return &o.walk.deleted; }, "Examine deleted entries.",
         "If false, deleted content is not compared; the verdict says so."},
        {"entries.orphans", [](ScanOptions& o) -> Field { return &o.walk.orphans; },
         "Look for entries whose directory is gone.",
         "If false, the long search for them is left out; the verdict says so."},
        {"entries.sparse", [](ScanOptions& o) -> Field { return &o.examine_sparse; },
         "Examine streams that are nearly all hole (holes over 1 GiB and 16 times the stored bytes).",
         "If true, each is hashed in full, up to limits.hole_bytes; a TiB takes OpenSSL 20 to 40 minutes."},
        {"entries.size_gate", [](ScanOptions& o) -> Field { return &o.size_gate; },
         "Leave contents unread whose size no notable record has: they cannot match.",
         "Holds only where every notable record has a size, none is 0, and no hash has two; otherwise all is read, and "
         "the verdict says why. Of what is left out the first bytes are read where a rule of severity asks for the "
         "type; rules that need whole contents are not decided, and the verdict says so. Not with the profile "
         "lab-full."},
        {"evidence.verify", [](ScanOptions& o) -> Field { return &o.verify_evidence; },
         "Read the whole media and compare with the digests that its container stores, or compute its SHA-256.",
         "If true, a pass over all evidence at the end; a digest that differs forbids exit code 0."},
        {"limits.time_seconds", [](ScanOptions& o) -> Field { return &o.time_seconds; },
         "Seconds from the start of the command after which the run stops; 0: no limit.",
         "What was not reached is not checked; the case can be resumed, without the limit.", 0,
         std::numeric_limits<std::uint32_t>::max()},
        {"limits.matches", [](ScanOptions& o) -> Field { return &o.most_matches; },
         "Notable contents found after which the run stops; 0: no limit.",
         "What was not reached is not checked; the case can be resumed, without the limit."},
        {"limits.depth", [](ScanOptions& o) -> Field { return &o.walk.depth; },
         "Directories below the root that are walked.", "What lies deeper is capped and reported.", 1, 10'000},
        {"limits.entries", [](ScanOptions& o) -> Field { return &o.walk.entries; }, "Entries of one volume.",
         "Further ones are capped and reported.", 1, 1'000'000'000'000},
        {"limits.orphan_entries", [](ScanOptions& o) -> Field { return &o.walk.orphan_entries; },
         "Orphan entries of one volume.", "Further ones are capped and reported.", 1, 1'000'000'000'000},
        {"limits.orphan_volume_factor", [](ScanOptions& o) -> Field { return &o.walk.orphan_volume_factor; },
         "Bytes of orphan entries, in multiples of their volume.", "Further ones are capped and reported.", 1,
         1'000'000},
        {"limits.hole_bytes", [](ScanOptions& o) -> Field { return &o.hole_bytes; },
         "Bytes of holes that are hashed in the contents of one volume, and of blocks that several contents share, "
         "besides as many as the volume has bytes.",
         "Contents that go beyond are skipped for the reason limit, and reported as capped.", 0,
         1'000'000'000'000'000'000},
        {"threads", [](ScanOptions& o) -> Field { return &o.threads; },
         "Threads that read and hash; 0 is the processors available.", "Changes the speed, never the result.", 0, 1024},
        {"memory_mib", [](ScanOptions& o) -> Field { return &o.memory_mib; },
         "Memory that the program itself may take, about, in MiB; workers have their own.",
         "Entries that do not fit wait on disk, in the case directory.", 64, 1'048'576},
        {"reports", [](ScanOptions& o) -> Field { return &o.reports; }, "The reports that are written.",
         "summary.json is always written; a report can be made later with `triage report`."},
        {"reports.redact", [](ScanOptions& o) -> Field { return &o.report_options.redact; },
         "What no report says: names (paths, streams, labels of volumes), labels (of records in lists).",
         "Every report then calls itself a disclosure copy; the store holds everything all the same."},
        {"reports.jsonl.entries", [](ScanOptions& o) -> Field { return &o.report_options.jsonl.entries; },
         "Write entries.jsonl, a line for each entry.",
         "If false, the report jsonl is findings.jsonl and problems.jsonl; the store holds the entries all the same."},
        {"reports.csv.entries", [](ScanOptions& o) -> Field { return &o.report_options.csv.entries; },
         "Write entries.csv, a line for each entry.",
         "If false, the report csv is findings.csv and problems.csv; the store holds the entries all the same."},
        {"reports.case.entries", [](ScanOptions& o) -> Field { return &o.report_options.case_graph.entries; },
         "Of which entries report.jsonld tells: of those with a finding, or of all.",
         "If all, the file takes some 3 KB an entry, and few programs can load a graph of millions."},
        {"reports.html.laboratory", [](ScanOptions& o) -> Field { return &o.report_options.html.laboratory; },
         "The laboratory, for report.html.", "Empty: the report says that it is to be added.", 0, 200},
        {"reports.html.method", [](ScanOptions& o) -> Field { return &o.report_options.html.method; },
         "The reference of the method, for report.html.", "Empty: the report says that it is to be added.", 0, 200},
        {"reports.html.received", [](ScanOptions& o) -> Field { return &o.report_options.html.received; },
         "When the items were received, for report.html.", "Empty: the report says that it is to be added.", 0, 200},
        {"reports.html.issued", [](ScanOptions& o) -> Field { return &o.report_options.html.issued; },
         "When the report is issued, for report.html.", "Empty: the report is a draft and says so.", 0, 200},
        {"reports.html.examiner", [](ScanOptions& o) -> Field { return &o.report_options.html.examiner; },
         "Who examined, for report.html.", "Empty: the report says that it is to be added.", 0, 200},
        {"reports.html.reviewer", [](ScanOptions& o) -> Field { return &o.report_options.html.reviewer; },
         "Who reviewed, for report.html.", "Empty: the report is a draft and says so.", 0, 200},
        {"reports.html.authoriser", [](ScanOptions& o) -> Field { return &o.report_options.html.authoriser; },
         "Who authorised the report, for report.html.", "Empty: the report is a draft and says so.", 0, 200},
        {"reports.vics.entries", [](ScanOptions& o) -> Field { return &o.report_options.vics.entries; },
         "Write into vics.json every entry that has an MD5.",
         "If false, those with a match in a notable list or a finding."},
        {"reports.plugin.paths", [](ScanOptions& o) -> Field { return &o.report_options.plugin.paths; },
         "Reports by plug-ins: absolute paths of shared objects, NAME.so. Each writes plugin-NAME.",
         "Each must belong to root or to who runs the scan, and only they may change it and its folder; otherwise the "
         "configuration is refused."},
        {"reports.plugin.seconds", [](ScanOptions& o) -> Field { return &o.report_options.plugin.seconds; },
         "Seconds of its processor time, or of sleep, without progress after which a plug-in is ended.",
         "Its report is not made; no other suffers.", 1, 3600},
        {"reports.plugin.output_mib", [](ScanOptions& o) -> Field { return &o.report_options.plugin.output_mib; },
         "To which the report of a plug-in may grow, in MiB.", "One that goes beyond is not made; no other suffers.", 1,
         1'048'576},
        {"reports.exec.command", [](ScanOptions& o) -> Field { return &o.report_options.exec.command; },
         "The report exec: a program by its absolute path, and its arguments. It reads JSON Lines and writes exec.out.",
         "Program and folders must belong to root or to who runs the scan, and only they may change them; otherwise "
         "the configuration is refused. There is no shell."},
        {"reports.exec.timeout", [](ScanOptions& o) -> Field { return &o.report_options.exec.timeout; },
         "Seconds that triage waits for the program, by the clock, added up.",
         "Then it is ended; no other report suffers.", 1, 86'400},
        {"reports.exec.output_mib", [](ScanOptions& o) -> Field { return &o.report_options.exec.output_mib; },
         "To which what the program writes may grow, in MiB.", "Beyond, it is ended; no other report suffers.", 1,
         1'048'576},
        {"store.keep_names", [](ScanOptions& o) -> Field { return &o.keep_names; },
         "Of which entries the case of a scan that ended holds the names: of all, or of those with a finding or a "
         "problem.",
         "If findings, other names are gone for good, and the verdict says so; an interrupted scan keeps them until it "
         "is resumed and ends."},
        {"lists.warn_unprotected", [](ScanOptions& o) -> Field { return &o.warn_unprotected; },
         "Warn of each list that is not protected (`triage known import --key`).",
         "If true, a notice at the start names them: whoever finds the device that carries them can read them."},
        {"rules", nullptr,
         "Rules that turn matches into findings: names of built-in rule files, paths of rule files "
         "(from the configuration's folder), or rules written out.",
         "Replaces the list before it. Without a rule for notable matches no match raises an alert."},
        {"next_step.match", [](ScanOptions& o) -> Field { return &o.next_steps.match; },
         "What people are told to do after a match.", "Empty: nothing is said.", 0, 2000},
        {"next_step.alert", [](ScanOptions& o) -> Field { return &o.next_steps.alert; },
         "What people are told to do after an alert without a known match.", "Empty: nothing is said.", 0, 2000},
        {"next_step.no_match", [](ScanOptions& o) -> Field { return &o.next_steps.no_match; },
         "What people are told to do after a complete scan without a match.", "Empty: nothing is said.", 0, 2000},
        {"next_step.incomplete", [](ScanOptions& o) -> Field { return &o.next_steps.incomplete; },
         "What people are told to do after an incomplete scan, also beside a match.", "Empty: nothing is said.", 0,
         2000},
        {"next_step.not_compared", [](ScanOptions& o) -> Field { return &o.next_steps.not_compared; },
         "What people are told to do after a scan without a notable list.", "Empty: nothing is said.", 0, 2000},
        {"worker.memory_mib", [](ScanOptions& o) -> Field { return &o.worker_memory_mib; },
         "Address space of a worker at its start, in MiB.", "A worker that needs more ends; its volume is partial.", 64,
         1'048'576},
        {"worker.memory_max_mib", [](ScanOptions& o) -> Field { return &o.worker_memory_max_mib; },
         "To which it grows with the entries recorded, in MiB.", "Must not be less than worker.memory_mib.", 64,
         1'048'576},
        {"worker.progress_seconds", [](ScanOptions& o) -> Field { return &o.worker_progress_seconds; },
         "Seconds of its processor time without progress after which a worker is ended.",
         "Too few end a worker that is merely slow; its volume is partial.", 1, 3600},
        {"worker.in_process", [](ScanOptions& o) -> Field { return &o.worker_in_process; },
         "Read file systems without worker processes, for tests of the engine.",
         "If true, evidence that crashes a reader ends the whole examination."},
    };
    return table;
}

const Key* find_key(std::string_view name) {
    for (const Key& key : key_table())
        if (key.name == name) return &key;
    return nullptr;
}

std::vector<std::string> key_names() {
    std::vector<std::string> names;
    for (const Key& key : key_table()) names.emplace_back(key.name);
    return names;
}

std::string type_of(const Key& key) {
    if (key.field == nullptr) return key.name == "profile" ? "a name" : "a list of names, paths and rules";
    ScanOptions options;
    return std::visit(
        Cases{[](bool*) -> std::string { return "true or false"; },
              [&](auto*) { return fmt::format("a number from {} to {}", key.lowest, key.highest); },
              [](HashEngine*) -> std::string { return "auto or openssl"; },
              [](KeepNames*) -> std::string { return "all or findings"; },
              [](ReportedEntries*) -> std::string { return "findings or all"; },
              [](AlgorithmSet*) { return fmt::format("a list of {}", fmt::join(algorithm_words(), ", ")); },
              [](Redaction*) -> std::string { return "a list of names, labels"; },
              [&](std::string*) { return fmt::format("a text of at most {} bytes", key.highest); },
              [&](std::vector<std::string>*) -> std::string {
                  return is_command(key) ? "a list of texts" : "a list of names";
              }},
        key.field(options));
}

std::string value_of(const Key& key, const ScanOptions& options) {
    if (key.field == nullptr) return text_default(key);
    ScanOptions copy = options;  // a field points into options that may be written
    return std::visit(
        Cases{[](bool* value) -> std::string { return *value ? "true" : "false"; },
              [](auto* value) { return fmt::format("{}", *value); },
              [](AlgorithmSet* value) { return list_of(*value); },
              [](HashEngine* value) { return std::string(to_string(*value)); },
              [](KeepNames* value) { return std::string(to_string(*value)); },
              [](ReportedEntries* value) { return std::string(to_string(*value)); },
              [](Redaction* value) { return list_of(*value); }, [](std::string* value) { return to_yaml(*value); },
              [](std::vector<std::string>* value) { return list_of(*value); }},
        key.field(copy));
}

void assign(const Key& key, const YamlNode& node, ScanOptions& options) {
    std::visit(Cases{[&](bool* value) { *value = to_bool(key, node); },
                     [&](std::uint32_t* value) { *value = static_cast<std::uint32_t>(to_number(key, node)); },
                     [&](std::uint64_t* value) { *value = to_number(key, node); },
                     [&](AlgorithmSet* value) { *value = to_algorithms(key, node); },
                     [&](Redaction* value) { *value = to_redaction(key, node); },
                     [&](std::string* value) { *value = to_text(key, node); },
                     [&](HashEngine* value) {
                         *value = to_choice(key, node, {HashEngine::automatic, HashEngine::openssl});
                     },
                     [&](KeepNames* value) {
                         *value = to_choice(key, node, {KeepNames::all, KeepNames::findings});
                     },
                     [&](ReportedEntries* value) {
                         *value = to_choice(key, node, {ReportedEntries::findings, ReportedEntries::all});
                     },
                     [&](std::vector<std::string>* value) { *value = to_list(key, node); }},
               key.field(options));
}

std::string help_of(std::string_view name, std::string_view form) {
    const Key& key = *find_key(name);
    return fmt::format("{}{}{}\n(key {}, default {})", key.meaning, form.empty() ? "" : " ", form, name,
                       value_of(key, ScanOptions{}));
}

std::string keys_as_markdown() {
    std::string table = "| key | value | default | meaning | consequence |\n| --- | --- | --- | --- | --- |\n";
    for (const Key& key : key_table())
        table += fmt::format("| `{}` | {} | `{}` | {} | {} |\n", key.name, type_of(key), value_of(key, ScanOptions{}),
                             cell(key.meaning), cell(key.consequence));
    return table;
}

}  // namespace triage
