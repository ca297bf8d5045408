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

// Whether `type_of` may say it: a type, "image/*", or "unknown". Other types are libmagic's.
bool is_in_table(std::string_view word);

// Whether libmagic has the same name for what this type of the table means, and can say no other: it need not be asked.
bool is_told_alike(std::string_view type);

// "text/x-php": the form of RFC 6838, section 4.2.
bool is_mime_type(std::string_view text);

// The extension of a path in lower case, without its dot; empty where there is none. Of ASCII letters only the case is
// changed; what is longer than any that has a meaning is none.
std::string extension_of(std::string_view path);

// True when the extension promises a content of another type than `type` (empty: no type is known). An extension
// without a row promises nothing; one of text promises that no signature is found.
bool is_other_than_promised(std::string_view extension, std::string_view type);

}  // namespace triage
