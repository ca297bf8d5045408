// SPDX-License-Identifier: Apache-2.0
#include "engine/worker/sandbox.h"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <netinet/in.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <fstream>
#include <functional>

#include "engine/worker/spawn.h"
#include "tests/support/scratch_file.h"
#include "tests/support/script_kinds.h"

using namespace triage;
using triage::test::has_worker_processes;
using triage::test::ScratchFile;

namespace {

struct Outcome {
    std::string said;  // on the record descriptor
    int status = 0;    // of waitpid
};

// What `action` says in a child that has entered the sandbox. `action` gets the layers.
Outcome in_sandbox(SandboxOptions options, const std::function<std::string(const std::string& layers)>& action) {
    auto [in, out] = make_pipe();
    const pid_t child = ::fork();
    if (child == 0) {
        options.record_fd = out.get();
        const std::string said = action(enter_sandbox(options));
        const ssize_t written = ::write(out.get(), said.data(), said.size());
        ::_exit(written == static_cast<ssize_t>(said.size()) ? 0 : 1);
    }
    out.reset();
    Outcome outcome;
    std::array<char, 4096> buffer{};
    for (ssize_t n; (n = ::read(in.get(), buffer.data(), buffer.size())) > 0;)
        outcome.said.append(buffer.data(), static_cast<std::size_t>(n));
    ::waitpid(child, &outcome.status, 0);
    return outcome;
}

// errno of a call that must fail; 0 when it succeeds.
int errno_of(long result) { return result < 0 ? errno : 0; }

// The errno of `call` in the sandbox.
std::string refusal_of(const std::function<long()>& call) {
    const Outcome outcome = in_sandbox({}, [&](const std::string&) { return std::to_string(errno_of(call())); });
    return outcome.status == 0 ? outcome.said : "child ended with " + std::to_string(outcome.status);
}

const std::string refused = std::to_string(EPERM);

// Bytes of address space that this process has: field 1 of /proc/self/statm, in pages (proc(5)).
std::uint64_t address_space() {
    std::uint64_t pages = 0;
    std::ifstream("/proc/self/statm") >> pages;
    return pages * static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE));
}

long landlock_abi() { return ::syscall(444, nullptr, 0, 1u); }  // landlock_create_ruleset, version

}  // namespace

