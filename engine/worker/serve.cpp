// SPDX-License-Identifier: Apache-2.0
#include "engine/worker/serve.h"

#include <sys/mman.h>
#include <sys/prctl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>

#include "engine/worker/sandbox.h"

namespace triage {
namespace {

constexpr std::size_t job_limit = 1u << 30;

bool read_all(int fd, MutableBytes out) {
    while (!out.empty()) {
        const ssize_t n = ::read(fd, out.data(), out.size());
        if (n < 0 && errno == EINTR) continue;
        if (n <= 0) return false;
        out = out.subspan(static_cast<std::size_t>(n));
    }
    return true;
}

void send(RecordSender& sender, RecordType type, const auto&... values) {
    RecordWriter w;
    (write(w, values), ...);
    sender.send(type, w.bytes());
}

void send_text(RecordSender& sender, RecordType type, std::string_view text) {
    RecordWriter w;
    w.text(text.substr(0, 4096));
    sender.send(type, w.bytes());
}

// A walk's findings as records; leaves out what an earlier worker of the same walk delivered.
class SendingWalkSink : public WalkSink {
  public:
    SendingWalkSink(const WorkerJob& job, RecordSender& sender) : job_(job), sender_(sender) {}

    void filesystem(const Filesystem& fs) override {
        if (is_new()) send(sender_, RecordType::filesystem, fs);
    }
    void problem(const Problem& problem) override {
        if (is_new()) send(sender_, RecordType::problem, problem);
    }
    void counts(const WalkCounts& counts) override {
        if (is_new()) send(sender_, RecordType::counts, counts);
    }
    void entry(const Entry& entry) override {
        if (!is_new()) return;
        writer_.clear();
        write(writer_, entry);
        sender_.send(RecordType::entry, writer_.bytes());
        for (std::size_t at = extents_per_record; at < entry.extents.size(); at += extents_per_record) {
            RecordWriter w;
            write_extents(
                w, std::span(entry.extents).subspan(at, std::min(extents_per_record, entry.extents.size() - at)));
            sender_.send(RecordType::extents, w.bytes());
        }
    }
    bool may_enter(std::uint64_t address, std::string_view path) override {
        sender_.stand_at(address, path, records_);
        const std::string_view known = path.substr(0, sizeof(WorkerBoard::now_path));
        const auto avoided = std::find_if(job_.avoid.begin(), job_.avoid.end(), [&](const WorkerJob::Avoided& a) {
            return a.place.address == address && a.place.path == known && a.place.records <= records_;
        });
        if (avoided == job_.avoid.end()) return true;
        records_ = std::max(records_, avoided->delivered);
        return false;
    }

  private:
    bool is_new() { return ++records_ > job_.skip_records; }
    const WorkerJob& job_;
    RecordSender& sender_;
    RecordWriter writer_;  // of entries, which are many: keeps its memory
    std::uint64_t records_ = 0;
};

class SendingContentSink : public ContentSink {
  public:
    explicit SendingContentSink(RecordSender& sender) : sender_(sender) {}
    void data(ByteView bytes) override {
        while (!bytes.empty()) {
            const ByteView piece = bytes.first(std::min<std::size_t>(bytes.size(), batch_bytes));
            sender_.send(RecordType::data, piece);
            bytes = bytes.subspan(piece.size());
        }
    }

