// SPDX-License-Identifier: Apache-2.0
// Elements and attributes of an XML 1.0 document whose text may be hostile: bytes that no document may hold are
// replaced, and stand beside it in base64. Pure; any thread.
#pragma once

#include <string>
#include <string_view>

namespace triage {

void append_xml_text(std::string& out, std::string_view bytes);
// ` name="text"`. When the text is other than `bytes`, ` t:base64-name="..."` follows; of a name with a prefix, without
// it.
void append_xml_attribute(std::string& out, std::string_view name, std::string_view bytes);
// `<name>text</name>`; with `t:base64="..."` when the text is other than `bytes`.
void append_xml_name(std::string& out, std::string_view name, std::string_view bytes);

// Does the text of a document show other characters than `bytes` are?
bool changes_in_xml(std::string_view bytes);

}  // namespace triage
