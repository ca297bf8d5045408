// SPDX-License-Identifier: Apache-2.0
#include "engine/known/resident_copy.h"

#include <sys/mman.h>

#include <algorithm>
#include <utility>

#include "engine/base/error.h"

namespace triage {

constexpr std::size_t large_page = 2 << 20;

ResidentCopy::ResidentCopy(const SetFile& file, const tks::Section& section)
    : mapped_((section.length / large_page + 1) * large_page) {
    void* memory = ::mmap(nullptr, mapped_, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED) throw Error("known set", "there is no memory for its filter");
    bytes_ = static_cast<std::byte*>(memory);
    ::madvise(memory, mapped_, MADV_HUGEPAGE);  // a wish
    try {
        const std::byte* stored = file.at(section.offset, section.length);
        std::copy(stored, stored + section.length, bytes_);
    } catch (...) {
        ::munmap(bytes_, mapped_);
        throw;
    }
}

ResidentCopy::~ResidentCopy() {
    if (bytes_) ::munmap(bytes_, mapped_);
}

ResidentCopy::ResidentCopy(ResidentCopy&& other) noexcept
    : bytes_(std::exchange(other.bytes_, nullptr)), mapped_(other.mapped_) {}

}  // namespace triage
