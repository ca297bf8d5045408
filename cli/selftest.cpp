// SPDX-License-Identifier: Apache-2.0
// `triage selftest`: the carried images through the command that a user would give, and what came of it against what
// was put into them.
#include <fmt/format.h>
#include <sys/utsname.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "cli/command.h"
#include "cli/exit_code.h"
#include "cli/known_sets.h"
#include "cli/selftest_images.h"
#include "cli/selftest_record.h"
#include "cli/terminal.h"
#include "cli/versions.h"
#include "engine/base/error.h"
#include "engine/case/case_directory.h"
#include "engine/case/manifest.h"
#include "engine/case/private_file.h"
#include "engine/hash/hasher.h"
#include "engine/hash/lanes.h"

namespace triage {
namespace {

struct SelftestArguments {
    std::string out, images;
    bool json = false;
};

// Where images, case and record go: what the user named, which stays, or a folder that goes with this value.
class SelftestFolder {
  public:
    explicit SelftestFolder(const std::string& out) : path_(out), is_kept_(!out.empty()) {
        if (is_kept_) {
            make_new(out);
            return;
        }
        path_ = temporary_folder() + "/triage-selftest-XXXXXX";
        if (!mkdtemp(path_.data())) throw Error(path_, "cannot be made", "name a folder: --out FOLDER");
    }
    ~SelftestFolder() {
        std::error_code ignored;
        if (!is_kept_) std::filesystem::remove_all(path_, ignored);
    }
    SelftestFolder(const SelftestFolder&) = delete;
    SelftestFolder& operator=(const SelftestFolder&) = delete;
    const std::string& path() const { return path_; }
    bool is_kept() const { return is_kept_; }

