// SPDX-License-Identifier: Apache-2.0
#include "engine/case/manifest.h"

#include <doctest/doctest.h>
#include <sys/stat.h>

#include <nlohmann/json.hpp>

#include "engine/base/error.h"
#include "engine/case/audit.h"
#include "engine/case/case_directory.h"
#include "engine/case/private_file.h"
#include "tests/engine/case/sample_case.h"

#ifndef TRIAGE_SOURCE_DIR
#define TRIAGE_SOURCE_DIR "."
#endif

using namespace triage;
using triage::sample::Folder;

namespace {

// Commands of docs/case-format.md; a test below checks that they still stand there.
const std::string list_command =
    R"sh(sed -n 's/^ *{"sha256": "\([0-9a-f]*\)", "size": [0-9]*, "path": "\(.*\)"},*$/\1  \2/p' manifest.json)sh"
    " | sha256sum --check --strict";
const std::string added_command =
    R"sh(find . ! -type d ! -regex '\./manifest\.json\(\.sig\|\.pub\)?' ! -regex '\./reports-[0-9][0-9]*/.*' -printf '%P\n')sh"
    R"sh( | grep -vxF "$(sed -n 's/^ *{"sha256": .*, "path": "\(.*\)"},*$/\1/p' manifest.json)")sh";

// A sealed case; returns the seal.
std::string make_case(const std::string& path) {
    const CaseDirectory directory = CaseDirectory::create(path, {});
    directory.write_command("triage scan disk.E01\n");
    directory.write_config("profile: default\n");
    AuditLog audit = AuditLog::create(directory.audit_path());
    audit.record("start");
    audit.record("end");
    {
        Store store = sample::start(directory.store_path());
        sample::put(store, sample::entry("/a", 1));
        store.seal(sample::alert_on_match);
    }
    make_private_folder(directory.reports_path());
    write_private_file(directory.reports_path() + "/report.txt", "nothing\n");
    const Store store = Store::open_read_only(directory.store_path());
    return write_manifest(path, store.evidences(), store.lists());
}

using Broken = std::vector<std::string>;

}  // namespace

TEST_CASE("a sealed case verifies, and the manifest says what was examined against what") {
    Folder folder;
    const std::string seal = make_case(folder / "case");
    CHECK(verify_case(folder / "case") == Broken{});
    CHECK(sample::output_of("sha256sum < " + (folder / "case/manifest.json")) == seal + "  -\n");
    const auto manifest = nlohmann::json::parse(sample::read_file(folder / "case/manifest.json"));
    std::vector<std::string> paths;
    for (const auto& row : manifest.at("files")) paths.push_back(row.at("path"));
    CHECK(paths ==
          std::vector<std::string>{"audit.jsonl", "case.sqlite", "command.txt", "config.yaml", "reports/report.txt"});
    CHECK(
        manifest.at("evidence").dump() ==
        R"([{"exhibit":"","name":"disk.E01","segments":[{"modified":"2024-05-01T08:00:00Z","name":"disk.E01","size":4096}]}])");
    CHECK(manifest.at("lists").at(0).at("polarity") == "notable");
    CHECK(manifest.at("lists").at(0).at("sha256") == std::string(64, 'a'));
}

TEST_CASE("sha256sum alone, as the page says, checks every file") {
    Folder folder;
    make_case(folder / "case");
    CHECK(sample::read_file(TRIAGE_SOURCE_DIR "/docs/case-format.md").find(list_command) != std::string::npos);
    const std::string check = "cd " + (folder / "case") + " && " + list_command;
    CHECK(sample::output_of(check) ==
          "audit.jsonl: OK\ncase.sqlite: OK\ncommand.txt: OK\nconfig.yaml: OK\nreports/report.txt: OK\n");
    sample::write_file(folder / "case/reports/report.txt", "NOTHING\n");
    int status = 0;
    CHECK(sample::output_of(check, &status).find("reports/report.txt: FAILED") != std::string::npos);
    CHECK(status != 0);
}

TEST_CASE("find alone, as the page says, shows what was added") {
    Folder folder;
    const std::string path = folder / "case";
    make_case(path);
    make_private_folder(path + "/reports-2.new");
    write_render_manifest(path, "reports-2");
    CHECK(sample::read_file(TRIAGE_SOURCE_DIR "/docs/case-format.md").find(added_command) != std::string::npos);
    const std::string command = "cd " + path + " && " + added_command + " | sort";
    CHECK(sample::output_of(command) == "");
    std::filesystem::create_symlink("/etc/passwd", path + "/link");
    sample::write_file(path + "/manifest.json.old", "");
    sample::write_file(path + "/reports/report.tx", "");
    CHECK(sample::output_of(command) == "link\nmanifest.json.old\nreports/report.tx\n");
}

