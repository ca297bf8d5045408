// SPDX-License-Identifier: Apache-2.0
// Nodes of a JSON-LD graph, appended to a text: each with its id and type first, its properties in the order of the
// calls. Texts may be hostile and are escaped; keys, types and kinds are ours. One thread.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "engine/base/time.h"
#include "engine/hash/uuid.h"

namespace triage::case_report {

class Nodes {
  public:
    explicit Nodes(std::string& out) : out_(out) {}

    // `types` is JSON: a text or a list of texts. A node inside a list is set off from the one before.
    void begin(std::string_view kind, const Uuid& id, std::string_view types);
    void end() { out_ += '}'; }
    void end_of_line() { out_ += "},\n"; }  // of a node of the graph that is not its last

    // Properties of the node that was begun last.
    void property(std::string_view key);                      // its value, a node, is begun next
    void text(std::string_view key, std::string_view value);  // nothing where it is empty
    void number(std::string_view key, std::uint64_t value);
    void truth(std::string_view key, bool value);
    void instant(std::string_view key, std::string_view rfc3339);  // an xsd:dateTime
    void hex(std::string_view key, ByteView bytes);
    void reference(std::string_view key, std::string_view kind, const Uuid& id);

    // Lists, of texts, references or nodes.
    void open(std::string_view key);
    void close();  // an empty one leaves nothing
    void item(std::string_view value);
    void item(std::string_view word, std::string_view value);  // "word:value"; nothing where the value is empty
    void item_number(std::string_view word, std::uint64_t value);
    void item_reference(std::string_view kind, const Uuid& id);

  private:
    void id(std::string_view kind, const Uuid& id);
    void set_off();
    std::string& out_;
};

// Facets and hashes belong to one node: their ids are names in its space.
inline Uuid part_of(const Uuid& node, std::string_view part) { return uuid_of_name(node, part); }

}  // namespace triage::case_report
