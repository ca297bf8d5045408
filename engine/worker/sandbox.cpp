// SPDX-License-Identifier: Apache-2.0
#include "engine/worker/sandbox.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <seccomp.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <new>

namespace triage {
namespace {

void set_limit(__rlimit_resource resource, rlim_t soft, rlim_t hard) {
    const rlimit limit{soft, hard};
    setrlimit(resource, &limit);
}

void limit_resources(const SandboxOptions& options) {
    set_limit(RLIMIT_AS, options.memory_bytes, options.memory_max_bytes);
    set_limit(RLIMIT_CORE, 0, 0);
    set_limit(RLIMIT_FSIZE, options.file_bytes, options.file_bytes);
}

// Landlock (Documentation/userspace-api/landlock.rst). Debian 12's headers end at ABI 2, kernels go further, so the
// interface is spelt out here: all rights of the ABI that the kernel reports are handled, none but reading is granted.
struct LandlockRuleset {
    std::uint64_t handled_access_fs;
    std::uint64_t handled_access_net;  // ABI 4
    std::uint64_t scoped;              // ABI 6
};
struct LandlockPathBeneath {
    std::uint64_t allowed_access;
    std::int32_t parent_fd;
} __attribute__((packed));

constexpr long landlock_create = 444, landlock_add_rule = 445, landlock_restrict = 446;
constexpr std::uint64_t access_read_file = 1u << 2;

std::uint64_t filesystem_rights(long abi) {
    const int bits = abi >= 5 ? 16 : abi >= 3 ? 15 : abi >= 2 ? 14 : 13;  // ioctl, truncate, refer joined one by one
    return (1ull << bits) - 1;
}

std::string restrict_files(const std::vector<std::string>& readable_files) {
    const long abi = syscall(landlock_create, nullptr, 0, 1u /* version */);
    if (abi < 1) return "no Landlock (kernel)";
    LandlockRuleset rules{filesystem_rights(abi), abi >= 4 ? 3ull : 0, abi >= 6 ? 3ull : 0};
    const std::size_t size = abi >= 6 ? 24 : abi >= 4 ? 16 : 8;
    const long fd = syscall(landlock_create, &rules, size, 0u);
    if (fd < 0) return "no Landlock (refused)";
    for (const std::string& path : readable_files) {
        const int file = open(path.c_str(), O_PATH | O_CLOEXEC);
        if (file < 0) continue;
        const LandlockPathBeneath rule{access_read_file, file};
        syscall(landlock_add_rule, fd, 1 /* path beneath */, &rule, 0u);
        close(file);
    }
    const long done = syscall(landlock_restrict, fd, 0u);
    close(static_cast<int>(fd));
    return done == 0 ? fmt::format("Landlock ABI {}", abi) : "no Landlock (refused)";
}

// Writing into files, removing, making of every kind, moving and truncating.
std::uint64_t write_rights(long abi) {
    constexpr std::uint64_t reading = 1u << 0 | 1u << 2 | 1u << 3;  // execute, read file, read folder
    constexpr std::uint64_t truncate = 1u << 14;                    // the last before ioctl
    return filesystem_rights(abi) & ~reading & (truncate * 2 - 1);
}

bool allow_writing(int ruleset, const std::string& path, std::uint64_t rights) {
    const int place = open(path.c_str(), O_PATH | O_CLOEXEC);
    if (place < 0) return false;
    struct stat status {};
    constexpr std::uint64_t of_files = 1u << 1 | 1u << 14;
    if (fstat(place, &status) == 0 && !S_ISDIR(status.st_mode)) rights &= of_files;
    const LandlockPathBeneath rule{rights, place};
    const long done = syscall(landlock_add_rule, ruleset, 1 /* path beneath */, &rule, 0u);
    close(place);
    return done == 0;
}

std::string restrict_writing(const std::vector<std::string>& writable) {
    const long abi = syscall(landlock_create, nullptr, 0, 1u /* version */);
    if (abi < 1) return "no Landlock (kernel)";
    const LandlockRuleset rules{write_rights(abi), 0, 0};
    const long fd = syscall(landlock_create, &rules, std::size_t{8}, 0u);
    if (fd < 0) return "no Landlock (refused)";
    bool is_done = true;
    for (const std::string& path : writable)
        is_done &= allow_writing(static_cast<int>(fd), path, rules.handled_access_fs);
    allow_writing(static_cast<int>(fd), "/dev/null", rules.handled_access_fs);
    is_done = is_done && syscall(landlock_restrict, fd, 0u) == 0;
    close(static_cast<int>(fd));
    return is_done ? fmt::format("Landlock ABI {} (writing)", abi) : "no Landlock (refused)";
}

// What reading, computing and reporting take; everything else fails with EPERM. Sockets, programs, processes and
// every way of writing but the record pipe are outside.
constexpr std::array allowed_calls{
    SCMP_SYS(read),
    SCMP_SYS(pread64),
    SCMP_SYS(readv),
    SCMP_SYS(preadv),
    SCMP_SYS(lseek),
    SCMP_SYS(close),
    SCMP_SYS(fstat),
    SCMP_SYS(newfstatat),
    SCMP_SYS(mmap),
    SCMP_SYS(munmap),
    SCMP_SYS(mprotect),
    SCMP_SYS(mremap),
    SCMP_SYS(madvise),
    SCMP_SYS(brk),
    SCMP_SYS(futex),
    SCMP_SYS(rt_sigaction),
    SCMP_SYS(rt_sigprocmask),
    SCMP_SYS(rt_sigreturn),
    SCMP_SYS(sigaltstack),
    SCMP_SYS(clock_gettime),
    SCMP_SYS(gettimeofday),
    SCMP_SYS(time),
    SCMP_SYS(getpid),
    SCMP_SYS(gettid),
    SCMP_SYS(getrandom),
    SCMP_SYS(sched_yield),
    SCMP_SYS(sched_getaffinity),
    SCMP_SYS(poll),
    SCMP_SYS(ppoll),
    SCMP_SYS(restart_syscall),
    SCMP_SYS(exit),
    SCMP_SYS(exit_group),
    SCMP_SYS(rseq),
    SCMP_SYS(set_robust_list),
    SCMP_SYS(nanosleep),
    SCMP_SYS(clock_nanosleep),
    SCMP_SYS(sysinfo),
    SCMP_SYS(uname),
};

// The first error number of libseccomp that is not 0.
int add_rules(scmp_filter_ctx filter, const SandboxOptions& options) {
    int failed = 0;
    const auto allow = [&](int call, auto... arguments) {
        if (failed == 0) failed = seccomp_rule_add(filter, SCMP_ACT_ALLOW, call, sizeof...(arguments), arguments...);
    };
    for (int call : allowed_calls) allow(call);
    allow(SCMP_SYS(write), SCMP_A0(SCMP_CMP_EQ, static_cast<scmp_datum_t>(options.record_fd), 0));
    // abort(): a broken promise ends the worker, visibly.
    allow(SCMP_SYS(tgkill), SCMP_A0(SCMP_CMP_EQ, static_cast<scmp_datum_t>(getpid()), 0));
    if (!options.readable_files.empty())
        allow(SCMP_SYS(openat), SCMP_A2(SCMP_CMP_MASKED_EQ, O_ACCMODE | O_CREAT | O_TRUNC | O_APPEND, O_RDONLY));
    return failed;
}

// A worker that has no memory for it ends, rather than to go on with less than the layers that were told of the others.
std::string filter_calls(const SandboxOptions& options) {
    scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ERRNO(EPERM));
    if (!filter) throw std::bad_alloc();
    int failed = add_rules(filter, options);
    if (failed == 0) failed = seccomp_load(filter);
    seccomp_release(filter);
    if (failed == -ENOMEM) throw std::bad_alloc();
    return failed == 0 ? "seccomp" : "no seccomp (kernel)";
}

}  // namespace

std::string enter_sandbox(const SandboxOptions& options) {
    prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
    prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
    limit_resources(options);
    const std::string files = restrict_files(options.readable_files);
    const std::string calls = filter_calls(options);  // last: it forbids what the layers before it need
    return "rlimits, " + files + ", " + calls;
}

std::string confine_writing(const std::vector<std::string>& writable) {
    const bool keeps_rights = prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0;
    set_limit(RLIMIT_CORE, 0, 0);
    prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);  // a kernel that pipes cores into a program heeds no limit
    return std::string(keeps_rights ? "no new privileges" : "new privileges (kernel)") + ", no core dumps, " +
           restrict_writing(writable);
}

}  // namespace triage
