// SPDX-License-Identifier: Apache-2.0
#include "engine/outside/serve_plugin.h"

#include <dlfcn.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <string>

#include "engine/outside/plugin_rows.h"
#include "engine/worker/sandbox.h"
#include "engine/worker/serve.h"

namespace triage {
namespace {

constexpr std::size_t most_bytes_of_a_frame = 256 << 20;
constexpr std::size_t bytes_at_once = 64 << 10;

template <std::size_t N>
void note(std::array<char, N>& place, std::string_view text) {
    const std::size_t size = std::min(text.size(), N - 1);
    if (size > 0) std::memcpy(place.data(), text.data(), size);
    place[size] = 0;
}

// The interface has no state in its calls: this process serves one plug-in and nothing else.
struct Served {
    PluginBoard* board = nullptr;
    std::string buffer;
    std::string why;
} served;

void flush() {
    for (std::string_view rest = served.buffer; !rest.empty();) {
        const ssize_t n = ::write(record_fd, rest.data(), rest.size());
        if (n < 0 && errno == EINTR) continue;
        if (n <= 0) throw std::runtime_error(fmt::format("its report cannot be written: {}", strerror(errno)));
        rest.remove_prefix(static_cast<std::size_t>(n));
    }
    served.buffer.clear();
}

void host_write(const void* bytes, std::size_t size) {
    served.buffer.append(static_cast<const char*>(bytes), size);
    served.board->steps.fetch_add(1, std::memory_order_relaxed);
    if (served.buffer.size() < bytes_at_once) return;
    try {
        flush();
    } catch (const std::exception& error) {  // it must not pass through the plug-in, which may be C
        note(served.board->reason, error.what());
        served.board->state = PluginBoard::failed;
        _exit(1);
    }
}

void host_fail(const char* why) { served.why = why ? why : ""; }

constexpr triage_host host{sizeof(triage_host), TRIAGE_PLUGIN_VERSION, host_write, host_fail};

// The bytes whose digest was logged, as a file that has no name: whatever happens to the file on the disk.
int file_of(ByteView bytes) {
    const int fd = memfd_create("plugin", MFD_CLOEXEC | MFD_ALLOW_SEALING);
    for (ByteView rest = bytes; !rest.empty();) {
        const ssize_t n = ::write(fd, rest.data(), rest.size());
        if (n <= 0) throw std::runtime_error(fmt::format("no memory to load it: {}", strerror(errno)));
        rest = rest.subspan(static_cast<std::size_t>(n));
    }
    fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE | F_SEAL_SEAL);
    return fd;
}

// Without both of them it could read evidence.
void enter(std::uint64_t output_bytes) {
    SandboxOptions options{1024ull << 20, 1024ull << 20, record_fd, {}, output_bytes};
    options.readable_files = {"/lib", "/lib64", "/usr/lib", "/usr/lib64", "/etc/ld.so.cache"};
    const std::string layers = enter_sandbox(options);
    note(served.board->sandbox, layers);
    if (layers.find("no ") != std::string::npos)
        throw std::runtime_error(fmt::format("this kernel cannot confine it ({})", layers));
}

const triage_plugin_calls& load(int fd) {
    void* const object = dlopen(fmt::format("/proc/self/fd/{}", fd).c_str(), RTLD_NOW | RTLD_LOCAL);
    if (!object) throw std::runtime_error(fmt::format("cannot be loaded: {}", dlerror()));
    const auto symbol = reinterpret_cast<decltype(&triage_plugin)>(dlsym(object, "triage_plugin"));
    if (!symbol) throw std::runtime_error("does not export triage_plugin: it is no plug-in of triage");
    const triage_plugin_calls* const calls = symbol();
    if (!calls) throw std::runtime_error("triage_plugin returned nothing");
    if (calls->struct_size < sizeof(calls->struct_size) + sizeof(calls->version) ||
        calls->version != TRIAGE_PLUGIN_VERSION)
        throw std::runtime_error(fmt::format("has version {} of the interface; this triage has version {}",
                                             calls->version, TRIAGE_PLUGIN_VERSION));
    if (calls->struct_size < sizeof(triage_plugin_calls))
        throw std::runtime_error(fmt::format("its triage_plugin_calls has {} bytes; version {} has at least {}",
                                             calls->struct_size, TRIAGE_PLUGIN_VERSION, sizeof(triage_plugin_calls)));
    if (!calls->begin || !calls->row || !calls->end) throw std::runtime_error("lacks one of begin, row and end");
    if (calls->describes) note(served.board->describes, calls->describes);
    return *calls;
}

void require(int result, const char* call) {
    if (result == 0) return;
    if (!served.why.empty()) throw std::runtime_error(served.why);
    throw std::runtime_error(fmt::format("its {} returned {}", call, result));
}

// False after the last frame.
bool serve_frame(const triage_plugin_calls& calls, ByteView frame) {
    const auto call = frame.empty() ? PluginCall::end : static_cast<PluginCall>(frame.front());
    triage_run run;
    triage_row row;
    if (call == PluginCall::end) return require(calls.end(), "end"), false;
    const ByteView payload = frame.subspan(1);
    if (call == PluginCall::begin ? !parse_run(payload, run) : !parse_row(call, payload, row))
        throw std::runtime_error("a row did not arrive whole");
    if (call == PluginCall::begin) require(calls.begin(&host, &run), "begin");
    else require(calls.row(&row), "row");
    return true;
}

void serve_all(ByteView object, std::uint64_t output_bytes) {
    const int fd = file_of(object);
    enter(output_bytes);
    const triage_plugin_calls& calls = load(fd);
    served.board->state = PluginBoard::loaded;
    for (bool goes_on = true; goes_on;) {
        const std::optional<Bytes> frame = read_framed(job_fd, most_bytes_of_a_frame);
        if (!frame) throw std::runtime_error("the rows ended early, or one is longer than 256 MiB");
        goes_on = serve_frame(calls, *frame);
        served.board->steps.fetch_add(1, std::memory_order_relaxed);
    }
    flush();
    served.board->state = PluginBoard::done;
}

}  // namespace

int serve_plugin_process() {
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    void* memory = mmap(nullptr, sizeof(PluginBoard), PROT_READ | PROT_WRITE, MAP_SHARED, board_fd, 0);
    const std::optional<Bytes> object = read_framed(job_fd, most_bytes_of_a_frame);
    const std::optional<Bytes> limit = read_framed(job_fd, sizeof(std::uint64_t));
    if (memory == MAP_FAILED || !object || !limit) return 2;
    served.board = static_cast<PluginBoard*>(memory);
    try {
        serve_all(*object, load_le<std::uint64_t>(*limit, 0).value_or(0));
        return 0;
    } catch (const std::exception& error) {
        note(served.board->reason, error.what());
        served.board->state = PluginBoard::failed;
        return 1;
    }
}

}  // namespace triage