  private:
    static void make_new(const std::string& path) {
        refuse_inside_case(path);
        std::error_code error;
        if (std::filesystem::is_directory(path) && std::filesystem::is_empty(path, error) && !error) return;
        if (std::filesystem::exists(path)) throw Error(path, "is not an empty directory", "name a new one");
        make_private_folder(path);
    }
    std::string path_;
    bool is_kept_;
};

// The scan command itself, in words, so that nothing between the user and the case is left out.
int scan_as_a_user(const std::string& images, const std::vector<Expectation>& expectations,
                   const std::string& case_path) {
    std::vector<std::string> words{"scan"};
    for (const Expectation& expectation : expectations) words.push_back(images + "/" + expectation.image);
    for (const char* word : {"--notable", "LIST", "--profile", "default", "--report", "text,jsonl", "--out", "CASE"})
        words.emplace_back(word);
    std::replace(words.begin(), words.end(), std::string("LIST"), images + "/notable.md5");
    std::replace(words.begin(), words.end(), std::string("CASE"), case_path);
    CommandLine line;
    line.text = "triage";
    for (const std::string& word : words) line.text += " " + quoted_for_shell(word);
    line.is_quiet = true;
    line.has_more_to_write = true;
    CLI::App app;
    add_scan(app, line);
    std::reverse(words.begin(), words.end());  // as CLI11 takes them
    app.parse(std::move(words));
    return line.chosen();
}

SelftestPart test_of_digests() {
    SelftestPart part{"digests", "MD5, SHA-1, SHA-256 of published examples; kernels against OpenSSL", {}, {}, {}};
    std::string found = "right";
    try {
        test_digests(AlgorithmSet::all());
    } catch (const Error& error) {
        found = error.what();
    }
    part.expect("digests", "right", found);
    return part;
}

SelftestPart test_of_sandbox(const RunRecord& run) {
    SelftestPart part{"sandbox", "Workers gave up what they do not need", {}, {}, {}};
    for (const std::string layer : {"rlimits", "seccomp"}) {
        const bool is_active =
            run.sandbox.find(layer) != std::string::npos && run.sandbox.find("no " + layer) == std::string::npos;
        part.expect(layer, "active", is_active ? "active" : "not active: " + run.sandbox);
    }
    return part;
}

SelftestPart test_of_case(const std::string& path, int exit_code) {
    SelftestPart part{"case", "The case of this scan: exit code, seal", {}, {}, {}};
    part.expect("exit code", std::to_string(exit_code::alert), std::to_string(exit_code));
    const std::vector<std::string> broken = verify_case(path);
    part.expect("seal", "intact", broken.empty() ? "intact" : broken.front());
    return part;
}

// The value behind `key` in a file of lines, such as /proc/cpuinfo.
std::string value_in(const char* path, const std::string& key, char separator) {
    std::ifstream file(path);
    for (std::string line; std::getline(file, line);) {
        if (!line.starts_with(key)) continue;
        const std::size_t at = line.find_first_not_of(" \t\"", line.find(separator) + 1);
        return at == std::string::npos ? "" : line.substr(at, line.find_last_not_of(" \t\"") + 1 - at);
    }
    return "unknown";
}

SelftestRecord::Facts facts_of_build(const std::string& images_in_words) {
    return {{"version", tool_version()},
            {"build", build_id()},
            {"libraries", library_versions()},
            {"images", images_in_words}};
}

SelftestRecord::Facts facts_of_machine(const RunRecord& run) {
    utsname system{};
    uname(&system);
    return {{"host", run.host},
            {"user", run.user},
            {"started", run.started_utc},
            {"system", value_in("/etc/os-release", "PRETTY_NAME", '=')},
            {"kernel", fmt::format("{} {} {}", system.sysname, system.release, system.machine)},
            {"processor", value_in("/proc/cpuinfo", "model name", ':')},
            {"digests", run.hash_engine},
            {"sandbox", run.sandbox}};
}

std::vector<std::string> limits_in(const std::string& path, const RunRecord& run) {
    std::vector<std::string> limits;
    std::ifstream file(path);
    for (std::string line; std::getline(file, line);) limits.push_back(line);
    if (run.sandbox.find("no Landlock") != std::string::npos)
        limits.push_back("Landlock: this kernel lacks it; workers are held by seccomp and rlimits alone.");
    return limits;
}

int run_selftest(const SelftestArguments& arguments) {
    const SelftestFolder folder(arguments.out);
    const std::string case_path = folder.path() + "/case";
    std::string images = arguments.images, images_in_words = "folder " + arguments.images;
    if (images.empty()) {
        images = folder.path() + "/images";
        make_private_folder(images);
        unpack_carried_images(images);
        images_in_words = "carried, SHA-256 " + hash_of(carried_images(), AlgorithmSet::all()).sha256->hex();
    }
    const std::vector<Expectation> expectations = read_expectations(images);
    silence_notices();
    const int code = scan_as_a_user(images, expectations, case_path);
    if (!Store::is_sealed_at(case_path + "/case.sqlite")) return exit_code::interrupted;  // it said why

    const Store store = Store::open_read_only(case_path + "/case.sqlite");
    const RunRecord run = store.run();
    if (run.is_interrupted) {
        print_error("selftest: interrupted: " + run.interruption, "start it again");
        return exit_code::interrupted;
    }
    SelftestRecord record{
        facts_of_build(images_in_words), facts_of_machine(run), {}, limits_in(images + "/limits.txt", run)};
    record.parts = {test_of_digests(), test_of_sandbox(run), test_of_case(case_path, code)};
    for (SelftestPart& part : compare(expectations, read_listed(images + "/notable.md5"), store))
        record.parts.push_back(std::move(part));
    if (folder.is_kept()) {
        write_private_file(folder.path() + "/record.txt", as_text(record));
        write_private_file(folder.path() + "/record.json", as_json(record) + "\n");
    }
    std::fputs(arguments.json ? (as_json(record) + "\n").c_str() : as_text(record).c_str(), stdout);
    return record.failed() == 0 ? exit_code::success : exit_code::not_whole;
}

}  // namespace

void add_selftest(CLI::App& app, CommandLine& line) {
    auto a = std::make_shared<SelftestArguments>();
    CLI::App* selftest = app.add_subcommand("selftest", "Scan images of known content; print expected against found");
    selftest->add_option("--out", a->out, "New folder that keeps images, case, record.txt and record.json")
        ->type_name("FOLDER");
    selftest->add_option("--images", a->images, "Images of fixtures/selftest.py instead of the carried ones")
        ->type_name("FOLDER");
    selftest->add_flag("--json", a->json, "Print the record as one JSON object");
    selftest->footer("Exit codes: 0 all as expected, 2 wrong use, 3 something is not, 4 interrupted.");
    selftest->callback([a, &line] { line.chosen = [a] { return run_selftest(*a); }; });
}

}  // namespace triage
