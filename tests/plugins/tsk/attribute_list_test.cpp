// SPDX-License-Identifier: Apache-2.0
// Lists laid out by hand after ntfs-3g's layout.h; fixtures/ntfs.py has files that have lost a further record.
#include "plugins/tsk/attribute_list.h"

#include <doctest/doctest.h>

#include "tests/support/media.h"

using namespace triage;
using namespace triage::test;
using tsk::ListedAttribute;
using tsk::parse_attribute_list;

namespace {

Bytes item(std::uint32_t type, const std::u16string& name, std::uint64_t first_cluster = 0, std::uint64_t record = 0,
           std::uint16_t number = 0) {
    Bytes bytes((26 + name.size() * 2 + 7) / 8 * 8);
    put_le(bytes, 0, type, 4);
    put_le(bytes, 4, bytes.size(), 2);
    put_le(bytes, 6, name.size(), 1);
    put_le(bytes, 7, 26, 1);
    put_le(bytes, 8, first_cluster, 8), put_le(bytes, 16, record, 8), put_le(bytes, 24, number, 2);
    for (std::size_t i = 0; i < name.size(); ++i) put_le(bytes, 26 + i * 2, name[i], 2);
    return bytes;
}

Bytes operator+(Bytes a, const Bytes& b) {
    a.insert(a.end(), b.begin(), b.end());
    return a;
}

std::string name_of(const std::u16string& name) { return parse_attribute_list(item(0x80, name))->at(0).name; }

}  // namespace

TEST_CASE("an attribute list names each attribute once, however many pieces it has") {
    const Bytes list = item(0x10, u"") + item(0x80, u"", 0, 40) + item(0x80, u"", 100, 1ull << 48 | 41) +
                       item(0x80, u"stream", 0, 41, 7);
    const std::vector<ListedAttribute> wanted{
        {0x10, "", {{0, 0, 0}}}, {0x80, "", {{0, 40, 0}, {100, 1ull << 48 | 41, 0}}}, {0x80, "stream", {{0, 41, 7}}}};
    CHECK(parse_attribute_list(list) == wanted);
    CHECK(parse_attribute_list({}) == std::vector<ListedAttribute>{});
}

TEST_CASE("the names of an attribute list are spelt as libtsk spells them") {
    CHECK(name_of(u"äλ\U0001F600") == "äλ\U0001F600");
    CHECK(name_of(u"a\u0001b\u007F") == "a^b^");
    CHECK(name_of({u'a', 0xDC00, u'b'}) == "a^b");
    CHECK(name_of({u'a', 0xD800, u'b', u'c'}) == "a^c");
    CHECK(name_of({u'a', 0xD800}).empty());
    CHECK(name_of({u'a', 0, u'b'}) == "a");
}

TEST_CASE("an attribute list that is cut short, or lies about a length, is not believed") {
    const Bytes sound = item(0x10, u"") + item(0x80, u"stream");
    for (std::size_t size = 1; size < sound.size(); ++size)
        if (size != item(0x10, u"").size()) CHECK_FALSE(parse_attribute_list(ByteView(sound).first(size)));
    for (const std::size_t length : {0u, 25u, 200u}) {
        Bytes lying = sound;
        put_le(lying, 4, length, 2);
        CHECK_FALSE(parse_attribute_list(lying));
    }
    Bytes long_name = sound;
    put_le(long_name, 32 + 6, 200, 1);
    CHECK_FALSE(parse_attribute_list(long_name));
    (void)parse_attribute_list(ewf_test::sample_media(5000));
}
