// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <utility>

#include "cli/command.h"
#include "cli/exit_code.h"
#include "cli/terminal.h"
#include "config/config.h"
#include "engine/base/text.h"
#include "engine/report/summary.h"
#include "engine/report/text_summary.h"
#include "engine/scan/scan.h"
#include "engine/worker/sandbox.h"
#include "plugins/registry.h"

namespace triage {
namespace {

struct InfoArguments {
    std::vector<std::string> evidence;
    bool json = false, show_names = false;
};

void add_volume(TextPage& page, const VolumeRecord& volume, const InfoArguments& arguments) {
    std::string words = volume.fs.empty() ? std::string(to_string(volume.state)) : volume.fs;
    if (!volume.fs.empty() && volume.state != VolumeState::walked)
        words += fmt::format(" ({})", to_string(volume.state));
    if (arguments.show_names && !volume.label.empty()) words += " \"" + escape_for_terminal(volume.label) + "\"";
    page.line(words, fmt::format("  {:<10} {:>14} {:>10}  ", volume.name, volume.start, human_size(volume.length)));
}

std::string name_of_volume(const EvidenceOverview& overview, std::optional<std::uint32_t> id) {
    for (const VolumeRecord& volume : overview.volumes)
        if (volume.id == id) return volume.name;
    return {};
}

// What people typed into the header of an image names cases and persons.
bool is_shown(const HeaderValue& value, const InfoArguments& arguments) {
    constexpr std::array<std::string_view, 6> shown{"acquired",   "system_date", "tool_version",
                                                    "os_version", "media_type",  "model"};
    return arguments.show_names || std::find(shown.begin(), shown.end(), value.name) != shown.end();
}

// Nothing was walked yet: a file system that answered is readable.
std::string_view state_of(const VolumeRecord& volume) {
    return volume.state == VolumeState::walked ? "readable" : to_string(volume.state);
}

bool is_readable_as_a_whole(const EvidenceOverview& overview) {
    for (const ProblemRecord& problem : overview.problems)
        if (!problem.problem.is_lossless) return false;
    return overview.evidence.is_opened;
}

// Lines of 80 columns: the container, what it stores, its volumes, and last what this build cannot read and why.
std::string in_words(const EvidenceOverview& overview, const InfoArguments& arguments) {
    const EvidenceRecord& evidence = overview.evidence;
    TextPage page;
    page.line(escape_for_terminal(evidence.name), "");
    if (!evidence.is_opened) page.line("cannot be opened");
    else {
        page.line(fmt::format("container {}: {}", evidence.format, escape_for_terminal(evidence.description)));
        page.line(fmt::format("media {} bytes ({}), sectors of {} bytes, volume system {}", evidence.media_size,
                              human_size(evidence.media_size), evidence.sector_size,
                              evidence.volume_system == "-" ? "none" : evidence.volume_system));
    }
    if (evidence.device) {
        page.line("device: " + device_in_words(*evidence.device));
        if (!evidence.device->use.empty()) page.line("in use: " + escape_for_terminal(evidence.device->use));
    }
    for (const StoredDigest& digest : evidence.digests)
        page.line(fmt::format("stored {}: {}", escape_for_terminal(digest.algorithm), escape_for_terminal(digest.hex)));
    for (const HeaderValue& value : evidence.header)
        if (is_shown(value, arguments)) page.line(fmt::format("{}: {}", value.name, escape_for_terminal(value.value)));
    for (const VolumeRecord& volume : overview.volumes) add_volume(page, volume, arguments);
    for (const ProblemRecord& problem : overview.problems) {
        const std::string volume = name_of_volume(overview, problem.volume);
        page.line(fmt::format("{}{}: {}", volume.empty() ? "" : volume + " ", to_string(problem.problem.kind),
                              escape_for_terminal(problem.problem.detail)));
    }
    page.line(is_readable_as_a_whole(overview) ? "Nothing stands in the way of a scan."
                                               : "This build cannot read all of it: see above.");
    return page.text();
}

std::string in_json(const EvidenceOverview& overview, const InfoArguments& arguments) {
    const EvidenceRecord& evidence = overview.evidence;
    std::string text = fmt::format(
        "{{\"evidence\":{},\"opened\":{},\"container\":{},\"description\":{},\"media_size\":{},"
        "\"sector_size\":{},\"volume_system\":{},\"stored\":{{",
        to_json_string(evidence.name), evidence.is_opened, to_json_string(evidence.format),
        to_json_string(evidence.description), evidence.media_size, evidence.sector_size,
        to_json_string(evidence.volume_system));
    const char* comma = "";
    for (const StoredDigest& digest : evidence.digests)
        text += fmt::format("{}\"{}\":\"{}\"", std::exchange(comma, ","), digest.algorithm, digest.hex);
    text += "}";
    if (evidence.device) {
        const BlockDevice& device = *evidence.device;
        text +=
            fmt::format(",\"device\":{{\"name\":{},\"model\":{},\"serial\":{},\"kernel_read_only\":{},\"in_use\":{}}}",
                        to_json_string(device.name), to_json_string(device.model), to_json_string(device.serial),
                        device.is_read_only, to_json_string(device.use));
    }
    text += ",\"header\":{";
    comma = "";
    for (const HeaderValue& value : evidence.header)
        if (is_shown(value, arguments))
            text += fmt::format("{}\"{}\":{}", std::exchange(comma, ","), value.name, to_json_string(value.value));
    text += "},\"volumes\":[";
    comma = "";
    for (const VolumeRecord& volume : overview.volumes) {
        const bool has_label = arguments.show_names && !volume.label.empty();
        text += fmt::format("{}{{\"volume\":{},\"start\":{},\"length\":{},\"fs\":{},{}\"state\":\"{}\"}}",
                            std::exchange(comma, ","), to_json_string(volume.name), volume.start, volume.length,
                            to_json_string(volume.fs),
                            has_label ? "\"label\":" + to_json_string(volume.label) + "," : "", state_of(volume));
    }
    text += "],\"problems\":[";
    comma = "";
    for (const ProblemRecord& problem : overview.problems) {
        const std::string volume = name_of_volume(overview, problem.volume);
        text += fmt::format("{}{{{}\"what\":\"{}\",\"detail\":{}}}", std::exchange(comma, ","),
                            volume.empty() ? "" : "\"volume\":" + to_json_string(volume) + ",",
                            to_string(problem.problem.kind), to_json_string(problem.problem.detail));
    }
    return text + "]}\n";
}

int run_info(const InfoArguments& arguments) {
    const std::atomic<bool>& stop = stop_on_signals();
    confine_writing({});
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
            look_at({registry(), specs, no_sets, configuration.rules, configuration.options, {}, stop}, spec);
        std::fputs((arguments.json ? in_json(overview, arguments) : in_words(overview, arguments)).c_str(), stdout);
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
    info->add_flag("--show-names", a->show_names, "Show volume labels and what people typed into the header (escaped)");
    info->footer("Exit codes: 0 everything is readable, 2 wrong use, 3 something is not.");
    info->callback([a, &line] { line.chosen = [a] { return run_info(*a); }; });
}

}  // namespace triage