TEST_CASE("each change of a sealed case is named") {
    Folder folder;
    const std::string path = folder / "case";
    make_case(path);
    sample::write_file(path + "/config.yaml", "profile: defaulT\n");
    CHECK(verify_case(path) == Broken{"config.yaml was changed: its SHA-256 differs"});
    sample::write_file(path + "/config.yaml", "profile: default\n");
    sample::write_file(path + "/command.txt", "");
    CHECK(verify_case(path) == Broken{"command.txt was changed: its size differs"});
    sample::write_file(path + "/command.txt", "triage scan disk.E01\n");
    sample::write_file(path + "/reports/more.txt", "");
    CHECK(verify_case(path) == Broken{"reports/more.txt was added: the manifest does not list it"});
    std::filesystem::remove(path + "/reports/more.txt");
    std::filesystem::remove(path + "/reports/report.txt");
    CHECK(verify_case(path) == Broken{"reports/report.txt is missing"});
    std::filesystem::create_symlink(path + "/command.txt", path + "/reports/report.txt");
    CHECK(verify_case(path) == Broken{"reports/report.txt was changed: it is no regular file"});
}

TEST_CASE("a broken audit log is named with its record, a broken store too") {
    Folder folder;
    const std::string path = folder / "case";
    make_case(path);
    std::string log = sample::read_file(path + "/audit.jsonl");
    log[30] ^= 1;
    sample::write_file(path + "/audit.jsonl", log);
    const std::string store = sample::read_file(path + "/case.sqlite");
    sample::write_file(path + "/case.sqlite", store.substr(0, store.size() - 1));
    CHECK(verify_case(path) ==
          Broken{"audit.jsonl was changed: its SHA-256 differs", "case.sqlite was changed: its size differs",
                 "audit.jsonl: record 1: it does not follow the record before, or that one was changed",
                 path + "/case.sqlite: damaged: its length is not what its header says"});
}

TEST_CASE("what is no case, not sealed or has a damaged manifest is said to be so") {
    Folder folder;
    CHECK(verify_case(folder / "absent") == Broken{folder / "absent" + " is not a directory"});
    const std::string path = folder / "case";
    make_case(path);
    sample::write_file(path + "/manifest.json", "{\"files\": [{}]}");
    CHECK(verify_case(path) == Broken{"manifest.json is damaged: it cannot be read"});
    std::filesystem::remove(path + "/manifest.json");
    CHECK(verify_case(path) == Broken{"manifest.json is missing: the case was not sealed"});
    sample::write_file(path + "/manifest.json",
                       R"({"files": [{"sha256": "", "size": 0, "path": "../../etc/passwd"}]})");
    CHECK(verify_case(path).at(0) == "the manifest names a file outside the case: ../../etc/passwd");
}

TEST_CASE("no file of a case is a link, a pipe, a folder or endless: none of them keeps verify from its end") {
    Folder folder;
    const std::string path = folder / "case";
    const auto first_flaw = [&](const std::string& file, const std::string& put) {
        std::filesystem::remove_all(path);
        make_case(path);
        sample::output_of("cd " + path + " && cp " + file + " ../kept && rm " + file + " && " + put + " " + file);
        const Broken broken = verify_case(path);
        return broken.empty() ? std::string("intact") : broken.front();
    };
    const std::string manifest = path + "/manifest.json";
    CHECK(first_flaw("manifest.json", "mkfifo") == "cannot read " + manifest + ": it is not a regular file");
    CHECK(first_flaw("manifest.json", "mkdir") == "cannot read " + manifest + ": it is not a regular file");
    CHECK(first_flaw("manifest.json", "ln -s ../kept") == "cannot read " + manifest + ": it is a symbolic link");
    CHECK(first_flaw("manifest.json", "truncate -s 1T") ==
          "cannot read " + manifest + ": it is longer than 268435456 bytes");
    CHECK(first_flaw("audit.jsonl", "mkfifo") == "audit.jsonl was changed: it is no regular file");
    CHECK(first_flaw("audit.jsonl", "ln -s /dev/zero") == "audit.jsonl was changed: it is no regular file");
    CHECK(first_flaw("audit.jsonl", "truncate -s 1T") == "audit.jsonl was changed: its size differs");
    CHECK(first_flaw("case.sqlite", "mkfifo") == "case.sqlite was changed: it is no regular file");
    CHECK(first_flaw("case.sqlite", "ln -s ../kept") == "case.sqlite was changed: it is no regular file");
}

TEST_CASE("a later render has a manifest of its own that names the first, and leaves the first true") {
    Folder folder;
    const std::string path = folder / "case";
    const std::string seal = make_case(path);
    make_private_folder(path + "/reports-2.new");
    write_private_file(path + "/reports-2.new/report.txt", "again\n");
    CHECK(verify_case(path) ==
          Broken{"reports-2.new is left of a rendering that did not end; triage report removes it"});
    write_render_manifest(path, "reports-2");
    CHECK(verify_case(path) == Broken{});
    CHECK_FALSE(std::filesystem::exists(path + "/reports-2.new"));
    const auto manifest = nlohmann::json::parse(sample::read_file(path + "/reports-2/manifest.json"));
    CHECK(manifest.at("case_manifest_sha256") == seal);
    CHECK(manifest.at("files").at(0).at("path") == "reports-2/report.txt");
    sample::write_file(path + "/reports-2/report.txt", "AGAIN\n");
    CHECK(verify_case(path) == Broken{"reports-2/report.txt was changed: its SHA-256 differs"});
}