TEST_SUITE("sandbox" * doctest::skip(!has_worker_processes)) {
    TEST_CASE("the layers say what is active on this kernel") {
        const Outcome outcome = in_sandbox({}, [](const std::string& layers) { return layers; });
        const std::string landlock =
            landlock_abi() > 0 ? fmt::format("Landlock ABI {}", landlock_abi()) : "no Landlock (kernel)";
        CHECK(outcome.said == "rlimits, " + landlock + ", seccomp");
        CHECK(outcome.status == 0);
    }

    TEST_CASE("no socket of any family can be made") {
        for (const int family : {AF_INET, AF_INET6, AF_UNIX, AF_NETLINK})
            CHECK(refusal_of([&] { return ::socket(family, SOCK_STREAM, 0); }) == refused);
        CHECK(refusal_of([] {
                  std::array<int, 2> pair{};
                  return ::socketpair(AF_UNIX, SOCK_STREAM, 0, pair.data());
              }) == refused);
    }

    TEST_CASE("no file can be opened, made, renamed or removed") {
        const ScratchFile file("text");
        const char* path = file.path().c_str();
        CHECK(refusal_of([&] { return ::open(path, O_RDONLY); }) == refused);
        CHECK(refusal_of([&] { return ::open(path, O_WRONLY); }) == refused);
        CHECK(refusal_of([&] { return ::open(path, O_RDWR | O_TRUNC); }) == refused);
        CHECK(refusal_of([] { return ::open("/tmp/triage-test-never", O_WRONLY | O_CREAT, 0600); }) == refused);
        CHECK(refusal_of([] { return ::open("/etc/passwd", O_RDONLY); }) == refused);
        CHECK(refusal_of([&] { return ::unlink(path); }) == refused);
        CHECK(refusal_of([&] { return ::rename(path, "/tmp/triage-test-never"); }) == refused);
        CHECK(refusal_of([&] { return ::truncate(path, 0); }) == refused);
        CHECK(refusal_of([&] { return ::chmod(path, 0777); }) == refused);
        CHECK(refusal_of([] { return ::mkdir("/tmp/triage-test-never", 0700); }) == refused);
        CHECK(refusal_of([] { return ::memfd_create("x", 0); }) == refused);
        CHECK(test::file_text(file.path()) == "text");
        CHECK(::access("/tmp/triage-test-never", F_OK) == -1);
    }

    TEST_CASE("no program and no process can be started, and no other process reached") {
        CHECK(refusal_of([] { return ::execl("/bin/true", "true", nullptr); }) == refused);
        CHECK(refusal_of([] { return ::fork(); }) == refused);
        CHECK(refusal_of([] { return ::vfork(); }) == refused);
        CHECK(refusal_of([] { return ::kill(::getppid(), 0); }) == refused);
        CHECK(refusal_of([] { return ::ptrace(PTRACE_ATTACH, ::getppid(), nullptr, nullptr); }) == refused);
        CHECK(refusal_of([] {
                  const rlimit none{RLIM_INFINITY, RLIM_INFINITY};
                  return ::setrlimit(RLIMIT_CORE, &none);
              }) == refused);
    }

    TEST_CASE("only the record descriptor can be written") {
        const ScratchFile file("text");
        const UniqueFd open_before(::open(file.path().c_str(), O_RDWR));
        CHECK(refusal_of([&] { return ::write(open_before.get(), "x", 1); }) == refused);
        CHECK(refusal_of([&] { return ::pwrite(open_before.get(), "x", 1, 0); }) == refused);
        CHECK(refusal_of([&] { return ::ftruncate(open_before.get(), 0); }) == refused);
        CHECK(refusal_of([] { return ::write(STDERR_FILENO, "x", 1); }) == refused);
        CHECK(test::file_text(file.path()) == "text");
    }

    TEST_CASE("what was open before can be read, at any place") {
        const ScratchFile file("0123456789");
        const UniqueFd open_before(::open(file.path().c_str(), O_RDONLY));
        const Outcome outcome = in_sandbox({}, [&](const std::string&) {
            std::array<char, 4> bytes{};
            if (::read(open_before.get(), bytes.data(), 2) != 2) return std::string("no read");
            if (::pread(open_before.get(), &bytes[2], 2, 8) != 2) return std::string("no pread");
            return std::string(bytes.data(), bytes.size());
        });
        CHECK(outcome.said == "0189");
    }

    TEST_CASE("a file that is named may be opened for reading, and no other") {
        const ScratchFile named("named"), other("other");
        SandboxOptions options;
        options.readable_files = {named.path()};
        const Outcome outcome = in_sandbox(options, [&](const std::string&) {
            const int fd = ::open(named.path().c_str(), O_RDONLY | O_CLOEXEC);
            std::array<char, 5> bytes{};
            if (::read(fd, bytes.data(), bytes.size()) != 5) return std::string("not readable");
            return std::string(bytes.data(), 5) + " " + std::to_string(errno_of(::open(named.path().c_str(), O_RDWR))) +
                   " " + std::to_string(errno_of(::open(other.path().c_str(), O_RDONLY)));
        });
        // Without Landlock the kernel cannot tell one path from another.
        const int elsewhere = landlock_abi() > 0 ? EACCES : 0;
        CHECK(outcome.said == fmt::format("named {} {}", EPERM, elsewhere));
    }

    TEST_CASE("memory ends at the limit and the process lives on") {
        SandboxOptions options;
        options.memory_bytes = address_space() + (128u << 20);
        options.memory_max_bytes = options.memory_bytes;  // after many tests this process is large
        const Outcome outcome = in_sandbox(options, [&](const std::string&) {
            const void* large = ::mmap(nullptr, options.memory_bytes, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
            const void* small = ::mmap(nullptr, 1u << 20, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
            return fmt::format("{} {}", large == MAP_FAILED, small == MAP_FAILED);
        });
        CHECK(outcome.said == "true false");
    }

    TEST_CASE("without the memory for its layers a worker does not go on with fewer") {
        auto [in, out] = make_pipe();
        const pid_t child = ::fork();
        if (child == 0) {
            const rlimit nothing{1, RLIM_INFINITY};
            ::setrlimit(RLIMIT_AS, &nothing);
            for (std::size_t size = 1u << 20; size > 0;) {
                void* volatile taken = std::malloc(size);        // or the compiler leaves it out
                if (!taken) size -= size > 4096 ? size / 2 : 8;  // the heap has no more of this size
            }
            const SandboxOptions options{1, 1, out.get(), {}};
            try {
                enter_sandbox(options);
            } catch (const std::bad_alloc&) {
                ::_exit(3);
            }
            ::_exit(0);
        }
        int status = 0;
        ::waitpid(child, &status, 0);
        CHECK(WEXITSTATUS(status) == 3);
        CHECK(!WIFSIGNALED(status));
    }

    TEST_CASE("a broken promise still ends the process by SIGABRT") {
        const Outcome outcome = in_sandbox({}, [](const std::string&) -> std::string { std::abort(); });
        CHECK(WIFSIGNALED(outcome.status));
        CHECK(WTERMSIG(outcome.status) == SIGABRT);
    }

    TEST_CASE("a parent that was confined writes into the folder it named and nowhere else") {
        if (landlock_abi() < 3) {
            MESSAGE("SKIPPED: this kernel has no Landlock of ABI 3: writing is not restricted");
            return;
        }
        const ScratchFile outside("text");
        char folder[] = "/tmp/triage-confined-XXXXXX";
        REQUIRE(::mkdtemp(folder) != nullptr);
        const std::string inside = folder, path = outside.path();
        auto [in, out] = make_pipe();
        const pid_t child = ::fork();
        if (child == 0) {
            const std::string layers = confine_writing({inside});
            const auto opened = [](const std::string& name, int flags) {
                return errno_of(::open(name.c_str(), flags | O_CLOEXEC, 0600));
            };
            rlimit core{};
            ::getrlimit(RLIMIT_CORE, &core);
            std::string said = layers + "; inside";  // one after the other
            const auto say = [&](int code) { said += fmt::format(" {}", code); };
            say(opened(inside + "/a", O_WRONLY | O_CREAT));
            say(errno_of(::rename((inside + "/a").c_str(), (inside + "/b").c_str())));
            say(errno_of(::unlink((inside + "/b").c_str())));
            said += "; outside";
            say(opened(path, O_WRONLY));
            say(opened(path + "x", O_WRONLY | O_CREAT));
            say(errno_of(::truncate(path.c_str(), 0)));
            say(errno_of(::unlink(path.c_str())));
            say(errno_of(::mkdir((path + "x").c_str(), 0700)));
            said += fmt::format("; reading {}; null {}; core {}; dumpable {}; privileges {}", opened(path, O_RDONLY),
                                opened("/dev/null", O_WRONLY), core.rlim_max, ::prctl(PR_GET_DUMPABLE, 0, 0, 0, 0),
                                ::prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0));
            const ssize_t written = ::write(out.get(), said.data(), said.size());
            ::_exit(written > 0 ? 0 : 1);
        }
        out.reset();
        std::array<char, 4096> buffer{};
        const ssize_t size = ::read(in.get(), buffer.data(), buffer.size());
        ::waitpid(child, nullptr, 0);
        ::rmdir(folder);
        CHECK(std::string(buffer.data(), static_cast<std::size_t>(std::max<ssize_t>(size, 0))) ==
              fmt::format(
                  "no new privileges, no core dumps, Landlock ABI {} (writing); inside 0 0 0; outside {} {} {} {} {}; "
                  "reading 0; null 0; core 0; dumpable 0; privileges 1",
                  landlock_abi(), EACCES, EACCES, EACCES, EACCES, EACCES));
        CHECK(test::file_text(path) == "text");
    }
}
