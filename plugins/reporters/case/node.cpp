// SPDX-License-Identifier: Apache-2.0
#include "plugins/reporters/case/node.h"

#include <fmt/format.h>

#include "engine/base/text.h"

namespace triage::case_report {

void Nodes::set_off() {
    if (!out_.empty() && out_.back() != '[' && out_.back() != '\n' && out_.back() != ':') out_ += ',';
}

void Nodes::property(std::string_view key) {
    out_ += ",\"";
    out_ += key;
    out_ += "\":";
}

void Nodes::id(std::string_view kind, const Uuid& id) {
    out_ += R"({"@id":"kb:)";
    out_ += kind;
    out_ += '-';
    append_uuid(out_, id);
    out_ += '"';
}

void Nodes::begin(std::string_view kind, const Uuid& uuid, std::string_view types) {
    set_off();
    id(kind, uuid);
    property("@type");
    out_ += types;
}

void Nodes::text(std::string_view name, std::string_view value) {
    if (value.empty()) return;
    property(name);
    append_json_string(out_, value);
}

void Nodes::number(std::string_view name, std::uint64_t value) {
    property(name);
    const fmt::format_int digits(value);
    out_ += R"({"@type":"xsd:integer","@value":")";
    out_.append(digits.data(), digits.size());
    out_ += "\"}";
}

void Nodes::truth(std::string_view name, bool value) {
    property(name);
    out_ += value ? "true" : "false";
}

void Nodes::instant(std::string_view name, std::string_view rfc3339) {
    property(name);
    out_ += R"({"@type":"xsd:dateTime","@value":")";
    out_ += rfc3339;
    out_ += "\"}";
}

void Nodes::hex(std::string_view name, ByteView bytes) {
    property(name);
    out_ += R"({"@type":"xsd:hexBinary","@value":")";
    append_hex(out_, bytes);
    out_ += "\"}";
}

void Nodes::reference(std::string_view name, std::string_view kind, const Uuid& uuid) {
    property(name);
    id(kind, uuid);
    out_ += '}';
}

void Nodes::open(std::string_view name) {
    property(name);
    out_ += '[';
}

void Nodes::close() {
    if (out_.back() == '[') out_.resize(out_.rfind(",\""));
    else out_ += ']';
}

void Nodes::item(std::string_view value) {
    set_off();
    append_json_string(out_, value);
}

void Nodes::item(std::string_view word, std::string_view value) {
    if (!value.empty()) item(std::string(word) + ":" + std::string(value));
}

void Nodes::item_number(std::string_view word, std::uint64_t value) { item(word, fmt::format_int(value).str()); }

void Nodes::item_reference(std::string_view kind, const Uuid& uuid) {
    set_off();
    id(kind, uuid);
    out_ += '}';
}

}  // namespace triage::case_report