TEST_CASE("a later render is a folder of the case, not a link to one elsewhere") {
    Folder folder;
    const std::string path = folder / "case";
    make_case(path);
    make_private_folder(path + "/reports-2.new");
    write_render_manifest(path, "reports-2");
    std::filesystem::rename(path + "/reports-2", folder / "elsewhere");
    std::filesystem::create_directory_symlink(folder / "elsewhere", path + "/reports-2");
    CHECK(verify_case(path) == Broken{"reports-2 was added: it is no folder"});
}

TEST_CASE("a seal that a power cut left in both places while it was set aside is whole, whatever else is added not") {
    Folder folder;
    const std::string path = folder / "case";
    make_case(path);
    make_private_folder(path + "/interrupted-1");
    std::filesystem::copy(path + "/manifest.json", path + "/interrupted-1/manifest.json");
    CHECK(verify_case(path) == Broken{});
    std::filesystem::copy(path + "/reports", path + "/interrupted-1/reports");
    CHECK(verify_case(path) == Broken{});
    make_private_folder(path + "/reports-2.new");
    write_render_manifest(path, "reports-2");
    std::filesystem::copy(path + "/reports-2", path + "/interrupted-1/reports-2");
    CHECK(verify_case(path) == Broken{});
    sample::write_file(path + "/interrupted-1/reports/report.txt", "NOTHING\n");
    sample::write_file(path + "/interrupted-1/reports/more.txt", "nothing\n");
    sample::write_file(path + "/interrupted-1/manifest.json.pub", "");
    CHECK(verify_case(path) == Broken{"interrupted-1/manifest.json.pub was added: the manifest does not list it",
                                      "interrupted-1/reports/more.txt was added: the manifest does not list it",
                                      "interrupted-1/reports/report.txt was added: the manifest does not list it"});
}

TEST_CASE("what stands beside a seal that was set aside is no twin, and neither followed nor waited for") {
    Folder folder;
    const std::string path = folder / "case";
    make_case(path);
    make_private_folder(path + "/interrupted-1");
    std::filesystem::copy(path + "/case.sqlite", path + "/interrupted-1/case.sqlite");  // no resume moves it
    std::filesystem::copy(path + "/reports/report.txt", folder / "report.txt");
    std::filesystem::create_directory(path + "/interrupted-1/reports");
    std::filesystem::create_symlink(folder / "report.txt", path + "/interrupted-1/reports/report.txt");
    REQUIRE(::mkfifo((path + "/interrupted-1/manifest.json").c_str(), 0600) == 0);
    std::filesystem::create_symlink("/dev/zero", path + "/interrupted-1/zero");
    make_private_folder(path + "/interrupted-one");
    std::filesystem::copy(path + "/manifest.json", path + "/interrupted-one/manifest.json");
    const auto added = [](const std::string& file) { return file + " was added: the manifest does not list it"; };
    CHECK(verify_case(path) == Broken{added("interrupted-1/case.sqlite"), added("interrupted-1/manifest.json"),
                                      added("interrupted-1/reports/report.txt"), added("interrupted-1/zero"),
                                      added("interrupted-one/manifest.json")});
}

TEST_CASE("drafts of later renders are removed, and nothing else") {
    Folder folder;
    const std::string path = folder / "case";
    make_case(path);
    sample::write_file(folder / "kept", "");
    for (const char* name : {"/reports-2.new", "/reports-3.new", "/reports-2026", "/mine.new"}) {
        make_private_folder(path + name);
        write_private_file(path + name + "/report.txt", "again\n");
    }
    std::filesystem::create_symlink(folder.path(), path + "/reports-3.new/link");
    std::filesystem::create_symlink(folder.path(), path + "/reports-4.new");
    write_render_manifest(path, "reports-2");
    CHECK(remove_drafts(path) == std::vector<std::string>{"reports-3.new", "reports-4.new"});
    CHECK(later_renders(path) == std::vector<std::string>{"reports-2", "reports-2026"});
    CHECK(verify_case(path) == Broken{"mine.new/report.txt was added: the manifest does not list it",
                                      "reports-2026/manifest.json is missing"});
    CHECK(std::filesystem::exists(folder / "kept"));
}

TEST_CASE("a case that holds something other than files is not sealed") {
    Folder folder;
    const std::string path = folder / "case";
    CaseDirectory::create(path, {});
    std::filesystem::create_symlink("/etc/passwd", path + "/link");
    CHECK_THROWS_WITH_AS(write_manifest(path, {}, {}), doctest::Contains("not a regular file"), Error);
}

TEST_CASE("the seal is printed in groups of eight digits") {
    CHECK(seal_in_groups("0123456789abcdef01") == "01234567 89abcdef 01");
    CHECK(seal_in_groups("") == "");
}
