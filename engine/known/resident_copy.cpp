// SPDX-License-Identifier: Apache-2.0
#include "engine/known/resident_copy.h"

#include <sys/mman.h>

#include <algorithm>

#include "engine/base/error.h"

namespace triage {

constexpr std::size_t large_page = 2 << 20;

void ResidentCopy::make() {
    mapped_ = (section_.length / large_page + 1) * large_page;
    void* memory = ::mmap(nullptr, mapped_, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED) return;
    ::madvise(memory, mapped_, MADV_HUGEPAGE);  // a wish
    auto* copy = static_cast<std::byte*>(memory);
    try {
        const std::byte* stored = file_.at(section_.offset, section_.length);
        std::copy(stored, stored + section_.length, copy);
    } catch (const Error&) {
        ::munmap(memory, mapped_);
        return;
    }
    copy_.store(copy, std::memory_order_release);
}

ResidentCopy::~ResidentCopy() {
    if (const std::byte* copy = copy_.load()) ::munmap(const_cast<std::byte*>(copy), mapped_);
}

}  // namespace triage
