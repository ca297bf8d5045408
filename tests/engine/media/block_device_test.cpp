// SPDX-License-Identifier: Apache-2.0
// What sysfs and procfs say of devices, from trees made here in the form that the kernel's documentation describes; and
// a table of uses that forbid a scan.
#include "engine/media/block_device.h"

#include <doctest/doctest.h>

#include <map>
#include <sstream>

#include "engine/media/stands_on.h"
#include "tests/engine/case/sample_case.h"

using namespace triage;
namespace fs = std::filesystem;

namespace {

// A machine: sda with sda1 (mounted as /) and sda2, a USB stick sdb with sdb1 and sdb2, a device mapper dm-0.
class Machine {
  public:
    Machine() {
        disk("devices/ata1/host0/0:0:0:0", "sda", "8:0", {"sda1 8:1", "sda2 8:2"});
        disk("devices/usb1/1-2/1-2:1.0/host6/6:0:0:0", "sdb", "8:16", {"sdb1 8:17", "sdb2 8:18"});
        disk("devices/virtual", "dm-0", "254:0", {});
        disk("devices/virtual", "loop0", "7:0", {});
        write("sys/devices/usb1/idVendor", "1d6b"), write("sys/devices/usb1/serial", "0000:00:14.0");
        write("sys/devices/usb1/1-2/idVendor", "0951");
        write("proc/swaps", "Filename Type Size Used Priority\n");
        mounts("25 1 8:1 / / rw,relatime shared:1 - ext4 /dev/sda1 rw\n26 25 0:21 / /proc rw - proc proc rw\n");
    }
    void write(const std::string& path, const std::string& text) {
        fs::create_directories(fs::path(folder / path).parent_path());
        sample::write_file(folder / path, text);
    }
    void mounts(const std::string& rows) { write("proc/self/mountinfo", rows); }
    void hold(const std::string& below, const std::string& holder) {  // both are names
        link(place(below) / "holders", place(holder));
        link(place(holder) / "slaves", place(below));
    }
    BlockDevice device(unsigned major, unsigned minor) const {
        return describe_device(major, minor, {folder / "sys", folder / "proc", folder / "run"});
    }
    bool has(const std::string& path, DeviceNumbers file_system, DeviceNumbers device) const {
        return stands_on(path, file_system, device, {folder / "sys", folder / "proc", folder / "run"});
    }
    std::vector<DeviceNumbers> loop_devices(const std::string& file) const {
        return loop_devices_of(file, {folder / "sys", folder / "proc", folder / "run"});
    }
    void write_at(const std::string& name, const std::string& file, const std::string& text) {
        fs::create_directories((place(name) / file).parent_path());
        sample::write_file(place(name) / file, text);
    }
    fs::path place(const std::string& name) const { return places.at(name); }

  private:
    void disk(const std::string& bus, const std::string& name, const std::string& numbers,
              const std::vector<std::string>& partitions) {
        node("sys/" + bus + "/block/" + name, name, numbers);
        link(folder / "sys/block", place(name));
        if (bus.find("host") != std::string::npos)
            fs::create_directory_symlink(folder / ("sys/" + bus), place(name) / "device");
        for (const std::string& partition : partitions) {
            const std::string own = partition.substr(0, partition.find(' '));
            const std::string path = "sys/" + bus + "/block/" + name + "/" + own;
            write(path + "/partition", "1\n");
            node(path, own, partition.substr(partition.find(' ') + 1));
        }
    }
    void node(const std::string& path, const std::string& name, const std::string& numbers) {
        write(path + "/dev", numbers + "\n"), write(path + "/size", "2048\n"), write(path + "/ro", "0\n");
        places[name] = folder / path;
        fs::create_directories(folder / "sys/dev/block");
        fs::create_directory_symlink(folder / path, folder / ("sys/dev/block/" + numbers));
    }
    static void link(const fs::path& in, const fs::path& to) {
        fs::create_directories(in);
        fs::create_directory_symlink(to, in / to.filename());
    }

    sample::Folder folder;
    std::map<std::string, fs::path> places;
};

}  // namespace

TEST_CASE("a device is described by what the kernel tells of its disk") {
    Machine machine;
    machine.write("sys/devices/usb1/1-2/1-2:1.0/host6/6:0:0:0/vendor", "Kingston\n");
    machine.write("sys/devices/usb1/1-2/1-2:1.0/host6/6:0:0:0/model", "DataTraveler 3.0 \n");
    machine.write("sys/devices/usb1/1-2/serial", "E0D55EA57420\n");
    const BlockDevice stick{"sdb", 2048 * 512, "Kingston DataTraveler 3.0", "E0D55EA57420", false, false, ""};
    CHECK(machine.device(8, 16) == stick);
    BlockDevice part = stick;
    part.name = "sdb1";
    CHECK(machine.device(8, 17) == part);
}

