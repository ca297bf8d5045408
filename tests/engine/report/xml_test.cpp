// SPDX-License-Identifier: Apache-2.0
#include "engine/report/xml.h"

#include <doctest/doctest.h>

#include "tests/engine/case/sample_case.h"

using namespace triage;
using namespace triage::sample;

TEST_CASE("another parser reads every byte of a name back: from the text, or from the base64 beside it") {
    Folder folder;
    const std::string names[] = {"plain",     "a<b>&\"'c]]>",         "tab\tcr\rlf\n", "esc\x1B[0m",
                                 "\xFF\xFE",  "\xEF\xBF\xBE",         "\xEF\xBF\xBF",  "\xE2\x80\xAE",
                                 "\xC2\x85 ", std::string("nul\0", 4)};
    std::string document = "<d xmlns:t='urn:t'>", wanted;
    for (const std::string& name : names) {
        append_xml_name(document, "n", name);
        document += "<a";
        append_xml_attribute(document, "t:x", name);
        document += "/>";
        for (int i = 0; i < 2; ++i) wanted += to_hex(as_bytes(name)) + "\n";
    }
    write_file(folder / "d.xml", document + "</d>");
    CHECK(output_of("python3 -c 'import base64,sys,xml.etree.ElementTree as t\n"
                    "for e in t.parse(sys.argv[1]).getroot():\n"
                    " text = e.text if e.tag == \"n\" else e.get(\"{urn:t}x\")\n"
                    " raw = e.get(\"{urn:t}base64\") or e.get(\"{urn:t}base64-x\")\n"
                    " print((base64.b64decode(raw) if raw else text.encode()).hex())' " +
                    (folder / "d.xml")) == wanted);
    CHECK(!changes_in_xml("tab\t<&\xE2\x80\xAE"));
}
