// SPDX-License-Identifier: Apache-2.0
// What the interrupted parts of a run hashed in volumes that are walked again: of an entry that is listed as before, no
// byte is read twice. They wait in a file of their own beside the store, until the run has ended. One thread at a time.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "engine/base/sqlite.h"
#include "engine/examine/examined.h"

namespace triage {

class EarlierContents {
  public:
    explicit EarlierContents(const std::string& path);  // as Store::keep_contents left it

    // The content of an entry of this volume, without matches; nothing where it was not hashed, or where its size or
    // its extents are not what they were.
    std::optional<Examined> find(std::uint32_t volume, const Entry& entry);

  private:
    Database database_;
    Statement find_;
};

}  // namespace triage
