// SPDX-License-Identifier: Apache-2.0
#include "engine/case/unopened.h"

#include <doctest/doctest.h>

using namespace triage;

TEST_CASE("entries that hold others are known by their names, whatever the case of letters") {
    CHECK(unopened_kind_of("/a/b.ZIP") == UnopenedKind::archive);
    CHECK(unopened_kind_of("/a/b.tar.gz") == UnopenedKind::archive);
    CHECK(unopened_kind_of("/mail/Outlook.pst") == UnopenedKind::mail_store);
    CHECK(unopened_kind_of("/a/Thumbs.db") == UnopenedKind::thumbnail_store);
    CHECK(unopened_kind_of("/a/thumbcache_256.db") == UnopenedKind::thumbnail_store);
    CHECK(unopened_kind_of("/a/places.sqlite") == UnopenedKind::database);
    CHECK(unopened_kind_of("/a/b.txt") == std::nullopt);
    CHECK(unopened_kind_of("/a.zip/b") == std::nullopt);
    CHECK(unopened_kind_of("/zip") == std::nullopt);
    CHECK(unopened_kind_of("") == std::nullopt);
}
