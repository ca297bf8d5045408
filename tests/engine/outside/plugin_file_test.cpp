// SPDX-License-Identifier: Apache-2.0
#include "engine/outside/plugin_file.h"

#include <doctest/doctest.h>

#include "engine/base/error.h"

using namespace triage;

TEST_CASE("the name of a plug-in's report is that of its file") {
    CHECK(report_of_plugin("/opt/lab/findings.tsv.so") == "plugin-findings.tsv");
    CHECK(report_of_plugin("/a-b_9.so") == "plugin-a-b_9");
    for (const std::string path :
         {"", "a.so", "./a.so", "/", "/a", "/.so", "/a/.so", "/a so/b c.so", "/a/b\n.so", "/a/b.so/"}) {
        CAPTURE(path);
        CHECK(report_of_plugin(path) == "");
        CHECK_THROWS_AS(open_plugin(path), Error);
    }
    CHECK(report_of_plugin("/" + std::string(64, 'a') + ".so") != "");
    CHECK(report_of_plugin("/" + std::string(65, 'a') + ".so") == "");
}
