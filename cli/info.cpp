// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <cstdio>

#include "cli/command.h"
#include "cli/exit_code.h"
#include "cli/terminal.h"
#include "config/config.h"
#include "engine/base/text.h"
#include "engine/scan/scan.h"
#include "plugins/registry.h"

namespace triage {
namespace {

struct InfoArguments {
    std::vector<std::string> evidence;
    bool json = false, show_names = false;
};

std::string volume_line(const VolumeRecord& volume, const InfoArguments& arguments) {
    std::string line = fmt::format("  {:<10} {:>14} {:>10}  {}", volume.name, volume.start, human_size(volume.length),
                                   volume.fs.empty() ? std::string(to_string(volume.state)) : volume.fs);
    if (!volume.fs.empty() && volume.state != VolumeState::walked)
        line += fmt::format(" ({})", to_string(volume.state));
    if (arguments.show_names && !volume.label.empty()) line += " \"" + escape_for_terminal(volume.label) + "\"";
    return line + "\n";
}

std::string in_words(const EvidenceOverview& overview, const InfoArguments& arguments) {
    const EvidenceRecord& evidence = overview.evidence;
    std::string text = fmt::format("{}\n", escape_for_terminal(evidence.name));
    if (!evidence.is_opened) text += "  cannot be opened\n";
    else
        text += fmt::format("  container {}: {}\n  media {} bytes ({}), sectors of {} bytes, volume system {}\n",
                            evidence.format, escape_for_terminal(evidence.description), evidence.media_size,
                            human_size(evidence.media_size), evidence.sector_size,
                            evidence.volume_system == "-" ? "none" : evidence.volume_system);
    for (const StoredDigest& digest : evidence.digests)
        text += fmt::format("  stored {}: {}\n", digest.algorithm, digest.hex);
    for (const HeaderValue& value : evidence.header)
        text += fmt::format("  {}: {}\n", value.name, escape_for_terminal(value.value));
    for (const VolumeRecord& volume : overview.volumes) text += volume_line(volume, arguments);
    for (const ProblemRecord& problem : overview.problems)
        text += fmt::format("  {}: {}\n", to_string(problem.problem.kind), escape_for_terminal(problem.problem.detail));
    return text;
}

std::string in_json(const EvidenceOverview& overview) {
    const EvidenceRecord& evidence = overview.evidence;
    std::string text = fmt::format(
        "{{\"evidence\":{},\"opened\":{},\"container\":{},\"description\":{},\"media_size\":{},"
        "\"sector_size\":{},\"volume_system\":{},\"volumes\":[",
        to_json_string(evidence.name), evidence.is_opened, to_json_string(evidence.format),
        to_json_string(evidence.description), evidence.media_size, evidence.sector_size,
        to_json_string(evidence.volume_system));
    const char* comma = "";
    for (const VolumeRecord& volume : overview.volumes) {
        text += fmt::format("{}{{\"volume\":{},\"start\":{},\"length\":{},\"fs\":{},\"state\":\"{}\"}}", comma,
                            to_json_string(volume.name), volume.start, volume.length, to_json_string(volume.fs),
                            to_string(volume.state));
        comma = ",";
    }
    text += "],\"problems\":[";
    comma = "";
    for (const ProblemRecord& problem : overview.problems) {
        text += fmt::format("{}{{\"what\":\"{}\",\"detail\":{}}}", comma, to_string(problem.problem.kind),
                            to_json_string(problem.problem.detail));
        comma = ",";
    }
    return text + "]}\n";
}

bool is_readable_as_a_whole(const EvidenceOverview& overview) {
    for (const ProblemRecord& problem : overview.problems)
        if (!problem.problem.is_lossless) return false;
    return overview.evidence.is_opened;
}

int run_info(const InfoArguments& arguments) {
    const std::atomic<bool>& stop = stop_on_signals();
    const Configuration configuration = load_configuration({});
    std::vector<EvidenceArgument> evidence;
    for (const std::string& path : arguments.evidence) evidence.push_back({{}, path});
    std::vector<std::string> notices;
    const std::vector<EvidenceSpec> specs = identify_evidence(registry(), evidence, notices);
    for (const std::string& notice : notices) print_notice(notice);
    const KnownSets no_sets;
    int code = exit_code::success;
    for (const EvidenceSpec& spec : specs) {
        const EvidenceOverview overview =
            look_at({registry(), specs, no_sets, configuration.rules, configuration.options, stop}, spec);
        std::fputs((arguments.json ? in_json(overview) : in_words(overview, arguments)).c_str(), stdout);
        if (!is_readable_as_a_whole(overview)) code = exit_code::not_whole;
    }
    return code;
}

}  // namespace

void add_info(CLI::App& app, CommandLine& line) {
    auto a = std::make_shared<InfoArguments>();
    CLI::App* info =
        app.add_subcommand("info", "Print containers, volumes, file systems, what is locked or unsupported");
    info->add_option("evidence", a->evidence, "Images or block devices")->required();
    info->add_flag("--json", a->json, "One JSON object an evidence");
    info->add_flag("--show-names", a->show_names, "Show volume labels (escaped)");
    info->footer("Exit codes: 0 everything is readable, 2 wrong use, 3 something is not.");
    info->callback([a, &line] { line.chosen = [a] { return run_info(*a); }; });
}

}  // namespace triage
