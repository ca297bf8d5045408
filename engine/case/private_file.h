// SPDX-License-Identifier: Apache-2.0
// Files and folders of a case: readable by their owner only, never through a link, never over something that exists.
// A PrivateFile buffers and belongs to one thread. A failing write throws Error of kind interrupted, a file that cannot
// be made Error of kind usage.
#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <string_view>

namespace triage {

class PrivateFile {
  public:
    // O_CREAT|O_EXCL|O_NOFOLLOW, mode 0600.
    static PrivateFile create(const std::string& path);
    // An existing regular file of ours, opened for appending.
    static PrivateFile append(const std::string& path);
    ~PrivateFile();  // closes; what was not flushed is lost
    PrivateFile(PrivateFile&& other) noexcept;
    PrivateFile& operator=(PrivateFile&& other) noexcept;

    void write(std::string_view bytes);  // buffered
    void flush();                        // to the operating system
    void sync();                         // to the disk
    void cut_to(std::size_t bytes);      // of a file opened for appending
    // What was written first, by as many bytes that are known only now. Of a file that was created.
    void rewrite_beginning(std::string_view bytes);
    const std::string& path() const { return path_; }

  private:
    PrivateFile(std::string path, int descriptor);
    void write_through(std::string_view bytes);

    std::string path_;
    std::string buffer_;
    int descriptor_ = -1;
};

void write_private_file(const std::string& path, std::string_view bytes);  // create, write, sync
// Under the name PATH.new, which becomes PATH: that is whole, or it is not there. Neither name may be there before.
void write_private_file_at_once(const std::string& path, std::string_view bytes);
void make_private_folder(const std::string& path);  // mode 0700; must not exist
void sync_folder(const std::string& path);          // makes new names durable; quiet where the file system cannot

// Of a case, which others may have made: a regular file that is no link, and no longer than this program writes it.
// Both throw Error (usage).
constexpr std::size_t longest_small_file = 256u << 20, longest_line = 64u << 20;
std::string read_whole_file(const std::string& path, std::size_t most_bytes = longest_small_file);
// Each line without its newline; only the last can be without one. Ends where `on_line` says false.
void for_each_line(const std::string& path, const std::function<bool(std::string_view line, bool is_ended)>& on_line,
                   std::size_t most_bytes = longest_line);

}  // namespace triage
