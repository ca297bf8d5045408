// SPDX-License-Identifier: Apache-2.0
#include "cli/scan_run.h"
#include "cli/terminal.h"
#include "cli/versions.h"
#include "plugins/registry.h"

namespace triage {

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
    options.import.advance = line.as_advance();
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
