// SPDX-License-Identifier: Apache-2.0
#include "engine/base/text.h"

#include <doctest/doctest.h>

TEST_CASE("text of an XML document holds no illegal character, and legal controls come back") {
    CHECK(triage::escape_for_xml("a<b>&\"'\xC3\xA4") == "a&lt;b&gt;&amp;&quot;&#39;\xC3\xA4");
    CHECK(triage::escape_for_xml("\t\n\r") == "&#x9;&#xA;&#xD;");
    CHECK(triage::escape_for_xml(std::string_view("\0\x1b", 2)) == "\xEF\xBF\xBD\xEF\xBF\xBD");
    CHECK(triage::escape_for_xml("\xEF\xBF\xBE\xFF") == "\xEF\xBF\xBD\xEF\xBF\xBD");
    CHECK(triage::escape_for_xml("\x7F\xE2\x80\xAE") == "&#x7F;&#x202E;");
}
