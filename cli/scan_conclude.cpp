// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>
#include <cstdio>

#include "cli/exit_code.h"
#include "cli/live.h"
#include "cli/scan_run.h"
#include "cli/terminal.h"
#include "cli/watch.h"
#include "engine/case/manifest.h"
#include "engine/case/private_file.h"
#include "engine/outside/plugin_reports.h"
#include "engine/outside/program_file.h"
#include "engine/report/text_summary.h"
#include "plugins/registry.h"

namespace triage {
namespace {

std::vector<const ReporterKind*> kinds_of(const std::vector<std::string>& names, const PluginReports& plugins) {
    std::vector<const ReporterKind*> kinds;
    for (const ReporterKind* kind : registry().reporters)
        if (std::find(names.begin(), names.end(), kind->name) != names.end()) kinds.push_back(kind);
    for (const ReporterKind& kind : plugins.kinds()) kinds.push_back(&kind);
    return kinds;
}

}  // namespace

void audit_plugins(AuditLog& audit, const PluginReports& plugins) {
    for (const LoadedPlugin& plugin : plugins.plugins()) {
        std::vector<AuditField> fields{{"path", plugin.file.path}};
        if (!plugin.file.sha256.empty()) fields.emplace_back("sha256", plugin.file.sha256);
        if (!plugin.sandbox.empty()) fields.emplace_back("sandbox", plugin.sandbox);
        if (!plugin.failure.empty()) fields.emplace_back("failure", plugin.failure);
        audit.record("plugin", fields);
    }
}

void audit_program(AuditLog& audit, const ScanOptions& options) {
    if (!names_exec(options.reports)) return;
    std::vector<AuditField> fields;
    for (const std::string& word : options.report_options.exec.command)
        fields.emplace_back(fields.empty() ? "path" : fmt::format("argument_{}", fields.size()), word);
    try {
        fields.emplace_back("sha256", open_program(options.report_options.exec).sha256);
    } catch (const Error& error) {
        fields.emplace_back("failure", error.what());
    }
    audit.record("program", fields);
}

bool names_code(const ScanOptions& options) {
    return names_exec(options.reports) || !options.report_options.plugin.paths.empty();
}

// A protected list needs its key again, and so do the reports what they were to be made with.
std::string resume_command(const Run& run, const ScanArguments& arguments) {
    const auto option = [](const char* name, const std::string& value) {
        return value.empty() ? "" : fmt::format(" {} {}", name, quoted_for_shell(value));
    };
    const std::string config = names_code(run.configuration.options) ? run.directory.config_path() : "";
    return "triage scan" + option("--resume", run.directory.path()) + option("--key", arguments.key) +
           option("--sign", arguments.sign.key) + option("--run-facts", arguments.run_facts_file) +
           option("--config", config);
}

namespace {

// A run that ended by itself before its end was ended by what it found, which a discreet scan does not tell.
bool may_tell_interruption(const RunRecord& run, const ScanArguments& arguments) {
    if (!run.is_interrupted) return false;
    const std::string& why = run.interruption;
    return !arguments.discreet || why == "stopped by a signal" || why == "stopped by its time limit" ||
           why == "a device vanished";
}

int render_and_seal(Run run, const ReportContext& context, const ScanArguments& arguments, Watch& watch,
                    LiveStream* live) {
    const std::string path = run.directory.path(), config_path = run.directory.config_path();
    const std::uint32_t threads = thread_count(run.configuration.options);
    const ScanOptions& options = run.configuration.options;
    const PluginReports plugins(options.report_options.plugin);
    audit_plugins(run.audit, plugins);
    audit_program(run.audit, options);
    if (arguments.run_facts) run.audit.record("run-facts", {{"sha256", arguments.run_facts->source_sha256}});
    const std::vector<ReportOutcome> outcomes =
        render(run.store, kinds_of(options.reports, plugins), run.directory.reports_path(),
               {.show_names = arguments.show_names,
                .threads = threads,
                .reports = options.report_options,
                .run_facts = arguments.run_facts});
    int code = context.verdict.exit_code();
    for (const ReportOutcome& outcome : outcomes) {
        if (outcome.failure.empty()) continue;
        run.audit.record("report-failed", {{"report", outcome.name}, {"failure", outcome.failure}});
        if (code == exit_code::success) code = exit_code::not_whole;
    }
    record_clock(run.audit);
    run.audit.record("end", {{"verdict", context.verdict.words()}, {"exit_code", static_cast<std::uint64_t>(code)}});
    { const Store closed = std::move(run.store); }
    { const AuditLog closed = std::move(run.audit); }
    const std::string seal = write_manifest(path, context.evidences, context.lists, threads, arguments.signer.get());
    watch.end();
    for (const ReportOutcome& outcome : outcomes)
        if (!outcome.failure.empty())
            print_error("report " + outcome.name + ": " + outcome.failure,
                        "to render it again: triage report " + quoted_for_shell(path) + " --report " + outcome.name +
                            (names_code(options) ? " --config " + quoted_for_shell(config_path) : ""));
    const bool is_in_words = !arguments.quiet && !arguments.json && !live;
    if (live) live->end(context.verdict, code, path, seal);
    if (arguments.json) std::fputs(read_whole_file(run.directory.reports_path() + "/summary.json").c_str(), stdout);
    const std::string found = arguments.discreet ? "The scan is over. To read its result: triage report " +
                                                       quoted_for_shell(path) + " --report text\n"
                              : arguments.listed ? ""
                                                 : terminal_summary(context);
    if (is_in_words)
        std::fputs(fmt::format("{}\nCase: {}\nSeal: {}\n", found, path, seal_in_groups(seal)).c_str(), stdout);
    if (may_tell_interruption(context.run, arguments))
        print_error("interrupted; what is done is kept", "to go on: " + resume_command(run, arguments));
    return code;
}

}  // namespace

// The store is sealed by now: whatever fails, a resume has only this part to do again.
int conclude(Run run, const ScanArguments& arguments, Watch& watch, LiveStream* live, bool has_matches) {
    const std::string path = run.directory.path();
    const std::string advice = "when that is mended, to finish the case: " + resume_command(run, arguments);
    int code = has_matches ? exit_code::alert : exit_code::interrupted;
    try {
        const ReportContext context = make_context(run.store, arguments.show_names);
        if (context.verdict.exit_code() == exit_code::alert) code = exit_code::alert;
        return render_and_seal(std::move(run), context, arguments, watch, live);
    } catch (const std::exception& error) {
        watch.end();
        print_error(fmt::format("{}: the scan is over, its case is not sealed: {}", path, error.what()), advice);
        return code;
    }
}

}  // namespace triage
