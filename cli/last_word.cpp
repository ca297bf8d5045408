// SPDX-License-Identifier: Apache-2.0
#include "cli/last_word.h"

#include <unistd.h>

#include <cstdlib>
#include <exception>
#include <new>
#include <string_view>

#include "cli/exit_code.h"

namespace triage {
namespace {

constexpr std::string_view no_memory =
    "triage: out of memory\n"
    "  a case that was begun goes on with triage scan --resume, or triage report makes its reports again\n";
constexpr std::string_view internal = "triage: internal error\n  please report it\n";
constexpr int worker_without_memory = 3;

bool is_out_of_memory() {
    try {
        if (const std::exception_ptr current = std::current_exception()) std::rethrow_exception(current);
    } catch (const std::bad_alloc&) {
        return true;
    } catch (...) {
    }
    return false;
}

// Without an allocation and without destructors, which may need one.
[[noreturn]] void end_with_a_word() {
    const std::string_view word = is_out_of_memory() ? no_memory : internal;
    [[maybe_unused]] const ssize_t written = ::write(STDERR_FILENO, word.data(), word.size());
    _exit(exit_code::interrupted);
}

[[noreturn]] void end_worker() {
    if (is_out_of_memory()) _exit(worker_without_memory);
    std::abort();
}

[[gnu::init_priority(101)]] const LastWord last_word;

}  // namespace

LastWord::LastWord() { std::set_terminate(end_with_a_word); }

void LastWord::become_worker() { std::set_terminate(end_worker); }

}  // namespace triage
