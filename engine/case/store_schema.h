// SPDX-License-Identifier: Apache-2.0
// The tables of case.sqlite. docs/store.md describes them for people; a test compares the two.
#pragma once

#include <string>

#include "engine/base/sqlite.h"

namespace triage {

inline constexpr int store_application_id = 0x54524947;  // "TRIG"; `file` and PRAGMA application_id show it
inline constexpr int store_version = 12;                 // PRAGMA user_version

extern const char* const store_schema;   // the tables that a scan fills
extern const char* const sealed_schema;  // the tables that `seal` makes
extern const char* const drop_sealed;    // drops the latter

void create_tables(Database& database);

// What a scan leaves that ended while it made its store: the tables come in one transaction.
bool is_without_tables(const Database& database);

// Throws Error (usage) when the file is no store, or one of another version.
void check_is_store(const Database& database);

bool has_sealed_tables(const Database& database);

}  // namespace triage
