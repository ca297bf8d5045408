// SPDX-License-Identifier: Apache-2.0
// What tells MIME types beyond the table of engine/examine/content_type.h: a library that parses hostile bytes, and so
// the interface of a kind that runs in a worker. The parent asks it only where its database is. Immutable; any thread.
#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "engine/base/bytes.h"

namespace triage {

// More first bytes of a content are not given to it.
inline constexpr std::size_t most_told_bytes = 16 << 10;

class TypeTeller {
  public:
    virtual ~TypeTeller() = default;
    virtual std::string_view name() const = 0;
    virtual std::string_view describes() const = 0;
    // The path of a database that `load` takes. Throws Error where there is none.
    virtual std::string database() const = 0;
    // Whether the database names this type, or of "text/*" any such; what is built into the library is not in it.
    virtual bool names(const std::string& database, std::string_view type) const = 0;
    // Of first bytes the type; empty when it could not be told.
    using Tell = std::function<std::string(ByteView first_bytes)>;
    // The worker's, before it enters its sandbox. Throws Error.
    virtual Tell load(const std::string& database) const = 0;
};

}  // namespace triage
