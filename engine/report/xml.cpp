// SPDX-License-Identifier: Apache-2.0
#include "engine/report/xml.h"

#include <algorithm>

#include "engine/base/text.h"

namespace triage {
namespace {

bool is_plain(char c) { return c >= ' ' && c < 0x7F && c != '&' && c != '<' && c != '>' && c != '"' && c != '\''; }

bool is_all_plain(std::string_view bytes) { return std::all_of(bytes.begin(), bytes.end(), is_plain); }

bool is_refused_control(char c) {
    const auto byte = static_cast<unsigned char>(c);
    return byte < 0x20 && c != '\t' && c != '\n' && c != '\r';
}

}  // namespace

void append_xml_text(std::string& out, std::string_view bytes) {
    if (is_all_plain(bytes)) out += bytes;
    else out += escape_for_xml(bytes);
}

bool changes_in_xml(std::string_view bytes) {
    if (is_all_plain(bytes)) return false;
    return std::any_of(bytes.begin(), bytes.end(), is_refused_control) || !is_valid_utf8(bytes) ||
           bytes.find("\xEF\xBF\xBE") != bytes.npos || bytes.find("\xEF\xBF\xBF") != bytes.npos;
}

void append_xml_attribute(std::string& out, std::string_view name, std::string_view bytes) {
    out += ' ';
    out += name;
    out += "=\"";
    append_xml_text(out, bytes);
    out += '"';
    if (!changes_in_xml(bytes)) return;
    out += " t:base64-";
    out += name.substr(name.find(':') + 1);
    out += "=\"" + to_base64(as_bytes(bytes)) + '"';
}

void append_xml_name(std::string& out, std::string_view name, std::string_view bytes) {
    out += '<';
    out += name;
    if (changes_in_xml(bytes)) out += " t:base64=\"" + to_base64(as_bytes(bytes)) + '"';
    out += '>';
    append_xml_text(out, bytes);
    out += "</";
    out += name;
    out += '>';
}

}  // namespace triage
