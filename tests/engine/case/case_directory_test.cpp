// SPDX-License-Identifier: Apache-2.0
#include "engine/case/case_directory.h"

#include <doctest/doctest.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "engine/base/error.h"
#include "engine/case/audit.h"
#include "engine/case/private_file.h"
#include "tests/engine/case/sample_case.h"

using namespace triage;
using triage::sample::Folder;

namespace {

unsigned mode_of(const std::string& path) {
    struct stat status {};
    return ::lstat(path.c_str(), &status) == 0 ? status.st_mode & 0777 : 0;
}

// Exit status of a child that runs `action`: 0 when it throws Error (usage).
template <class Action>
int refused_in_child(Action action) {
    const pid_t child = ::fork();
    if (child == 0) {
        try {
            action();
            ::_exit(1);
        } catch (const Error& error) {
            ::_exit(error.kind() == ErrorKind::usage ? 0 : 2);
        }
    }
    int status = 0;
    ::waitpid(child, &status, 0);
    return WEXITSTATUS(status);
}

}  // namespace

TEST_CASE("a case directory is private, and so is what is written into it") {
    Folder folder;
    const CaseDirectory directory = CaseDirectory::create(folder / "case", {});
    directory.write_command("triage scan x");
    directory.write_config("profile: default\n");
    CHECK(mode_of(folder / "case") == 0700);
    CHECK(mode_of(directory.command_path()) == 0600);
    CHECK(mode_of(directory.config_path()) == 0600);
    CHECK(sample::read_file(directory.config_path()) == "profile: default\n");
    CHECK(directory.warnings().empty());
    CHECK(directory.store_path() == folder / "case/case.sqlite");
}

TEST_CASE("an empty directory is taken and made private; one that is not empty, or a file, is refused untouched") {
    Folder folder;
    std::filesystem::create_directory(folder / "empty");
    ::chmod((folder / "empty").c_str(), 0755);
    CHECK_NOTHROW(CaseDirectory::create(folder / "empty", {}));
    CHECK(mode_of(folder / "empty") == 0700);
    std::filesystem::create_directory(folder / "full");
    sample::write_file(folder / "full/x", "");
    ::chmod((folder / "full").c_str(), 0755);
    CHECK_THROWS_WITH_AS(CaseDirectory::create(folder / "full", {}), doctest::Contains("not an empty directory"),
                         Error);
    CHECK(mode_of(folder / "full") == 0755);
    sample::write_file(folder / "file", "");
    CHECK_THROWS_AS(CaseDirectory::create(folder / "file", {}), Error);
    CHECK_THROWS_WITH_AS(CaseDirectory::create(folder / "a/b", {}), doctest::Contains("No such file"), Error);
}

TEST_CASE("nothing is written inside a directory that is evidence, also by a detour") {
    Folder folder;
    std::filesystem::create_directories(folder / "evidence/sub");
    std::filesystem::create_directories(folder / "evidence2");
    std::filesystem::create_directory_symlink(folder / "evidence/sub", folder / "link");
    const std::vector<std::string> evidence{folder / "evidence"};
    for (const char* inside : {"evidence/case", "evidence/sub/case", "evidence2/../evidence/case", "link/case",
                               "evidence/sub", "evidence/sub/"}) {
        CAPTURE(inside);
        CHECK_THROWS_WITH_AS(CaseDirectory::create(folder / inside, evidence), doctest::Contains("inside the evidence"),
                             Error);
    }
    CHECK_NOTHROW(CaseDirectory::create(folder / "evidence2/case", evidence));
    CHECK(sample::output_of("ls -A " + (folder / "evidence")) == "sub\n");
}

TEST_CASE("a folder that is still to be made, however deep, does not lie on evidence either") {
    Folder folder;
    std::filesystem::create_directories(folder / "evidence/inside");
    const std::vector<std::string> evidence{folder / "evidence"};
    for (const char* path :
         {"evidence", "evidence/new", "evidence/a/b/c", "evidence/inside/../d/e", "x/../evidence/y/z"})
        CHECK_THROWS_AS(refuse_on_evidence(folder / path, evidence), Error);
    for (const char* path : {"other", "a/b/c", "evidence-2/a/b"})
        CHECK_NOTHROW(refuse_on_evidence(folder / path, evidence));
}

TEST_CASE("a second process on one case is refused, and gets it when the first has ended") {
    Folder folder;
    {
        const CaseDirectory directory = CaseDirectory::create(folder / "case", {});
        sample::write_file(directory.store_path(), "");
        CHECK(refused_in_child([&] { CaseDirectory::open_for_resume(folder / "case"); }) == 0);
    }
    CHECK_NOTHROW(CaseDirectory::open_for_resume(folder / "case"));
}

TEST_CASE("what is no case cannot be resumed") {
    Folder folder;
    CHECK_THROWS_WITH_AS(CaseDirectory::open_for_resume(folder.path()), doctest::Contains("not a case"), Error);
    CHECK_THROWS_AS(CaseDirectory::open_for_resume(folder / "absent"), Error);
}

TEST_CASE("reports of an interrupted scan are set aside whole") {
    Folder folder;
    const CaseDirectory directory = CaseDirectory::create(folder / "case", {});
    directory.set_reports_aside();  // nothing there: nothing happens
    CHECK(sample::output_of("ls -A " + (folder / "case")) == "");
    for (const char* round : {"interrupted-1", "interrupted-2"}) {
        sample::write_file(directory.manifest_path(), round);
        std::filesystem::create_directory(directory.reports_path());
        directory.set_reports_aside();
        CHECK(sample::read_file(folder / "case/" + round + "/manifest.json") == round);
        CHECK_FALSE(std::filesystem::exists(directory.reports_path()));
    }
}