TEST_CASE("a stick without a serial number has none, not that of the controller") {
    Machine machine;
    CHECK(machine.device(8, 16).serial == "");
}

TEST_CASE("a serial number is the unit's page, or what udev keeps") {
    Machine machine;
    machine.write("run/udev/data/b8:0", "S:disk/by-id/x\nE:ID_MODEL=Samsung_SSD\nE:ID_SERIAL_SHORT=S3Z9\n");
    CHECK(machine.device(8, 1).serial == "S3Z9");
    CHECK(machine.device(8, 1).model == "Samsung_SSD");
    machine.write("sys/devices/ata1/host0/0:0:0:0/vpd_pg80", std::string("\0\x80\0\4", 4) + "WD42");
    CHECK(machine.device(8, 1).serial == "WD42");
}

TEST_CASE("what a hostile device says of itself is bounded") {
    Machine machine;
    machine.write("sys/devices/ata1/host0/0:0:0:0/model", std::string(100'000, 'x'));
    CHECK(machine.device(8, 0).model == std::string(256, 'x'));
}

TEST_CASE("a disk without a use is used for nothing, whatever else is mounted") {
    CHECK(Machine().device(8, 16).use == "");
    CHECK(Machine().device(99, 99).use == "");
}

TEST_CASE("the kernel's read-only flag is told") {
    Machine machine;
    sample::write_file(machine.place("sdb") / "ro", "1\n");
    CHECK(machine.device(8, 16).is_read_only);
    CHECK_FALSE(machine.device(8, 0).is_read_only);
}

TEST_CASE("a use of the disk, of a partition, of what stands on them or below forbids a scan") {
    struct Row {
        const char* what;
        std::string mountinfo, swap;
        const char* held;    // "below holder"; empty: nothing
        unsigned minor;      // of sd*
        const char* expect;  // the use
    };
    const std::string end = " - ext4 /dev/x rw\n";
    const Row rows[] = {
        {"the disk itself", "1 1 8:16 / /mnt ro" + end, "", "", 16, "sdb is mounted (ro)"},
        {"a partition of the disk", "1 1 8:18 / /mnt rw" + end, "", "", 16, "sdb2 is mounted (rw)"},
        {"another partition of the disk", "1 1 8:18 / /mnt rw" + end, "", "", 17, "sdb2 is mounted (rw)"},
        {"the disk of a partition", "1 1 8:16 / /mnt rw" + end, "", "", 17, "sdb is mounted (rw)"},
        {"read-only by the file system", "1 1 8:17 / /mnt rw - ext4 /dev/sdb1 ro,relatime\n", "", "", 16,
         "sdb1 is mounted (ro)"},
        {"a number of its own, by its source", "1 1 0:44 / /mnt rw - btrfs /dev/sdb2 rw\n", "", "", 16,
         "sdb2 is mounted (rw)"},
        {"swap", "", "/dev/sdb2 partition 1 0 -2\n", "", 16, "sdb2 is swap"},
        {"both", "1 1 8:17 / /mnt rw" + end, "/dev/sdb2\tpartition 1 0 -2\n", "", 16,
         "sdb1 is mounted (rw); sdb2 is swap"},
        {"a device mapper on a partition", "1 1 254:0 / /mnt rw" + end, "", "sdb1 dm-0", 16, "dm-0 is mounted (rw)"},
        {"a device mapper that swaps", "", "/dev/dm-0 partition 1 0 -2\n", "sdb1 dm-0", 16, "dm-0 is swap"},
        {"a device mapper that is not mounted", "", "", "sdb1 dm-0", 16, ""},
        {"a device mapper on another disk", "1 1 254:0 / /mnt rw" + end, "", "sda2 dm-0", 16, ""},
        {"another disk", "1 1 8:1 / / rw" + end, "/dev/sda2 partition 1 0 -2\n", "", 16, ""},
        {"many mounts of one", "1 1 8:17 / /a rw" + end + "2 1 8:17 / /b rw" + end, "", "", 16, "sdb1 is mounted (rw)"},
        {"damaged tables", "\n1\n1 1 8:17\n - \n", "\n", "", 16, ""},
    };
    for (const Row& row : rows) {
        CAPTURE(row.what);
        Machine machine;
        machine.mounts(row.mountinfo);
        machine.write("proc/swaps", "Filename Type Size Used Priority\n" + row.swap);
        if (const std::string held = row.held; !held.empty())
            machine.hold(held.substr(0, held.find(' ')), held.substr(held.find(' ') + 1));
        CHECK(machine.device(8, row.minor).use == row.expect);
    }
}

TEST_CASE("a mounted loop device holds the disk it stands on, and the disk holds the loop device") {
    Machine machine;
    machine.write("sys/devices/virtual/block/loop0/loop/backing_file", "/dev/sdb1\n");
    machine.mounts("1 1 7:0 / /mnt ro - vfat /dev/loop0 ro\n");
    CHECK(machine.device(8, 16).use == "loop0 is mounted (ro)");
    machine.mounts("1 1 8:17 / /mnt rw - vfat /dev/sdb1 rw\n");
    CHECK(machine.device(7, 0).use == "sdb1 is mounted (rw)");
}

TEST_CASE("a device mapper is in use when what it stands on is") {
    Machine machine;
    machine.hold("sdb1", "dm-0");
    machine.mounts("1 1 8:17 / /mnt rw - vfat /dev/sdb1 rw\n");
    CHECK(machine.device(254, 0).use == "sdb1 is mounted (rw)");
}

TEST_CASE("holders that hold each other come to an end") {
    Machine machine;
    machine.hold("dm-0", "loop0"), machine.hold("loop0", "dm-0");
    CHECK(machine.device(254, 0).use == "");
}

TEST_CASE("a folder stands on a device whatever lies between them") {
    struct Row {
        const char *what, *mountinfo, *held, *btrfs, *path;
        DeviceNumbers file_system, device;
        bool expect;
    };
    const char* const btrfs = "1 1 8:1 / / rw - ext4 /dev/sda1 rw\n2 1 0:44 / /mnt/a\\040b rw - btrfs /dev/sdb2 rw\n";
    const Row rows[] = {
        {"the partition of a disk", "", "", "", "/mnt", {8, 17}, {8, 16}, true},
        {"the partition itself", "", "", "", "/mnt", {8, 17}, {8, 17}, true},
        {"another partition of its disk", "", "", "", "/mnt", {8, 18}, {8, 17}, false},
        {"another disk", "", "", "", "/mnt", {8, 1}, {8, 16}, false},
        {"a device mapper", "", "sdb1 dm-0", "", "/mnt", {254, 0}, {8, 16}, true},
        {"a device mapper, of its partition", "", "sdb1 dm-0", "", "/mnt", {254, 0}, {8, 17}, true},
        {"a device mapper of another partition", "", "sdb1 dm-0", "", "/mnt", {254, 0}, {8, 18}, false},
        {"a device mapper of another disk", "", "sda2 dm-0", "", "/mnt", {254, 0}, {8, 16}, false},
        {"what a device mapper stands on", "", "sdb1 dm-0", "", "/mnt", {8, 17}, {254, 0}, true},
        {"a subvolume", btrfs, "", "", "/mnt/a b/case", {0, 51}, {8, 16}, true},
        {"beside a subvolume", btrfs, "", "", "/mnt/a bc", {0, 51}, {8, 16}, false},
        {"a file system of two devices", btrfs, "", "sdb2 sda2", "/mnt/a b", {0, 51}, {8, 2}, true},
        {"a file system of other devices", btrfs, "", "sda1 sda2", "/mnt/a b", {0, 51}, {8, 2}, false},
    };
    for (const Row& row : rows) {
        CAPTURE(row.what);
        Machine machine;
        machine.mounts(row.mountinfo);
        if (const std::string held = row.held; !held.empty())
            machine.hold(held.substr(0, held.find(' ')), held.substr(held.find(' ') + 1));
        std::istringstream members(row.btrfs);
        for (std::string name; members >> name;) machine.write("sys/fs/btrfs/uuid/devices/" + name, "");
        CHECK(machine.has(row.path, row.file_system, row.device) == row.expect);
    }
}

TEST_CASE("the loop devices of a file are those whose file it is, by whatever name") {
    Machine machine;
    const sample::Folder folder;
    sample::write_file(folder / "image", "bytes");
    sample::write_file(folder / "other", "bytes");
    std::filesystem::create_symlink("image", folder / "link");
    const auto loops = [&](const char* name) { return machine.loop_devices(folder / name).size(); };
    CHECK(loops("image") == 0);
    machine.write_at("loop0", "loop/backing_file", (folder / "image") + "\n");
    REQUIRE(loops("image") == 1);
    CHECK(machine.loop_devices(folder / "link").front().major == 7);
    CHECK(machine.loop_devices(folder / "link").front().minor == 0);
    CHECK(loops("other") == 0);
    machine.write_at("loop0", "loop/backing_file", (folder / "image") + " (deleted)\n");
    CHECK(loops("image") == 0);
}

TEST_CASE("a file is no device") {
    const sample::Folder folder;
    sample::write_file(folder / "image", "bytes");
    CHECK_FALSE(block_device_at(folder / "image"));
    CHECK_FALSE(block_device_at(folder / "nothing"));
}
