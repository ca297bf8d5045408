// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <utility>

#include "cli/devices.h"
#include "cli/scan_run.h"
#include "cli/terminal.h"
#include "cli/types.h"
#include "engine/base/time.h"
#include "engine/case/manifest.h"
#include "engine/case/private_file.h"
#include "engine/outside/plugin_reports.h"
#include "engine/outside/program_file.h"
#include "engine/scan/verify_media.h"
#include "plugins/registry.h"

namespace triage {
namespace {

namespace fs = std::filesystem;

// A device that was plugged in again may have another name: a place given for moved evidence may be a device. Only a
// serial number tells it from others of its kind.
std::string device_at(const EvidenceRecord& record, const std::vector<std::string>& places) {
    for (const std::string& place : places)
        if (const auto device = block_device_at(place);
            device && !device->serial.empty() && is_same_device(*device, *record.device))
            return place;
    return record.segments.front().path;
}

[[noreturn]] void refuse_changed(const EvidenceSpec& now, const std::string& change) {
    throw Error(now.segments.front().path, "is not what the case began with: " + change,
                "resume with the same evidence, or start a new case");
}

// What the first look of the case saw, and what is there now.
void require_same_edges(const EvidenceSpec& now, const std::string& then) {
    constexpr std::string_view unreadable = "unreadable";
    if (then.empty()) return;  // it ended before anything was read
    const std::string edges = digest_of_edges(now.segments);
    if (edges == unreadable || then == unreadable)
        print_notice(now.segments.front().path +
                     ": its first or last MiB cannot be read, so that it is not compared with the case's beginning");
    else if (edges != then) refuse_changed(now, "its first or last MiB differs");
}

void require_same_device(const EvidenceSpec& now, const EvidenceRecord& then) {
    const std::string& path = now.segments.front().path;
    if (!now.device || !is_same_device(*now.device, *then.device))
        throw Error(path, "is not the device the case began with: size, model or serial number differ",
                    "name the device with --evidence-at, or start a new case");
    if (now.device->serial.empty())
        print_notice(path + " tells no serial number: whether it is the device the case began with is for you to know");
}

// The recorded path, or the file of that name in one of the folders given for moved files.
std::string found_at(const std::string& recorded, const std::vector<std::string>& folders) {
    std::error_code error;
    for (const std::string& folder : folders) {
        const fs::path moved = fs::path(folder) / fs::path(recorded).filename();
        if (fs::exists(moved, error)) return moved.string();
        if (fs::path(folder).filename() == fs::path(recorded).filename() && fs::is_regular_file(folder, error))
            return folder;
    }
    return recorded;
}

bool is_in_its_place(const Segment& a, const Segment& b) { return a.device == b.device && a.inode == b.inode; }

std::string written_at(const Segment& segment) {
    return format_time({segment.modified, static_cast<std::uint32_t>(segment.modified_ns)}, {9, true, false});
}

// A moved file has another inode, and may lie on a disk that keeps whole seconds.
void require_same_files(const EvidenceSpec& now, const EvidenceRecord& then) {
    if (now.segments.size() != then.segments.size())
        refuse_changed(now, fmt::format("{} segments, which were {}", now.segments.size(), then.segments.size()));
    for (std::size_t i = 0; i < now.segments.size(); ++i) {
        const Segment &a = now.segments[i], &b = then.segments[i];
        if (a.size != b.size)
            refuse_changed(now, fmt::format("segment {} has {} bytes, which were {}", i + 1, a.size, b.size));
        if (a.modified != b.modified || (is_in_its_place(a, b) && a.modified_ns != b.modified_ns))
            refuse_changed(now, fmt::format("segment {} was written at {}, and at {} before", i + 1, written_at(a),
                                            written_at(b)));
    }
}

void require_same(const EvidenceSpec& now, const EvidenceRecord& then, const std::string& edges_then) {
    if (then.device) require_same_device(now, then);
    else require_same_files(now, then);
    require_same_edges(now, edges_then);
}

void require_there(const std::string& path, const std::string& option) {
    std::error_code error;
    if (fs::exists(path, error)) return;
    throw Error(path, error ? "cannot be looked at: " + error.message() : "is not there",
                "say with " + option + " where it is now; a relative path is so from where the scan was begun");
}

// By id. Of an evidence whose volumes are known the audit log holds them: one that does not has lost its end.
std::map<std::uint32_t, std::string> edges_of_case(const CaseDirectory& directory, const Store& store) {
    std::map<std::uint32_t, std::string> edges = edges_at_start(directory.audit_path());
    for (const VolumeRecord& volume : store.volumes())
        if (!edges.contains(volume.evidence))
            throw Error(directory.audit_path(),
                        "does not tell of the evidence that the store holds: it was changed or lost",
                        "put back what was there, or start a new case");
    return edges;
}

std::vector<EvidenceSpec> evidence_of_case(const CaseDirectory& directory, const Store& store,
                                           const std::vector<std::string>& folders) {
    const std::map<std::uint32_t, std::string> edges = edges_of_case(directory, store);
    std::vector<EvidenceSpec> specs;
    std::vector<std::string> notices;
    for (const EvidenceRecord& record : store.evidences()) {
        if (record.segments.empty())
            throw Error(directory.store_path(), "is damaged: an evidence has no file",
                        "put back what was there, or start a new case");
        const std::string path =
            record.device ? device_at(record, folders) : found_at(record.segments.front().path, folders);
        require_there(path, "--evidence-at");
        EvidenceSpec spec = identify_evidence(registry(), {{record.exhibit, path}}, notices).front();
        spec.name = record.name;
        refuse_on_evidence(directory.path(), paths_of({spec}));
        const auto edges_then = edges.find(record.id);
        require_same(spec, record, edges_then == edges.end() ? "" : edges_then->second);
        if (record.device) spec.before = record.device;  // describe() joins it
        specs.push_back(std::move(spec));
    }
    return specs;
}

void load_lists_of_case(LoadedLists& lists, const std::vector<ListRecord>& records, const ScanArguments& arguments) {
    for (const ListRecord& record : records) {
        const std::string path = found_at(record.identity.source_path, arguments.list_at);
        require_there(path, "--list-at");
        // The lenient reading accepts what either reading accepted; the digest proves that it is the same list.
        LoadedSet loaded = load(lists, path, record.identity.polarity, true, arguments);
        if (loaded.set.identity().source_sha256 != record.identity.source_sha256)
            throw Error(path, "is not the list the case began with: its SHA-256 differs");
        lists.records.push_back(record);
        lists.sets.push_back(std::move(loaded.set));
    }
}

void require_same_configuration(const Configuration& now, const RunRecord& then, const CaseDirectory& directory) {
    if (now.sha256 == then.configuration_sha256) return;
    throw Error(directory.config_path(), "is not the configuration the case began with: its SHA-256 differs",
                "put back what was there, or start a new case");
}

// Code runs because the command names a file that names it: a case, which others may have made, names none. That of a
// list's row was compared with the list's own configuration.
void require_named(const Configuration& configuration, const ScanArguments& arguments, const CaseDirectory& directory) {
    if (arguments.listed) return;
    const bool has_code = names_code(configuration.options);
    const std::string option = "--config " + quoted_for_shell(directory.config_path());
    if (!arguments.config.empty() && read_whole_file(arguments.config) != read_whole_file(directory.config_path()))
        throw Error(arguments.config, "is not the configuration that this case resolved and keeps",
                    has_code ? "give " + option : "leave --config out");
    if (has_code && arguments.config.empty())
        throw Error(directory.config_path(), "names a program or a plug-in, which this case would run as you",
                    "read it; if you know them, add " + option);
}

// What an interrupted scan sealed is gone on with as it was, or not at all.
void require_as_sealed(const CaseDirectory& directory) {
    if (!directory.has_manifest()) return;
    remove_drafts(directory.path());
    const std::vector<std::string> flaws = verify_case(directory.path());
    if (flaws.empty()) return;
    throw Error(directory.path(), "is not as it was sealed: " + flaws.front(),
                "put back what was there, or start a new case; see triage verify");
}

// Killed, or failed, between the seal of its store and its manifest: every byte was examined.
Run begin_to_conclude(CaseDirectory directory, Configuration configuration, Store store, LoadedLists& lists) {
    for (const EvidenceRecord& record : store.evidences())
        for (const Segment& segment : record.segments) refuse_on_evidence(directory.path(), {segment.path});
    directory.set_reports_aside();
    AuditLog audit = AuditLog::open_for_append(directory.audit_path());
    audit.record("conclude", {});
    return {std::move(configuration), {}, lists, std::move(directory), std::move(store), std::move(audit), true};
}

}  // namespace

Store open_to_look(const CaseDirectory& directory) {
    return Store::is_sealed_at(directory.store_path()) ? Store::open_read_only(directory.store_path())
                                                       : Store::open_for_resume(directory.store_path());
}

bool are_same_lists(const std::vector<ListRecord>& a, const std::vector<ListRecord>& b) {
    return std::equal(a.begin(), a.end(), b.begin(), b.end(), [](const ListRecord& x, const ListRecord& y) {
        return x.identity.source_sha256 == y.identity.source_sha256 && x.identity.polarity == y.identity.polarity;
    });
}

Run begin_resumed(const ScanArguments& arguments, LoadedLists& lists) {
    CaseDirectory directory = CaseDirectory::open_for_resume(arguments.resume);
    Configuration configuration = parse_resolved(read_whole_file(directory.config_path()));
    std::optional<Store> looked(open_to_look(directory));
    RunRecord run = looked->run();
    const bool is_scanned = looked->is_sealed() && !run.ended_utc.empty() && !run.is_interrupted;
    if (is_scanned && directory.has_manifest())
        throw Error(arguments.resume, "is a finished case; there is nothing to resume");
    require_named(configuration, arguments, directory);
    if (is_scanned) {
        require_same_configuration(configuration, run, directory);
        return begin_to_conclude(std::move(directory), std::move(configuration), std::move(*looked), lists);
    }
    require_as_sealed(directory);
    if (run.interruption == untrusted_interruption)
        throw Error(arguments.resume, "is not to be gone on with: " + run.interruption,
                    "start a new case, best on another machine");
    if (looked->evidences().empty())  // its audit log may not have begun either
        throw Error(arguments.resume, "ended before its evidence was recorded; there is nothing to resume",
                    "remove it and start the scan again");
    std::vector<EvidenceSpec> evidence = evidence_of_case(directory, *looked, arguments.evidence_at);
    require_same_configuration(configuration, run, directory);
    admit_devices(evidence, arguments);
    // The case's limits were for its first part; each would end every part at the same place.
    ScanOptions& options = configuration.options;
    options.time_seconds = arguments.time_seconds.value_or(0);
    options.most_matches = arguments.most_matches.value_or(0);
    lists.deadline = deadline_of(options, arguments);
    if (lists.records.empty()) load_lists_of_case(lists, looked->lists(), arguments);
    if (!are_same_lists(lists.records, looked->lists())) throw Error(arguments.resume, "began with other lists");
    configuration.options.algorithms.add(algorithms_of(lists.sets));
    test_digests(configuration.options.algorithms);
    if (arguments.threads) options.threads = *arguments.threads;
    run.earlier_threads += (run.earlier_threads.empty() ? "" : "; ") + std::to_string(run.threads);
    run.threads = thread_count(options);
    if (arguments.memory_mib > 0) options.memory_mib = arguments.memory_mib;
    if (!arguments.hash_engine.empty())
        options.hash_engine =
            arguments.hash_engine == to_string(HashEngine::openssl) ? HashEngine::openssl : HashEngine::automatic;
    options.verify_evidence |= arguments.verify_evidence;
    const PluginReports plugins(options.report_options.plugin);
    plugins.require_all();
    if (names_exec(options.reports)) open_program(options.report_options.exec);
    check_types(configuration.rules);
    const std::string engines = std::exchange(run.hash_engine, engine_in_words(options.hash_engine));
    looked.reset();
    directory.set_reports_aside();
    Store store = Store::open_for_resume(directory.store_path());
    AuditLog audit = AuditLog::open_for_append(directory.audit_path());
    ++run.resumed;
    run.is_interrupted = false;
    std::vector<AuditField> fields = fields_of(run);
    fields.emplace_back("discarded_bytes", audit.discarded_bytes());  // of a record that a power cut tore
    audit.record("resume", fields);  // names the engine of this part, the run those of all parts
    audit_plugins(audit, plugins);
    audit_program(audit, options);
    run.hash_engine = with_engine(engines, run.hash_engine);
    record_clock(audit);
    audit_devices(audit, evidence);
    store.put_run(run);
    store.commit();
    return {std::move(configuration), std::move(evidence), lists,
            std::move(directory),     std::move(store),    std::move(audit)};
}

}  // namespace triage
