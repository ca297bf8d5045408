// SPDX-License-Identifier: Apache-2.0
// What a worker gives up before it looks at the first byte of evidence: new files, sockets, programs, processes,
// memory beyond its limit. Layers that the kernel lacks are skipped and named, never silently.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace triage {

struct SandboxOptions {
    std::uint64_t memory_bytes = 384ull << 20;  // address space; the parent may raise it up to memory_max_bytes
    std::uint64_t memory_max_bytes = 1024ull << 20;
    int record_fd = -1;                       // the only descriptor that may be written
    std::vector<std::string> readable_files;  // may be opened read-only later (a folder: what is in it); empty: nothing
    std::uint64_t file_bytes = 0;             // to which a file behind record_fd may grow
};

// Applies all layers to the calling process, for good. Returns their names: "rlimits, Landlock ABI 7, seccomp";
// a layer that could not be applied stands as "no Landlock (kernel)". Throws std::bad_alloc.
std::string enter_sandbox(const SandboxOptions& options);

// What the parent gives up before it examines: programs that gain rights, core dumps, and writing anywhere but below
// `writable` (folders or files; /dev/null besides). Reading and starting workers stay. Of the calling thread and all
// that it starts, for good. Returns the layers: "no new privileges, no core dumps, Landlock ABI 7 (writing)".
std::string confine_writing(const std::vector<std::string>& writable);

}  // namespace triage