  private:
    RecordSender& sender_;
};

ReadObserver signs_of_life(RecordSender& sender) {
    return {[&sender](std::uint64_t bytes) { sender.begin_read(bytes); }, [&sender] { sender.end_read(); }};
}

void open_container(const Registry& registry, const WorkerJob& job, const SegmentFiles& files, RecordSender& sender) {
    const auto found = std::find_if(registry.containers.begin(), registry.containers.end(),
                                    [&](const Container* c) { return c->name() == job.container; });
    if (found == registry.containers.end()) return send_text(sender, RecordType::failure, "unknown container");
    const Result<OpenedMedia> media = (*found)->open(files);
    if (!media) return send_text(sender, RecordType::failure, media.why());
    send(sender, RecordType::media, *media);
    for (const BlockRun& run : media->map.runs) send(sender, RecordType::run, run);
    for (const Problem& problem : media->problems) send(sender, RecordType::problem, problem);
}

void list_volumes(const Registry& registry, const MediaReader& media, RecordSender& sender) {
    for (const VolumeSystem* system : registry.volume_systems) {
        const VolumeList list = system->list(media);
        send_text(sender, RecordType::volume_list, list.system);
        for (const Volume& volume : list.volumes) send(sender, RecordType::volume, volume);
        for (const Problem& problem : list.problems) send(sender, RecordType::problem, problem);
    }
}

void read_contents(const Registry& registry, const WorkerJob& job, const MediaReader& media, int request_fd,
                   RecordSender& sender) {
    SendingContentSink sink(sender);
    const auto next = [&]() -> std::optional<ContentRequest> {
        sender.flush();
        const std::optional<Bytes> bytes = read_framed(request_fd, max_frame_bytes);
        if (!bytes) return std::nullopt;
        RecordReader r(*bytes);
        ContentRequest request = read_request(r);
        sender.stand_at(request.address, {});
        return r.is_complete() ? std::optional(std::move(request)) : std::nullopt;
    };
    const auto done = [&](Reason reason, std::string_view detail) {
        RecordWriter w;
        w.u8(static_cast<std::uint8_t>(reason)), w.text(detail.substr(0, 4096));
        sender.send(RecordType::data_end, w.bytes());
    };
    for (const FilesystemReader* reader : registry.filesystems) reader->read(media, job.volume, next, sink, done);
}

void tell_types(const TypeTeller::Tell& tell, int request_fd, RecordSender& sender) {
    for (;;) {
        sender.flush();
        const std::optional<Bytes> first_bytes = read_framed(request_fd, max_frame_bytes);
        if (!first_bytes) return;
        sender.stand_at(0, {});
        send_text(sender, RecordType::mime_type, tell(*first_bytes));
    }
}

void do_job(const Registry& registry, const WorkerJob& job, std::shared_ptr<const SegmentFiles> files, int request_fd,
            RecordSender& sender) {
    if (job.kind == JobKind::open) return open_container(registry, job, *files, sender);
    MediaReader media(job.map, std::move(files));
    media.observe(signs_of_life(sender));
    if (job.kind == JobKind::volumes) return list_volumes(registry, media, sender);
    if (job.kind == JobKind::content) return read_contents(registry, job, media, request_fd, sender);
    SendingWalkSink sink(job, sender);
    for (const FilesystemReader* reader : registry.filesystems)
        if (reader->walk(media, job.volume, job.limits, job.probe_only, sink)) return;
}

}  // namespace

std::optional<Bytes> read_framed(int fd, std::size_t limit) {
    std::uint32_t size = 0;
    if (!read_all(fd, std::as_writable_bytes(std::span(&size, 1))) || size > limit) return std::nullopt;
    Bytes bytes(size);
    if (!read_all(fd, bytes)) return std::nullopt;
    return bytes;
}

bool write_framed(int fd, ByteView bytes) {
    const auto size = static_cast<std::uint32_t>(bytes.size());
    for (ByteView part : {std::as_bytes(std::span(&size, 1)), bytes})
        while (!part.empty()) {
            const ssize_t n = ::write(fd, part.data(), part.size());
            if (n < 0 && errno == EINTR) continue;
            if (n <= 0) return false;
            part = part.subspan(static_cast<std::size_t>(n));
        }
    return true;
}

void serve(const Registry& registry, const WorkerJob& job, bool with_sandbox, int request_fd, RecordSender& sender,
           int own_record_fd) {
    auto files = std::make_shared<SegmentFiles>(job.segments);
    files->observe(signs_of_life(sender));
    const bool all_open = files->open_all();
    TypeTeller::Tell tell;
    if (job.kind == JobKind::types) tell = registry.types->load(job.type_database);
    if (with_sandbox) {
        SandboxOptions options{job.memory_bytes, job.memory_max_bytes, own_record_fd, {}};
        if (!all_open)
            for (const Segment& segment : job.segments) options.readable_files.push_back(segment.path);
        send_text(sender, RecordType::started, enter_sandbox(options));
    } else {
        send_text(sender, RecordType::started, "in-process");
    }
    try {
        if (tell) tell_types(tell, request_fd, sender);
        else do_job(registry, job, files, request_fd, sender);
    } catch (const std::bad_alloc&) {
        sender.flush();
        throw;
    }
    sender.send(RecordType::end, {});
    sender.flush();
}

int serve_process(const Registry& registry) {
    prctl(PR_SET_PDEATHSIG, SIGKILL);  // no worker outlives the run that asked for it
    void* memory = mmap(nullptr, sizeof(WorkerBoard), PROT_READ | PROT_WRITE, MAP_SHARED, board_fd, 0);
    const std::optional<Bytes> bytes = read_framed(job_fd, job_limit);
    const std::optional<WorkerJob> job = bytes ? parse_job(*bytes) : std::nullopt;
    if (memory == MAP_FAILED || !job) return 2;
    RecordSender sender(*static_cast<WorkerBoard*>(memory), record_fd);
    try {
        serve(registry, *job, true, job_fd, sender, record_fd);
    } catch (const std::bad_alloc&) {
        return 3;  // out of the memory it may use: the parent raises the limit once
    } catch (const std::exception&) {
        return 4;
    }
    return 0;
}

}  // namespace triage
