// SPDX-License-Identifier: Apache-2.0
// The labels of a set under way: texts, each after its length (LEB128), equal ones stored once as long as memory to
// remember them lasts. Private to engine/known.
#pragma once

#include <string>
#include <unordered_map>

#include "engine/known/row_spool.h"

namespace triage {

class LabelHeap {
  public:
    LabelHeap(const std::string& folder, std::uint64_t memory) : heap_(folder), memory_(memory) { store({}); }

    std::uint64_t offset_of(const std::string& text);  // 0 is the empty text
    BufferedFile& file() { return heap_; }

  private:
    std::uint64_t store(std::string_view text);
    BufferedFile heap_;
    const std::uint64_t memory_;
    std::uint64_t used_ = 0;
    std::unordered_map<std::string, std::uint64_t> offsets_;
};

}  // namespace triage
