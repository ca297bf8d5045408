// SPDX-License-Identifier: Apache-2.0
#include "cli/evidence_list.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "cli/case_info.h"
#include "cli/devices.h"
#include "cli/exit_code.h"
#include "cli/terminal.h"
#include "engine/base/text.h"
#include "engine/case/audit.h"
#include "engine/case/manifest.h"
#include "engine/case/private_file.h"
#include "engine/known/csv.h"
#include "engine/report/exhibit_table.h"
#include "engine/report/not_examined.h"
#include "plugins/registry.h"

namespace triage {
namespace {

namespace fs = std::filesystem;

struct Row {
    std::uint64_t line = 0;
    std::string exhibit, path, note;
    std::string folder;  // of its case
    std::vector<Segment> segments;
    std::optional<BlockDevice> device;
    bool is_gone = false;  // the evidence of a finished case, which needs it no more
};

// What is wrong with a list, line by line: all of it is said before anything else happens.
struct Faults {
    std::string list;
    std::size_t count = 0;
    void add(std::uint64_t line, std::string_view why) {
        ++count;
        print_error(fmt::format("{}, line {}: {}", list, line, why), {});
    }
};

constexpr const char* header_advice = "the first line names the columns: exhibit,path,note";

csv::Places read_header(csv::Reader& csv, const std::string& list) {
    if (!csv.next() || !csv.fault().empty()) throw Error(list, "has no header", header_advice);
    for (const std::string_view column : csv.fields()) {
        const std::string name = csv::comparable(column);
        if (name != "exhibit" && name != "path" && name != "note")
            throw Error(list, fmt::format("the header has an unknown column \"{}\"", column), header_advice);
    }
    const Result<csv::Places> places = csv::find_columns(csv.fields(), {"exhibit", "path", "note"});
    if (!places) throw Error(list, "the header: " + places.why(), header_advice);
    if (!(*places)[0] || !(*places)[1]) throw Error(list, "the header lacks exhibit or path", header_advice);
    return *places;
}

std::string below_list(const std::string& list, const std::string& path) {
    return fs::path(path).is_absolute() ? path : (fs::path(list).parent_path() / path).string();
}

// A pipe is a list too, and none that has no end.
std::string text_of(const std::string& list) {
    constexpr std::size_t longest = 64u << 20;
    std::ifstream file(list, std::ios::binary);
    if (!file || fs::is_directory(list)) throw Error(list, "cannot be read");
    std::string text(1u << 16, '\0');
    std::size_t length = 0;
    while (file.read(text.data() + length, static_cast<std::streamsize>(text.size() - length)), file.gcount() > 0) {
        length += static_cast<std::size_t>(file.gcount());
        if (length > longest) throw Error(list, "is longer than 64 MiB: it is no list of evidence");
        if (length == text.size()) text.resize(2 * length);
    }
    text.resize(length);
    return text;
}

std::vector<Row> read_rows(const ScanArguments& arguments, Faults& faults) {
    const std::string& list = arguments.evidence_list;
    std::istringstream file(text_of(list));
    csv::Reader csv(file, ',');
    const csv::Places places = read_header(csv, list);
    const std::size_t columns = csv.fields().size();
    std::vector<Row> rows;
    while (csv.next()) {
        const auto field = [&](std::size_t i) { return places[i] ? std::string(csv.fields()[*places[i]]) : ""; };
        if (!csv.fault().empty()) faults.add(csv.line(), csv.fault());
        else if (csv.is_blank()) continue;
        else if (csv.fields().size() != columns)
            faults.add(csv.line(), fmt::format("{} fields where the header has {}", csv.fields().size(), columns));
        else if (field(0).empty() || field(1).empty()) faults.add(csv.line(), "exhibit or path is empty");
        else {
            const std::string folder = arguments.out + "/" + case_folder_name(field(0));
            rows.push_back({csv.line(), field(0), below_list(list, field(1)), field(2), folder, {}, {}});
        }
    }
    if (rows.empty() && faults.count == 0) throw Error(list, "names no evidence");
    return rows;
}

bool is_same_evidence(const Row& a, const Row& b) {
    return std::any_of(a.segments.begin(), a.segments.end(), [&](const Segment& s) {
        return std::any_of(b.segments.begin(), b.segments.end(),
                           [&](const Segment& t) { return s.device == t.device && s.inode == t.inode; });
    });
}

enum class CaseState { absent, interrupted, finished };

bool exists(const std::string& path) {
    std::error_code error;
    const fs::file_status status = fs::status(path, error);
    if (!fs::status_known(status)) throw Error(path, "cannot be looked at: " + error.message());
    return fs::exists(status);
}

CaseState state_of(const std::string& folder) {
    const std::string store = folder + "/case.sqlite";
    if (!exists(store)) return CaseState::absent;
    if (!Store::is_sealed_at(store)) return CaseState::interrupted;
    if (Store::open_read_only(store).run().is_interrupted) return CaseState::interrupted;
    return exists(folder + "/manifest.json") ? CaseState::finished : CaseState::interrupted;
}

CaseState state_of_or_absent(const Row& row) {
    try {
        return state_of(row.folder);
    } catch (const Error&) {
        return CaseState::absent;  // its own row says so in its turn
    }
}

// Sticks are plugged in one after another: that of a finished case may be back in its bag.
bool is_gone_and_finished(const Row& row) {
    std::error_code error;
    return !fs::exists(row.path, error) && state_of_or_absent(row) == CaseState::finished;
}

std::string why_unusable(Row& row, const ScanArguments& arguments) {
    try {
        std::vector<std::string> notices;
        const EvidenceSpec spec = identify_evidence(registry(), {{row.exhibit, row.path}}, notices).front();
        row.segments = spec.segments;
        row.device = spec.device;
        require_unused(spec, arguments);
        return {};
    } catch (const Error& error) {
        return error.what();
    }
}

std::string flaw_of(Row& row, const std::vector<Row>& earlier, const ScanArguments& arguments) {
    row.is_gone = is_gone_and_finished(row);
    if (const std::string why = row.is_gone ? "" : why_unusable(row, arguments); !why.empty()) return why;
    for (const Row& other : earlier) {
        if (row.exhibit == other.exhibit)
            return fmt::format("exhibit {} stands in line {} too", row.exhibit, other.line);
        if (row.folder == other.folder)
            return fmt::format("exhibit {} would have the folder of exhibit {}", row.exhibit, other.exhibit);
        if (is_same_evidence(row, other)) return fmt::format("the evidence of line {} again", other.line);
    }
    return {};
}

std::vector<Row> checked_rows(const ScanArguments& arguments) {
    Faults faults{arguments.evidence_list};
    std::vector<Row> given = read_rows(arguments, faults), rows;
    for (Row& row : given) {
        if (const std::string flaw = flaw_of(row, rows, arguments); !flaw.empty()) faults.add(row.line, flaw);
        rows.push_back(std::move(row));
    }
    if (faults.count > 0)
        throw Error(arguments.evidence_list,
                    fmt::format("{} wrong; nothing was scanned",
                                faults.count == 1 ? "1 line is" : fmt::format("{} lines are", faults.count)));
    return rows;
}

// ---- One exhibit ----

// A resolved configuration without the keys that change the speed and never the answer, and without the reports, which
// can be rendered again.
std::string question_of(const std::string& yaml) {
    std::istringstream lines(yaml);
    std::string question;
    for (std::string line; std::getline(lines, line);) {
        const auto is = [&](std::string_view key) { return line.starts_with(key); };
        const bool is_of_the_run = is("threads:") || is("memory_mib:") || is("  engine:") || is("reports:") ||
                                   is("  time_seconds:") || is("  matches:");
        if (!is_of_the_run) question += line + "\n";
    }
    return question;
}

bool is_of(const Row& row, const std::vector<EvidenceRecord>& evidences) {
    if (evidences.size() != 1 || evidences[0].exhibit != row.exhibit) return false;
    if (row.is_gone) return true;
    if (row.device && evidences[0].device) return is_same_device(*row.device, *evidences[0].device);
    const auto is_same = [](const Segment& a, const Segment& b) {
        return a.size == b.size && a.modified == b.modified;  // a moved file has another inode
    };
    const std::vector<Segment>& then = evidences[0].segments;
    return std::equal(row.segments.begin(), row.segments.end(), then.begin(), then.end(), is_same);
}

// A case answers the question that was asked when it began; it is left alone, or gone on with, only when that is
// today's.
void require_same_question(const Row& row, CaseState state, const Configuration& configuration,
                           const std::vector<ListRecord>& lists) {
    const Store store = state == CaseState::finished ? Store::open_read_only(row.folder + "/case.sqlite")
                                                     : open_to_look(CaseDirectory::open_for_resume(row.folder));
    const std::string was = state == CaseState::finished ? "was finished with " : "was begun with ";
    const auto refuse = [&](const std::string& why) {
        throw Error(row.folder, why, "give another folder with --out, or remove this case");
    };
    if (!store.evidences().empty() && !is_of(row, store.evidences())) refuse("is a case of another evidence");
    if (question_of(read_whole_file(row.folder + "/config.yaml")) != question_of(configuration.resolved_yaml))
        refuse(was + "another configuration");
    if (!are_same_lists(store.lists(), lists)) refuse(was + "other lists");
}

ScanArguments arguments_of(const Row& row, const ScanArguments& all, const CaseInfoInput& info) {
    ScanArguments one = all;
    one.listed = EvidenceArgument{row.exhibit, row.path};
    one.out = row.folder;
    one.listed_info.clear();
    for (const CaseInfoGiven& given : info.given)
        if (given.exhibit.empty() || given.exhibit == row.exhibit) one.listed_info.push_back(given);
    return one;
}

// A note of the list is one that was given, unless another one was.
void add_notes(CaseInfoInput& info, const ScanArguments& arguments, const std::vector<Row>& rows) {
    for (const Row& row : rows) {
        const bool has_note = std::any_of(info.given.begin(), info.given.end(), [&](const CaseInfoGiven& g) {
            return g.key == "note" && g.exhibit == row.exhibit;
        });
        if (!row.note.empty() && !has_note)
            info.given.push_back(
                {row.exhibit, "note", row.note, fmt::format("{}, line {}", arguments.evidence_list, row.line)});
    }
}

// What is asked of exhibits stands in cases that are still to be begun.
void ask(CaseInfoInput& info, const std::vector<Row>& rows) {
    ask_for_case(info);
    std::vector<EvidenceSpec> begun;
    for (const Row& row : rows)
        if (state_of_or_absent(row) == CaseState::absent) begun.emplace_back().exhibit = row.exhibit;
    ask_for_exhibits(info, begun);
}

void require_usable_case_info(const Row& row, const ScanArguments& arguments, const CaseInfoInput& info) {
    std::vector<EvidenceSpec> evidence(1);
    evidence[0].exhibit = row.exhibit;
    resolve_case_info({arguments_of(row, arguments, info).listed_info, false}, evidence);
}

int run_row(const Row& row, CaseState state, ScanArguments one, const ScanOptions& visit, const std::string& command,
            const std::atomic<bool>& stop, LoadedLists& lists) {
    if (state == CaseState::finished) {
        for (const std::string& sentence : verify_case(row.folder))
            throw Error(row.folder, "is not as it was sealed: " + sentence,
                        "keep it, and give another folder with --out");
        print_notice(fmt::format("exhibit {} is finished{}: {}", row.exhibit,
                                 row.is_gone ? ", its evidence is not there" : "", row.folder));
        if (has_failed_report(row.folder + "/audit.jsonl"))
            print_notice(
                fmt::format("exhibit {}: not every report was rendered when it ended: see its audit.jsonl, "
                            "and triage report",
                            row.exhibit));
        return verdict_of(Store::open_read_only(row.folder + "/case.sqlite")).exit_code();
    }
    if (state == CaseState::interrupted) {
        one.resume = row.folder;
        one.evidence_at = {row.path};
        one.time_seconds = visit.time_seconds;  // the limit is the visit's, not that of the case's first part
    }
    return run_case(one, command, stop, lists);
}

// Of a case as it lies there. One that is not sealed has its find on record all the same.
int code_of_case(const Row& row, CaseState state) {
    if (state == CaseState::absent) return exit_code::interrupted;
    if (Store::is_sealed_at(row.folder + "/case.sqlite"))
        return verdict_of(Store::open_read_only(row.folder + "/case.sqlite")).exit_code();
    const Store store = open_to_look(CaseDirectory::open_for_resume(row.folder));
    return store.run().found_before || store.has_notable_match() ? exit_code::alert : exit_code::interrupted;
}

int worse(int a, int b) {
    for (const int code : {exit_code::alert, exit_code::interrupted, exit_code::not_whole})
        if (a == code || b == code) return code;
    return exit_code::success;
}

void require_known_exhibits(const CaseInfoInput& info, const std::vector<Row>& rows) {
    for (const CaseInfoGiven& given : info.given)
        if (!given.exhibit.empty() &&
            std::none_of(rows.begin(), rows.end(), [&](const Row& row) { return row.exhibit == given.exhibit; }))
            throw Error(given.where, fmt::format("there is no exhibit \"{}\"", given.exhibit),
                        "the list names the exhibits");
}

void require_usable(const ScanArguments& arguments) {
    if (!arguments.evidence.empty() || !arguments.exhibits.empty())
        throw Error("--evidence-list", "evidence is given beside the list", "put it into the list");
    if (arguments.out.empty()) throw Error("--evidence-list", "no folder for the cases", "give one with --out");
    refuse_inside_case(arguments.out);
    if (exists(arguments.out + "/case.sqlite"))
        throw Error(arguments.out, "is a case, and no folder for cases", "give another one with --out");
}

// A case that ended before its evidence was recorded is begun anew.
void make_way(const Row& row) {
    try {
        if (!fs::is_symlink(row.folder) && CaseDirectory::clear_beginning(row.folder))
            print_notice(row.folder + ": the scan ended before its evidence was recorded; it is begun anew");
    } catch (const std::exception&) {  // its own row says so in its turn
    }
}

// Writing is confined to the folder of the list from its first case on.
void require_no_link(const Row& row) {
    if (fs::is_symlink(row.folder))
        throw Error(row.folder, "is a link: a case of a list lies in the list's own folder",
                    "put the case itself there");
}

// Neither the folder of the list nor that of a case, which may be a link, may lie on what any line names.
void refuse_on_evidence(const ScanArguments& arguments, const std::vector<Row>& rows) {
    std::vector<std::string> evidence;
    for (const Row& row : rows)
        for (const Segment& segment : row.segments) evidence.push_back(segment.path);
    triage::refuse_on_evidence(arguments.out, evidence);
    for (const Row& row : rows) triage::refuse_on_evidence(row.folder, evidence);
}

void make_folder(const std::string& path) {
    std::error_code error;
    fs::create_directories(path, error);
    if (error) throw Error(path, "cannot be made: " + error.message());
}

// The verdict of a sealed case; a message said why there is none.
ExhibitLine line_of(const Row& row, std::string failure) {
    ExhibitLine line;
    try {
        if (failure.empty() && !Store::is_sealed_at(row.folder + "/case.sqlite")) failure = "not examined";
        if (failure.empty())
            line = exhibit_lines(make_context(Store::open_read_only(row.folder + "/case.sqlite"), false)).at(0);
    } catch (const std::exception& error) {
        failure = error.what();
    }
    line.exhibit = row.exhibit;
    line.failure = failure;
    return line;
}

// Everything about one list while it runs.
struct ListRun {
    const ScanArguments& arguments;
    const std::string& command;
    const std::atomic<bool>& stop;
    const Configuration& configuration;
    const CaseInfoInput& info;
    LoadedLists lists;
    std::optional<std::chrono::steady_clock::time_point> deadline = deadline_of(configuration.options, arguments);
    int code = exit_code::success;
    std::vector<ExhibitLine> lines = {};

