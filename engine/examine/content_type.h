// SPDX-License-Identifier: Apache-2.0
// The MIME type of a content by its first bytes, and which types an extension promises: two tables of our own, of
// pictures, video, archives, documents, disk images and what is stored encrypted. What no row knows has no type. Pure;
// any thread.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "engine/base/bytes.h"

namespace triage {

// What the rows look at lies in the first 4 KiB, but for the mark of an ISO 9660 image, at 32 KiB.
std::string_view type_of(ByteView first_bytes);

// Every type that `type_of` can say, sorted.
const std::vector<std::string_view>& content_types();

// The extension of a path in lower case, without its dot; empty where there is none. Of ASCII letters only the case is
// changed; what is longer than any that has a meaning is none.
std::string extension_of(std::string_view path);

// True when the extension promises a content of another type than `type` (empty: no type is known). An extension
// without a row promises nothing; one of text promises that no signature is found.
bool is_other_than_promised(std::string_view extension, std::string_view type);

}  // namespace triage