TEST_CASE("files of a case are never written through a link or over something") {
    Folder folder;
    sample::write_file(folder / "there", "old");
    CHECK_THROWS_AS(write_private_file(folder / "there", "new"), Error);
    CHECK(sample::read_file(folder / "there") == "old");
    std::filesystem::create_symlink(folder / "victim", folder / "link");
    CHECK_THROWS_AS(write_private_file(folder / "link", "new"), Error);
    CHECK_FALSE(std::filesystem::exists(folder / "victim"));
}

TEST_CASE("what ended before its evidence was recorded makes way, and nothing else does") {
    Folder folder;
    const std::string path = folder / "case";
    const auto begin = [&] {
        const CaseDirectory directory = CaseDirectory::create(path, {});
        directory.write_command("triage scan disk.img\n");
        directory.write_config("profile: default\n");
    };
    const auto is_clear = [&] {
        CaseDirectory::clear_beginning(path);
        return std::filesystem::is_empty(path);
    };
    CHECK_NOTHROW(CaseDirectory::clear_beginning(folder / "nowhere"));
    begin();
    CHECK(is_clear());
    begin();
    sample::write_file(path + "/case.sqlite", "");
    sample::write_file(path + "/audit.jsonl", "{");
    CHECK(is_clear());
    begin();
    Store::create(path + "/case.sqlite");
    CHECK(is_clear());
    SUBCASE("evidence was recorded") {
        begin();
        sample::start(path + "/case.sqlite").commit();
        CHECK_FALSE(is_clear());
        CHECK(std::filesystem::exists(path + "/case.sqlite"));
    }
    SUBCASE("evidence was recorded, and the store was lost") {
        begin();
        sample::write_file(path + "/case.sqlite", "");
        AuditLog::create(path + "/audit.jsonl")
            .record("evidence-before", {{"id", std::uint64_t{0}}, {"edges_sha256", "unreadable"}});
        CHECK_FALSE(is_clear());
        CHECK(std::filesystem::exists(path + "/audit.jsonl"));
    }
    SUBCASE("something else is there") {
        begin();
        sample::write_file(path + "/holiday.jpg", "");
        CHECK_FALSE(is_clear());
        CHECK(std::filesystem::exists(path + "/command.txt"));
    }
    SUBCASE("no scan began it") {
        sample::write_file(path + "/config.yaml", "");
        CHECK_FALSE(is_clear());
    }
    SUBCASE("a link stands in its place") {
        begin();
        sample::write_file(folder / "victim", "");
        std::filesystem::create_symlink(folder / "victim", path + "/audit.jsonl");
        CHECK_FALSE(is_clear());
    }
    SUBCASE("its store is none") {
        begin();
        sample::write_file(path + "/case.sqlite", std::string(4096, 'x'));
        CHECK_THROWS_AS(CaseDirectory::clear_beginning(path), Error);
        CHECK(std::filesystem::exists(path + "/case.sqlite"));
    }
    SUBCASE("another process works on it") {
        const CaseDirectory directory = CaseDirectory::create(path, {});
        directory.write_command("triage scan disk.img\n");
        CHECK_THROWS_AS(CaseDirectory::clear_beginning(path), Error);
    }
}

TEST_CASE("a file that is written at once is whole or is not there") {
    Folder folder;
    write_private_file_at_once(folder / "whole", "all of it");
    CHECK(sample::read_file(folder / "whole") == "all of it");
    CHECK_FALSE(std::filesystem::exists(folder / "whole.new"));
    CHECK_THROWS_AS(write_private_file_at_once(folder / "whole", "another"), Error);
    CHECK(sample::read_file(folder / "whole") == "all of it");
    sample::write_file(folder / "cut.new", "all o");
    CHECK_THROWS_AS(write_private_file_at_once(folder / "cut", "all of it"), Error);
    CHECK_FALSE(std::filesystem::exists(folder / "cut"));
}

TEST_CASE("the folder of an exhibit's case is a plain name inside its parent") {
    CHECK(case_folder_name("AB/1") == "AB_1");
    CHECK(case_folder_name("..") == "_..");
    CHECK(case_folder_name("") == "_");
    CHECK(case_folder_name("-rf") == "_-rf");
    CHECK(case_folder_name("../../etc/\x1b") == "_.._.._etc__");
}

TEST_CASE("the default name is made of the exhibit and the time") {
    const Timestamp time{1714558830, 0};  // 2024-05-01 10:20:30 UTC
    CHECK(default_case_name("A-12", time) == "./triage-A-12-20240501T102030Z");
    CHECK(default_case_name("../../etc/pass wd\n", time) == "./triage-.._.._etc_pass_wd_-20240501T102030Z");
    CHECK(default_case_name("", time) == "./triage-evidence-20240501T102030Z");
    CHECK(default_case_name(std::string(500, 'x'), time).size() ==
          std::string("./triage--20240501T102030Z").size() + 64);
}

TEST_CASE("later renders go to numbered folders") {
    Folder folder;
    CHECK(next_reports_path(folder.path()) == folder / "reports");
    std::filesystem::create_directory(folder / "reports");
    CHECK(next_reports_path(folder.path()) == folder / "reports-2");
    std::filesystem::create_directory(folder / "reports-2");
    CHECK(next_reports_path(folder.path()) == folder / "reports-3");
}