    void run(const Row& row) {
        std::string failure;
        try {
            const CaseState state = state_of(row.folder);
            if (state != CaseState::finished) require_no_link(row);
            if (state != CaseState::absent) require_same_question(row, state, configuration, lists.records);
            if (const std::string why = why_ended(); !why.empty()) failure = leave_out(row, state, why);
            else
                code = worse(code, run_row(row, state, arguments_of(row, arguments, info), configuration.options,
                                           command, stop, lists));
        } catch (const Error& error) {
            failure = error.what();
            fail(row, failure, error.advice());
        } catch (const std::exception& error) {
            failure = error.what();
            fail(row, failure, {});
        }
        add_line(row, failure);
    }
    // Before the first is begun: whatever ends the list, no exhibit is forgotten.
    void put_on_record(const Row& row) {
        if (state_of_or_absent(row) == CaseState::absent)
            put_not_examined(row.folder, {row.exhibit, row.path, "it was not begun"});
    }
    void add_line(const Row& row, const std::string& failure) {
        lines.push_back(line_of(row, failure));
        const std::string& why = lines.back().failure;
        if (why.empty()) remove_not_examined(row.folder);
        else put_not_examined(row.folder, {row.exhibit, row.path, why});
    }
    void fail(const Row& row, const std::string& why, const std::string& advice) {
        print_error(fmt::format("exhibit {}: {}", row.exhibit, why), advice);
        code = worse(code, exit_code::not_whole);
    }
    // Why nothing more is begun; empty while it is.
    std::string why_ended() const {
        if (stop) return "stopped by a signal";
        if (deadline && std::chrono::steady_clock::now() >= *deadline) return "the time limit had passed";
        return {};
    }
    // A case that is sealed speaks for itself; of any other exhibit returns why it has no verdict.
    std::string leave_out(const Row& row, CaseState state, const std::string& why) {
        const bool is_finished = state == CaseState::finished;
        const std::string what = is_finished ? "is finished; whether it is as it was sealed was not checked"
                                 : state == CaseState::absent ? "was not begun"
                                                              : "was begun earlier and not gone on with";
        print_notice(fmt::format("exhibit {} {}: {}", row.exhibit, what, why));
        const int own = code_of_case(row, state);
        code = worse(code, is_finished ? own : worse(own, exit_code::interrupted));
        const bool has_verdict = state != CaseState::absent && Store::is_sealed_at(row.folder + "/case.sqlite");
        return has_verdict ? "" : fmt::format("it {}: {}", what, why);
    }
};

void print_end(const ListRun& run) {
    const bool is_in_words = !run.arguments.json && run.arguments.live.empty();
    if (!is_in_words || run.arguments.quiet || run.arguments.discreet) return;
    TextPage page;
    add_exhibit_table(page, run.lines);
    add_next_steps(page, run.lines, run.configuration.options.next_steps);
    std::fputs(page.text().c_str(), stdout);
    print_notice("to rank them: triage report " + quoted_for_shell(run.arguments.out) +
                 " --report summary --out FOLDER");
}

}  // namespace

int run_evidence_list(const ScanArguments& arguments, const std::string& command, const std::atomic<bool>& stop) {
    require_usable(arguments);
    const Configuration configuration = configuration_of(arguments);  // what is wrong for all is said once
    const std::vector<Row> rows = checked_rows(arguments);
    refuse_on_evidence(arguments, rows);
    CaseInfoInput info = read_case_info(arguments.case_info);
    require_known_exhibits(info, rows);
    add_notes(info, arguments, rows);
    for (const Row& row : rows) make_way(row);
    if (info.is_asked) ask(info, rows);
    LoadedLists lists;
    lists.deadline = deadline_of(configuration.options, arguments);
    load_lists(lists, arguments);
    check_against_lists(configuration.options, lists.sets);
    for (const Row& row : rows) require_usable_case_info(row, arguments, info);
    make_folder(arguments.out);
    ListRun run{arguments, command, stop, configuration, info, std::move(lists)};
    for (const Row& row : rows) run.put_on_record(row);
    for (const Row& row : rows) run.run(row);
    print_end(run);
    return run.code;
}

}  // namespace triage
