// SPDX-License-Identifier: Apache-2.0
#include "cli/scan_run.h"
#include "cli/terminal.h"
#include "cli/versions.h"
#include "plugins/registry.h"

namespace triage {
namespace {

// A large list that is not compiled takes minutes, and there is no case yet: nothing is lost.
void end_when_stopped(const LoadedLists& lists, const std::string& path) {
    const bool is_late = lists.deadline && std::chrono::steady_clock::now() >= *lists.deadline;
    if (stop_signal_name().empty() && !is_late) return;
    throw Error(path,
                is_late ? "the time limit had passed before it was read; nothing was examined"
                        : "interrupted while it was read; nothing was examined",
                "compile it once, and give the scan the set: triage known import", ErrorKind::interrupted);
}

}  // namespace

// The secret is asked for once, and only when a list needs it.
LoadedSet load(LoadedLists& lists, const std::string& path, Polarity polarity, bool lenient,
               const ScanArguments& arguments) {
    if (!lists.secret && is_compiled_set(path)) lists.secret = read_secret(arguments.key, false);
    LoadOptions options;
    options.import.polarity = polarity;
    options.import.lenient = lenient;
    options.import.writer.temporary_folder = temporary_folder();
    options.import.importer = tool_version();
    options.build = build_id();
    options.secret = lists.secret.get();
    if (arguments.cache) options.cache_folder = list_cache_folder();
    WorkLine line;
    options.import.advance = [&, show = line.as_advance()](std::string_view what, std::uint64_t done,
                                                           std::uint64_t total) {
        end_when_stopped(lists, path);
        show(what, done, total);
    };
    return load_set(path, registry().lists, options);
}

void load_list(LoadedLists& lists, const std::string& path, Polarity polarity, const ScanArguments& arguments) {
    LoadedSet loaded = load(lists, path, polarity, arguments.lenient, arguments);
    lists.records.push_back({loaded.set.identity(), loaded.warnings});
    lists.sets.push_back(std::move(loaded.set));
    for (const std::string& warning : lists.records.back().warnings) print_notice(warning);
}

void load_lists(LoadedLists& lists, const ScanArguments& arguments) {
    for (const std::string& path : arguments.notable) load_list(lists, path, Polarity::notable, arguments);
    for (const std::string& path : arguments.ignorable) load_list(lists, path, Polarity::ignorable, arguments);
}

}  // namespace triage
