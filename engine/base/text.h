// SPDX-License-Identifier: Apache-2.0
// Names and words that come from evidence are hostile until escaped; this is the one place that knows how.
// Everything here is pure and may be called from any thread.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "engine/base/bytes.h"

namespace triage {

// Valid UTF-8 as Unicode defines it: no overlong form, no surrogate, nothing above U+10FFFF.
bool is_valid_utf8(std::string_view bytes);

// A code point of at most U+10FFFF as UTF-8.
void append_utf8(std::string& text, std::uint32_t code_point);

// True when the name needs its raw bytes beside it in a machine-readable report: not valid UTF-8, or it holds a
// control character (C0, DEL, C1) or a bidirectional control.
bool needs_raw_name(std::string_view bytes);

// Valid UTF-8 for machine-readable output: each byte that is not part of a valid sequence becomes U+FFFD.
std::string to_valid_utf8(std::string_view bytes);

// One line of printable UTF-8 for a terminal or a plain-text report: control characters, bidirectional controls and
// bytes that are not UTF-8 become \xNN or \u{NNNN}, the backslash becomes \\.
std::string escape_for_terminal(std::string_view bytes);

// Text between tags or in a quoted attribute of HTML: & < > " ' become references.
std::string escape_for_html(std::string_view text);

// Text of an XML 1.0 document: as for HTML, and what no document may hold (controls but TAB, LF and CR; bytes that are
// not UTF-8; U+FFFE and U+FFFF) becomes U+FFFD. Controls that are left are written as references, so that they survive.
std::string escape_for_xml(std::string_view bytes);

// A JSON string literal with its quotes: what escape leaves is valid UTF-8; controls and bidirectional controls are
// written as \uNNNN so that no report can drive the terminal that shows it.
std::string to_json_string(std::string_view bytes);
void append_json_string(std::string& text, std::string_view bytes);

// The letters of ASCII; others stay.
std::string in_lower_case(std::string text);

// "1.4 GiB", "512 B": for people; machine-readable reports print bytes.
std::string human_size(std::uint64_t bytes);

// 12345678 → "12,345,678".
std::string with_commas(std::uint64_t number);

}  // namespace triage
