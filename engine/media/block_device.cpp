// SPDX-License-Identifier: Apache-2.0
#include "engine/media/block_device.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <linux/fs.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <set>
#include <sstream>

#include "engine/media/stands_on.h"

namespace triage {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t longest_word = 256;  // of what a device says of itself

class Descriptor {
  public:
    Descriptor(const std::string& path, int flags)
        : fd_(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK | flags)) {}
    ~Descriptor() {
        if (fd_ >= 0) ::close(fd_);
    }
    Descriptor(const Descriptor&) = delete;
    Descriptor& operator=(const Descriptor&) = delete;
    int get() const { return fd_; }

  private:
    int fd_;
};

std::string text_of(const fs::path& path) {
    std::ifstream file(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
}

std::string trimmed(std::string_view text) {
    constexpr std::string_view blanks(" \t\r\n\0", 5);
    const std::size_t begin = text.find_first_not_of(blanks);
    if (begin == std::string_view::npos) return {};
    return std::string(text.substr(begin, text.find_last_not_of(blanks) + 1 - begin).substr(0, longest_word));
}

std::string word_of(const fs::path& path) { return trimmed(text_of(path)); }

bool is_there(const fs::path& path) {
    std::error_code error;
    return fs::exists(path, error);
}

std::vector<fs::path> below(const fs::path& folder) {
    std::error_code error;
    std::vector<fs::path> paths;
    for (const fs::directory_entry& entry : fs::directory_iterator(folder, error)) paths.push_back(entry.path());
    std::sort(paths.begin(), paths.end());
    return paths;
}

// sysfs writes '!' where the name of a device has a '/'.
std::string name_of(const fs::path& folder) {
    std::string name = folder.filename().string();
    std::replace(name.begin(), name.end(), '!', '/');
    return name;
}

fs::path real(const fs::path& path) {
    std::error_code error;
    const fs::path found = fs::weakly_canonical(path, error);
    return error ? path : found;
}

bool is_partition(const fs::path& folder) { return is_there(folder / "partition"); }
fs::path disk_of(const fs::path& folder) { return is_partition(folder) ? folder.parent_path() : folder; }

std::vector<fs::path> partitions_of(const fs::path& disk) {
    std::vector<fs::path> partitions = below(disk);
    std::erase_if(partitions, [](const fs::path& child) { return !is_partition(child); });
    return partitions;
}

// All devices whose use is a use of one device, as their folders in sysfs.
class Family {
  public:
    Family(const fs::path& folder, const KernelFolders& folders, bool with_neighbours = true) : folders_(folders) {
        if (with_neighbours) add_disk(disk_of(folder));
        else add_with_holders(folder);
        add_what_is_below(folder);
    }
    const std::set<fs::path>& folders() const { return members_; }
    bool has_holders() const { return has_holders_; }

  private:
    // A disk with its partitions and with everything that stands on them.
    void add_disk(const fs::path& disk) {
        add_with_holders(disk);
        for (const fs::path& partition : partitions_of(disk)) add_with_holders(partition);
    }

    void add_with_holders(const fs::path& folder) {
        if (!members_.insert(folder).second) return;
        for (const fs::path& holder : below(folder / "holders")) add_holder(real(holder));
        for (const fs::path& loop : below(folders_.sys + "/block"))
            if (backing_device(loop) == name_of(folder)) add_holder(real(loop));
    }

    void add_holder(const fs::path& holder) {
        has_holders_ = true;
        add_disk(disk_of(holder));
    }

    // What a device mapper, a RAID or a loop device stands on.
    void add_what_is_below(const fs::path& folder) {
        for (const fs::path& slave : below(disk_of(folder) / "slaves"))
            if (members_.insert(real(slave)).second) add_what_is_below(real(slave));
        const std::string backing = backing_device(disk_of(folder));
        if (backing.empty()) return;
        const fs::path found = folder_named(backing);
        if (!found.empty() && members_.insert(found).second) add_what_is_below(found);
    }

    // The device that a loop stands on; empty when it stands on a file.
    static std::string backing_device(const fs::path& loop) {
        const std::string path = word_of(loop / "loop/backing_file");
        if (!path.starts_with("/dev/")) return {};
        return real(path).string().substr(std::strlen("/dev/"));
    }

    fs::path folder_named(const std::string& name) const {
        for (const fs::path& entry : below(folders_.sys + "/dev/block"))
            if (const fs::path folder = real(entry); name_of(folder) == name) return folder;
        return {};
    }

    const KernelFolders& folders_;
    std::set<fs::path> members_;
    bool has_holders_ = false;
};

struct Mount {
    std::string numbers, source, mode, target;  // "8:17", "/dev/sdb1", "rw", "/mnt"
};

// proc(5): "36 35 98:0 /mnt1 /mnt2 rw,noatime master:1 - ext3 /dev/root rw,errors=continue".
std::vector<Mount> mounts(const KernelFolders& folders) {
    std::vector<Mount> found;
    std::istringstream lines(text_of(folders.proc + "/self/mountinfo"));
    for (std::string line; std::getline(lines, line);) {
        std::istringstream before(line);
        std::string id, parent, root, options;
        Mount mount;
        before >> id >> parent >> mount.numbers >> root >> mount.target >> options;
        const std::size_t dash = line.find(" - ");
        if (dash == std::string::npos) continue;
        std::istringstream after(line.substr(dash + 3));
        std::string type, super;
        after >> type >> mount.source >> super;
        const auto is_read_only = [](const std::string& list) { return list == "ro" || list.starts_with("ro,"); };
        mount.mode = is_read_only(options) || is_read_only(super) ? "ro" : "rw";
        found.push_back(std::move(mount));
    }
    return found;
}

std::vector<std::string> swaps(const KernelFolders& folders) {
    std::vector<std::string> paths;
    std::istringstream lines(text_of(folders.proc + "/swaps"));
    std::string line;
    std::getline(lines, line);  // the heading
    while (std::getline(lines, line)) paths.push_back(real(line.substr(0, line.find_first_of(" \t"))).string());
    return paths;
}

// A file system of several devices (btrfs) is mounted under a number of its own: then its source tells.
bool is_of(const Mount& mount, const std::string& numbers, const std::string& name) {
    if (mount.numbers == numbers) return true;
    return mount.source.starts_with("/dev/") && real(mount.source) == fs::path("/dev/" + name);
}

// A blank, a tab, a line's end and a backslash stand in mountinfo as "\040" and the like.
std::string unescaped(std::string_view text) {
    std::string plain;
    for (std::size_t i = 0; i < text.size(); ++i) {
        const bool is_escape = text[i] == '\\' && i + 3 < text.size();
        plain += is_escape ? static_cast<char>(std::strtoul(std::string(text.substr(i + 1, 3)).c_str(), nullptr, 8))
                           : text[i];
        if (is_escape) i += 3;
    }
    return plain;
}

// The names of the devices under a folder. By its path: the number of a subvolume (btrfs) stands in no table.
std::set<std::string> sources_of(const fs::path& folder, const KernelFolders& folders) {
    fs::path innermost;
    std::string source;
    for (const Mount& mount : mounts(folders)) {
        const fs::path target = unescaped(mount.target);
        const bool is_inside =
            target == "/" ||
            std::mismatch(target.begin(), target.end(), folder.begin(), folder.end()).first == target.end();
        if (is_inside && target.native().size() >= innermost.native().size())
            innermost = target, source = unescaped(mount.source);
    }
    if (!source.starts_with("/dev/")) return {};
    std::set<std::string> names{real(source).string().substr(std::strlen("/dev/"))};
    for (const fs::path& one : below(folders.sys + "/fs/btrfs")) {
        std::set<std::string> members;
        for (const fs::path& member : below(one / "devices")) members.insert(name_of(member));
        if (members.contains(*names.begin())) return members;
    }
    return names;
}

std::string uses_of(const Family& family, const KernelFolders& folders) {
    const std::vector<Mount> mounted = mounts(folders);
    const std::vector<std::string> swapped = swaps(folders);
    std::set<std::string> uses;
    for (const fs::path& folder : family.folders()) {
        const std::string name = name_of(folder), numbers = word_of(folder / "dev");
        for (const Mount& mount : mounted)
            if (is_of(mount, numbers, name)) uses.insert(fmt::format("{} is mounted ({})", name, mount.mode));
        if (std::find(swapped.begin(), swapped.end(), "/dev/" + name) != swapped.end()) uses.insert(name + " is swap");
    }
    return fmt::format("{}", fmt::join(uses, "; "));
}

// ---- Who made it ----

// SCSI, unit serial number page: four bytes of header, then the number.
std::string unit_serial(const fs::path& device) {
    const std::string page = text_of(device / "vpd_pg80");
    return page.size() > 4 ? trimmed(std::string_view(page).substr(4)) : std::string{};
}

// A stick's serial stands with its USB device, some folders up. Never further: the controller has one too.
std::string usb_serial(fs::path device) {
    for (device = real(device); device.has_relative_path(); device = device.parent_path())
        if (is_there(device / "idVendor")) return word_of(device / "serial");
    return {};
}

// "E:ID_MODEL=..." of what udev keeps of a device.
std::string udev_value(const std::string& numbers, std::string_view key, const KernelFolders& folders) {
    const std::string start = fmt::format("E:{}=", key);
    std::istringstream lines(text_of(fmt::format("{}/udev/data/b{}", folders.run, numbers)));
    for (std::string line; std::getline(lines, line);)
        if (line.starts_with(start)) return trimmed(std::string_view(line).substr(start.size()));
    return {};
}

std::string first_of(std::initializer_list<std::string> words) {
    for (const std::string& word : words)
        if (!word.empty()) return word;
    return {};
}

std::string model_of(const fs::path& disk, const KernelFolders& folders) {
    const fs::path device = disk / "device";
    const std::string words = trimmed(word_of(device / "vendor") + " " + word_of(device / "model"));
    // The vendor of a virtual disk is a number of its bus.
    const bool is_vendor_alone = word_of(device / "model").empty();
    return first_of({is_vendor_alone ? "" : words, word_of(device / "name"),
                     udev_value(word_of(disk / "dev"), "ID_MODEL", folders)});
}

std::string serial_of(const fs::path& disk, const KernelFolders& folders) {
    const fs::path device = disk / "device";
    return first_of({word_of(device / "serial"), word_of(disk / "serial"), unit_serial(device),
                     is_there(device) ? usb_serial(device) : "",
                     udev_value(word_of(disk / "dev"), "ID_SERIAL_SHORT", folders)});
}

fs::path folder_of(unsigned major, unsigned minor, const KernelFolders& folders) {
    return real(fmt::format("{}/dev/block/{}:{}", folders.sys, major, minor));
}

// The kernel's own answer, which also knows of mounts in other name spaces: an exclusive open of a device in use fails.
// Asked twice, since another program may ask the same at this moment.
bool is_claimed(const std::string& path) {
    for (int time = 0; time < 2; ++time) {
        if (time > 0) ::usleep(100'000);
        if (Descriptor(path, O_EXCL).get() >= 0 || errno != EBUSY) return false;
    }
    return true;
}

}  // namespace

BlockDevice describe_device(unsigned major, unsigned minor, const KernelFolders& folders) {
    const fs::path folder = folder_of(major, minor, folders);
    const fs::path disk = disk_of(folder);
    constexpr std::uint64_t sector_of_sysfs = 512;  // whatever the device's own
    BlockDevice device;
    device.name = is_there(folder) ? name_of(folder) : fmt::format("{}:{}", major, minor);
    device.size = std::strtoull(word_of(folder / "size").c_str(), nullptr, 10) * sector_of_sysfs;
    device.model = model_of(disk, folders);
    device.serial = serial_of(disk, folders);
    device.is_read_only = word_of(folder / "ro") == "1";
    device.use = uses_of(Family(folder, folders), folders);
    return device;
}

std::optional<BlockDevice> block_device_at(const std::string& path) {
    struct stat facts {};
    if (::stat(path.c_str(), &facts) != 0 || !S_ISBLK(facts.st_mode)) return std::nullopt;
    const KernelFolders folders;
    const unsigned major_number = major(facts.st_rdev), minor_number = minor(facts.st_rdev);
    BlockDevice device = describe_device(major_number, minor_number, folders);
    const Descriptor fd(path, 0);
    int flag = 0;
    if (fd.get() >= 0 && ::ioctl(fd.get(), BLKROGET, &flag) == 0) device.is_read_only = flag != 0;
    std::uint64_t size = 0;
    if (fd.get() >= 0 && ::ioctl(fd.get(), BLKGETSIZE64, &size) == 0) device.size = size;
    // A device mapper or a RAID on it claims it too, mounted or not.
    const bool is_held = Family(folder_of(major_number, minor_number, folders), folders).has_holders();
    if (device.use.empty() && !is_held && is_claimed(path)) device.use = device.name + " is held by the kernel";
    return device;
}

bool stands_on(const std::string& folder, DeviceNumbers file_system, DeviceNumbers device,
               const KernelFolders& folders) {
    const std::string numbers = fmt::format("{}:{}", file_system.major, file_system.minor);
    const std::set<std::string> sources = sources_of(folder, folders);
    const fs::path place = folder_of(device.major, device.minor, folders);
    const Family family(place, folders, !is_partition(place));
    return std::any_of(family.folders().begin(), family.folders().end(), [&](const fs::path& member) {
        return word_of(member / "dev") == numbers || sources.contains(name_of(member));
    });
}

std::vector<DeviceNumbers> loop_devices_of(const std::string& file, const KernelFolders& folders) {
    std::vector<DeviceNumbers> devices;
    for (const fs::path& loop : below(folders.sys + "/block")) {
        std::error_code error;
        const std::string backing = word_of(loop / "loop/backing_file");
        if (backing.empty() || !fs::equivalent(backing, file, error) || error) continue;
        DeviceNumbers device;
        std::istringstream numbers(word_of(loop / "dev"));
        if (char colon = 0; numbers >> device.major >> colon >> device.minor) devices.push_back(device);
    }
    return devices;
}

std::optional<Failure> set_read_only(const std::string& path) {
    struct stat facts {};
    if (::stat(path.c_str(), &facts) != 0) return Failure{std::strerror(errno)};
    std::vector<std::string> paths{path};
    for (const fs::path& partition : partitions_of(folder_of(major(facts.st_rdev), minor(facts.st_rdev), {})))
        paths.push_back("/dev/" + name_of(partition));
    for (const std::string& one : paths) {
        const Descriptor fd(one, 0);
        int flag = 1;
        if (fd.get() < 0 || ::ioctl(fd.get(), BLKROSET, &flag) != 0 || ::ioctl(fd.get(), BLKROGET, &flag) != 0)
            return Failure{fmt::format("{}: {}", one, std::strerror(errno))};
        if (flag == 0) return Failure{one + ": the kernel does not keep the flag"};
    }
    return std::nullopt;
}

BlockDevice with_earlier(BlockDevice now, const BlockDevice& then) {
    now.was_set_read_only |= then.was_set_read_only;
    std::set<std::string> uses;
    for (std::string_view rest : {std::string_view(now.use), std::string_view(then.use)})
        while (!rest.empty()) {
            const std::size_t end = std::min(rest.find("; "), rest.size());
            uses.emplace(rest.substr(0, end));
            rest.remove_prefix(std::min(end + 2, rest.size()));
        }
    now.use = fmt::format("{}", fmt::join(uses, "; "));
    return now;
}

bool gives_bytes(const std::string& path, std::uint64_t size) {
    constexpr std::size_t block = 4096;  // O_DIRECT asks for aligned memory, place and length
    alignas(block) std::array<char, block> bytes;
    if (size == 0) return true;  // it never had any
    const Descriptor fd(path, O_DIRECT);
    if (fd.get() < 0) return false;
    for (const std::uint64_t place : {std::uint64_t{0}, size / 2, size < block ? 0 : size - block})
        if (::pread(fd.get(), bytes.data(), bytes.size(), static_cast<off_t>(place / block * block)) > 0) return true;
    return false;
}

}  // namespace triage
