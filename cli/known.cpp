// SPDX-License-Identifier: Apache-2.0
#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>

#include "cli/command.h"
#include "cli/exit_code.h"
#include "cli/known_sets.h"
#include "cli/known_words.h"
#include "cli/terminal.h"
#include "cli/versions.h"
#include "engine/base/error.h"
#include "engine/base/text.h"
#include "engine/case/case_directory.h"
#include "plugins/registry.h"

namespace triage {
namespace {

struct ImportArguments {
    std::vector<std::string> lists;
    std::string output, name, version, format, columns, alert_categories, protect;
    std::uint64_t memory_mib = 1024;
    bool notable = false, ignorable = false, lenient = false, keep_trivial = false, json = false;
};

struct SetArguments {
    std::string set, other, key;
    std::vector<std::string> hashes;
    bool json = false, show_names = false, list = false;
};

// The file of a set while it is made: without a name until it is whole, so that nothing is left of one that is not.
class NewSetFile {
  public:
    explicit NewSetFile(const std::string& path)
        : path_(path), folder_(path.find('/') == std::string::npos ? "." : path.substr(0, path.find_last_of('/') + 1)) {
        fd_ = ::open(folder_.c_str(), O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
        if (fd_ >= 0) return;
        work_ = path + ".XXXXXX";
        fd_ = ::mkostemp(work_.data(), O_CLOEXEC);
        if (fd_ < 0) fail();
    }
    ~NewSetFile() {
        ::close(fd_);
        if (!work_.empty()) ::unlink(work_.c_str());
    }
    NewSetFile(const NewSetFile&) = delete;
    NewSetFile& operator=(const NewSetFile&) = delete;
    int fd() const { return fd_; }

    void publish() {
        if (work_.empty()) {
            work_ = fmt::format("{}.{}", path_, ::getpid());
            const std::string self = fmt::format("/proc/self/fd/{}", fd_);
            if (::linkat(AT_FDCWD, self.c_str(), AT_FDCWD, work_.c_str(), AT_SYMLINK_FOLLOW) != 0) fail();
        }
        if (::rename(work_.c_str(), path_.c_str()) != 0) fail();
        work_.clear();
        const int folder = ::open(folder_.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        if (folder >= 0) ::fsync(folder), ::close(folder);
    }

  private:
    [[noreturn]] void fail() const {
        throw Error(path_, fmt::format("the set cannot be written: {}", std::strerror(errno)));
    }
    const std::string path_, folder_;
    std::string work_;  // its name meanwhile, where it needs one
    int fd_ = -1;
};

int run_import(const ImportArguments& a) {
    if (a.notable == a.ignorable)
        throw Error("known import", "what a match means was not said", "give either --notable or --ignorable");
    for (const std::string& list : a.lists) {
        std::error_code unknown;
        if (std::filesystem::equivalent(list, a.output, unknown))
            throw Error(a.output, "is one of the lists: the set would take its place", "name another file with -o");
    }
    // Before the lists are read: what is no file must neither be waited for nor be replaced.
    if (std::error_code unknown;
        std::filesystem::exists(a.output, unknown) && !std::filesystem::is_regular_file(a.output, unknown))
        throw Error(a.output, "is no file: a set cannot be written there", "name a file with -o");
    if (std::error_code unknown; std::filesystem::exists(a.output, unknown) &&
                                 !std::filesystem::is_empty(a.output, unknown) && !is_compiled_set(a.output))
        throw Error(a.output, "exists and is no compiled set: it is not written over", "name another file with -o");
    refuse_inside_case(a.output);
    const std::unique_ptr<Secret> secret = read_secret(a.protect, true);
    const std::unique_ptr<SetKey> key = secret ? std::make_unique<SetKey>(*secret) : nullptr;
    ImportOptions options;
    options.polarity = a.notable ? Polarity::notable : Polarity::ignorable;
    options.lenient = a.lenient, options.keep_trivial = a.keep_trivial;
    options.format = a.format, options.columns = a.columns;
    options.name = a.name, options.version = a.version, options.importer = tool_version();
    options.alert_categories = split_names(a.alert_categories);
    options.writer = {a.memory_mib << 20, temporary_folder(), key.get()};
    WorkLine line;
    options.advance = line.as_advance();
    NewSetFile file(a.output);
    Imported imported = import_lists(a.lists, registry().lists, options, file.fd());
    file.publish();
    line.clear();
    if (a.name.empty() && imported.identity.name == imported.identity.sources.front().name)
        imported.warnings.push_back(imported.identity.name +
                                    ": the list has no name of its own, so its file name is used; --name names it");
    for (const std::string& warning : imported.warnings) print_notice(warning);
    imported.identity.source_sha256 = open_set(a.output, secret.get()).identity().source_sha256;
    std::fputs((a.json ? in_json(imported.identity) : in_words(imported.identity)).c_str(), stdout);
    return exit_code::success;
}

int run_info(const SetArguments& a) {
    const KnownSet set = open_set(a.set, read_secret(a.key, false).get());
    std::fputs((a.json ? in_json(set.identity()) : in_words(set.identity())).c_str(), stdout);
    if (!a.json) std::fputs(set.is_protected() ? "  protected by a key\n" : "  not protected\n", stdout);
    return exit_code::success;
}

int run_verify(const SetArguments& a) {
    WorkLine line;
    const std::optional<std::string> damage = find_damage(a.set, line.as_advance());
    line.clear();
    std::string polarity;  // not known of a damaged set, nor of a protected one without its key
    if (!damage && (!a.key.empty() || !is_protected_set(a.set)))
        polarity = to_string(open_set(a.set, read_secret(a.key, false).get()).identity().polarity);
    if (a.json)
        std::fputs(fmt::format("{{\"set\":{},\"sound\":{},\"damage\":{},\"polarity\":{}}}\n", to_json_string(a.set),
                               !damage, to_json_string(damage.value_or("")), to_json_string(polarity))
                       .c_str(),
                   stdout);
    else if (damage) print_error(*damage, "restore it, or import its lists again");
    else
        std::fputs(fmt::format("sound: every block is as it was written ({})\n",
                               polarity.empty() ? "its key tells the polarity" : polarity)
                       .c_str(),
                   stdout);
    return damage ? exit_code::not_whole : exit_code::success;
}

int run_lookup(const SetArguments& a) {
    const KnownSet set = open_set(a.set, read_secret(a.key, false).get());
    bool is_found = false;
    for (const std::string& hash : a.hashes) {
        const std::optional<Digest> digest = Digest::parse(hash);
        if (!digest) throw Error(hash, "is no MD5, SHA-1 or SHA-256", "give 32, 40 or 64 hexadecimal digits");
        Digests digests;
        digests.set(*digest);
        const KnownQuery query{&digests, 0};
        std::vector<Match> matches;
        set.lookup({&query, 1}, 0, {&matches, 1});
        is_found = is_found || !matches.empty();
        for (const Match& m : matches)
            std::fputs(a.json ? match_in_json(digest->hex(), set.identity(), m, a.show_names).c_str()
                              : fmt::format(
                                    "{}: {} ({}): {}\n", digest->hex(), escape_for_terminal(set.identity().name),
                                    to_string(set.identity().polarity), match_in_words(set.identity(), m, a.show_names))
                                    .c_str(),
                       stdout);
        if (matches.empty())
            std::fputs(
                (a.json ? fmt::format("{{\"hash\":\"{}\",\"found\":false}}\n", digest->hex())
                        : fmt::format("{}: not in the set ({})\n", digest->hex(), to_string(set.identity().polarity)))
                    .c_str(),
                stdout);
    }
    return is_found ? exit_code::success : exit_code::alert;
}

// One pass over two sorted columns.
struct Difference {
    std::uint64_t only_first = 0, only_second = 0, both = 0;
};

int run_diff(const SetArguments& a) {
    const std::unique_ptr<Secret> secret = read_secret(a.key, false);
    const KnownSet first = open_set(a.set, secret.get()), second = open_set(a.other, secret.get());
    if (first.is_protected() || second.is_protected())
        throw Error("known diff", "protected sets hold no digests that could be compared",
                    "compare the lists that they were made from");
    bool differs = first.identity().polarity != second.identity().polarity;
    std::string json = fmt::format("{{\"first\":\"{}\",\"second\":\"{}\"", to_string(first.identity().polarity),
                                   to_string(second.identity().polarity));
    if (!a.json)
        std::printf("the first is %s, the second %s\n", std::string(to_string(first.identity().polarity)).c_str(),
                    std::string(to_string(second.identity().polarity)).c_str());
    WorkLine line;
    for (const Algorithm algorithm : all_algorithms) {
        Difference d;
        const auto say = [&](char sign, const Digest& digest) {
            if (a.list && !a.json)
                std::printf("%c %s %s\n", sign, std::string(to_string(algorithm)).c_str(), digest.hex().c_str());
        };
        KnownSet::Walk x(first, algorithm), y(second, algorithm);
        for (std::uint64_t compared = 0; x.digest() || y.digest(); ++compared) {
            if (!a.list && compared % (1 << 20) == 0) line.show(to_string(algorithm), compared, 0);
            const bool is_first = x.digest() && (!y.digest() || x.digest()->bytes < y.digest()->bytes);
            const bool is_second = y.digest() && (!x.digest() || y.digest()->bytes < x.digest()->bytes);
            if (is_first) ++d.only_first, say('-', *x.digest());
            if (is_second) ++d.only_second, say('+', *y.digest());
            if (!is_first && !is_second) ++d.both;
            if (!is_second) x.next();
            if (!is_first) y.next();
        }
        line.clear();
        differs = differs || d.only_first > 0 || d.only_second > 0;
        json += fmt::format(",\"{}\":{{\"only_first\":{},\"only_second\":{},\"both\":{}}}", to_string(algorithm),
                            d.only_first, d.only_second, d.both);
        if (!a.json)
            std::fputs(
                fmt::format("{:<6} {} only in the first, {} only in the second, {} in both\n", to_string(algorithm),
                            with_commas(d.only_first), with_commas(d.only_second), with_commas(d.both))
                    .c_str(),
                stdout);
    }
    if (a.json) std::puts((json + "}").c_str());
    return differs ? exit_code::alert : exit_code::success;
}

void add_import(CLI::App& known, CommandLine& line) {
    auto a = std::make_shared<ImportArguments>();
    CLI::App* command = known.add_subcommand("import", "Compile hash lists into a set (.tks) that opens at once");
    command->add_option("lists", a->lists, "Hash lists; `triage plugins` lists the formats")->required();
    command->add_option("-o,--output", a->output, "The set to write")->type_name("SET.tks")->required();
    command->add_flag("--notable", a->notable, "A match with this set matters");
    command->add_flag("--ignorable", a->ignorable, "A match with this set means that a file needs no look");
    command->add_option("--name", a->name, "Name of the set (default: what the list says, or its file name)");
    command->add_option("--set-version", a->version, "Version (default: what the list says, or its date)");
    command->add_option("--format", a->format, "Format of the lists (default: recognised by content)");
    command->add_option("--columns", a->columns, "Columns of a CSV list, e.g. md5=3,size=Length,category=5")
        ->type_name("MAP");
    command
        ->add_option("--alert-category", a->alert_categories,
                     "Categories whose matches alert, separated by commas; the others are of severity notice")
        ->type_name("N,...");
    command->add_flag("--lenient", a->lenient,
                      "Leave bad records out, counted and reported, instead of refusing the list");
    command->add_flag("--keep-trivial", a->keep_trivial,
                      "Keep the digests of the empty file and of one byte repeated, flagged");
    command->add_option("--memory", a->memory_mib, "Memory to use, in MiB")
        ->check(CLI::Range(64, 1 << 20))
        ->capture_default_str();
    command
        ->add_option("--protect", a->protect,
                     "Protect the set by a key file, a passphrase (\"ask\"), or one from a descriptor (\"fd:N\")")
        ->type_name("KEY");
    command->add_flag("--json", a->json, "Print what became of the lists as one JSON object");
    command->footer("Exit codes: 0 done, 2 wrong use or a list that cannot be read.");
    command->callback([a, &line] { line.chosen = [a] { return run_import(*a); }; });
}

CLI::App* add_set_command(CLI::App& known, CommandLine& line, const std::string& name, const std::string& help,
                          const std::shared_ptr<SetArguments>& a, int (*run)(const SetArguments&)) {
    CLI::App* command = known.add_subcommand(name, help);
    command->add_option("set", a->set, "Compiled set")->required();
    command->add_option("--key", a->key, "Opens a protected set: a key file, \"ask\", or \"fd:N\"")->type_name("KEY");
    command->add_flag("--json", a->json, "Print JSON");
    command->callback([a, run, &line] { line.chosen = [a, run] { return run(*a); }; });
    return command;
}

void add_cache(CLI::App& known, CommandLine& line) {
    CLI::App* cache = known.add_subcommand("cache", "The compiled lists that `scan --cache` keeps");
    cache->require_subcommand(1);
    cache->add_subcommand("clear", "Remove them")->callback([&line] {
        line.chosen = [] {
            std::printf("%zu removed\n", clear_cache(list_cache_folder()));
            return exit_code::success;
        };
    });
}

}  // namespace

void add_known(CLI::App& app, CommandLine& line) {
    CLI::App* known = app.add_subcommand("known", "Compile known-hash lists into sets, and ask sets");
    known->require_subcommand(1);
    add_import(*known, line);
    add_set_command(*known, line, "info", "Say what is in a set", std::make_shared<SetArguments>(), run_info)
        ->footer("Exit codes: 0 done, 2 wrong use or no sound set.");
    add_set_command(*known, line, "verify", "Read a set whole and check every block", std::make_shared<SetArguments>(),
                    run_verify)
        ->footer("Exit codes: 0 sound, 2 wrong use or no set, 3 damaged.");
    auto asked = std::make_shared<SetArguments>();
    CLI::App* lookup = add_set_command(*known, line, "lookup", "Ask whether digests are in a set", asked, run_lookup);
    lookup->add_option("hashes", asked->hashes, "MD5, SHA-1 or SHA-256")->required();
    lookup->add_flag("--show-names", asked->show_names, "Show labels (escaped)");
    lookup->footer("Exit codes: 0 at least one is in the set, 1 none is, 2 wrong use.");
    auto compared = std::make_shared<SetArguments>();
    CLI::App* diff = add_set_command(*known, line, "diff", "Compare the digests of two sets", compared, run_diff);
    diff->add_option("other", compared->other, "The set to compare with")->required();
    diff->add_flag("--list", compared->list, "Print the digests that only one of them has");
    diff->footer("Exit codes: 0 the same, 1 different, 2 wrong use.");
    add_cache(*known, line);
}

}  // namespace triage
