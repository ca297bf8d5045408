// SPDX-License-Identifier: Apache-2.0
#include "engine/worker/worker.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <csignal>
#include <thread>

#include "engine/worker/serve.h"
#include "engine/worker/silence.h"
#include "engine/worker/spawn.h"

namespace triage {
namespace {

constexpr int poll_milliseconds = 100;

using Steady = std::chrono::steady_clock;

// A process that has closed its records is about to exit. False when it sleeps or works on for a second instead.
bool exits_soon(pid_t pid, int& status, double most_seconds) {
    for (Silence silence;;) {
        const pid_t ended = waitpid(pid, &status, WNOHANG);
        if (ended == pid || (ended < 0 && errno != EINTR)) return true;
        silence.look(state_of(pid), Steady::now());
        if (silence.busy_seconds() > 1 || silence.asleep_seconds() > 1 || silence.seconds() > most_seconds)
            return false;
        std::this_thread::sleep_for(std::chrono::microseconds(200));
    }
}

// Sealed: a worker that cut its mapping short would end the parent at the next look (SIGBUS).
WorkerBoard* map_board(int fd) {
    if (ftruncate(fd, sizeof(WorkerBoard)) != 0 ||
        fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL) != 0)
        throw Error("worker", "no memory for its mapping");
    void* memory = mmap(nullptr, sizeof(WorkerBoard), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if (memory == MAP_FAILED) throw Error("worker", "no memory for its mapping");
    return static_cast<WorkerBoard*>(memory);
}

}  // namespace

std::string_view to_string(WorkerEnd end) {
    switch (end) {
        case WorkerEnd::running: return "running";
        case WorkerEnd::finished: return "finished";
        case WorkerEnd::died: return "died";
        case WorkerEnd::hung: return "hung";
        case WorkerEnd::livelocked: return "livelocked";
        case WorkerEnd::stopped: return "stopped";
    }
    return "";
}

struct WorkerProcess {
    UniqueFd board_fd{memfd_create("triage-worker", MFD_CLOEXEC | MFD_ALLOW_SEALING)};
    WorkerBoard* board = map_board(board_fd.get());
    UniqueFd jobs, records;  // our ends of the pipes
    pid_t pid = -1;          // of a process
    std::thread thread;      // of an in-process worker
    std::uint64_t allowed_bytes = 0;

    ~WorkerProcess() {
        jobs.reset();
        records.reset();
        if (thread.joinable()) thread.join();
        munmap(board, sizeof(WorkerBoard));
    }

    void start_process() {
        auto [job_in, job_out] = make_pipe();
        auto [record_in, record_out] = make_pipe();
        jobs = std::move(job_out), records = std::move(record_in);
        pid = spawn_worker(job_in.get(), record_out.get(), board_fd.get());
    }
    void start_thread(const Registry& registry, const WorkerJob& job) {
        auto [job_in, job_out] = make_pipe();
        auto [record_in, record_out] = make_pipe();
        jobs = std::move(job_out), records = std::move(record_in);
        thread = std::thread([this, &registry, job, in = std::move(job_in), out = std::move(record_out)] {
            RecordSender sender(*board, out.get());
            try {
                serve(registry, job, false, in.get(), sender, out.get());
            } catch (const std::exception&) {
                // As in a process: the record stream ends without its end.
            }
        });
    }
};

SpareWorkers::SpareWorkers() = default;

SpareWorkers::~SpareWorkers() {
    for (const auto& process : processes_) {
        ::kill(process->pid, SIGKILL);
        while (waitpid(process->pid, nullptr, 0) < 0 && errno == EINTR) {
        }
    }
}

void SpareWorkers::prepare(std::size_t count) {
    while (processes_.size() < count) {
        auto process = std::make_unique<WorkerProcess>();
        process->start_process();
        processes_.push_back(std::move(process));
    }
}

struct Worker::Clock {
    Silence silence;
    std::uint64_t steps = 0;
};

Worker::Worker(const Registry& registry, const WorkerOptions& options, const WorkerJob& job)
    : options_(options), clock_(std::make_unique<Clock>()) {
    if (options.in_process) {
        process_ = std::make_unique<WorkerProcess>();
        process_->start_thread(registry, job);
        return;
    }
    if (options.spares && !options.spares->processes_.empty()) {
        process_ = std::move(options.spares->processes_.front());
        options.spares->processes_.pop_front();
    } else {
        process_ = std::make_unique<WorkerProcess>();
        process_->start_process();
    }
    process_->allowed_bytes = options.memory_bytes;
    WorkerJob limited = job;
    limited.memory_bytes = options.memory_bytes;
    limited.memory_max_bytes = options.memory_max_bytes;
    write_framed(process_->jobs.get(), serialise(limited));
    if (job.kind != JobKind::content && job.kind != JobKind::types) process_->jobs.reset();
}

Worker::~Worker() {
    if (end_ == WorkerEnd::running) stop();
}

bool Worker::request(const ContentRequest& request) {
    RecordWriter w;
    write(w, request);
    return write_framed(process_->jobs.get(), w.bytes());
}

bool Worker::request(ByteView first_bytes) { return write_framed(process_->jobs.get(), first_bytes); }

void Worker::close_requests() { process_->jobs.reset(); }

std::optional<Record> Worker::next(std::uint64_t read_limit) {
    clock_->silence.end();
    for (;;) {
        if (std::optional<Record> record = parse()) {
            if (record->type == RecordType::end) saw_end_ = true;
            if (record->type != RecordType::started) return record;
            RecordReader r(record->payload);
            sandbox_ = r.text();
            continue;
        }
        if (is_drained_) {
            // The end record is the proof: a process may exit 0, and a thread return, without having done the job.
            if (end_ == WorkerEnd::finished && !saw_end_) end_ = WorkerEnd::died;
            return std::nullopt;
        }
        if (!fill(read_limit)) {
            reap();
            drain_board();
        }
    }
}

// False: the run ends, and a thread has nobody left to write to.
bool Worker::await_bytes(std::uint64_t read_limit) {
    for (;;) {
        if (options_.stop && options_.stop->load(std::memory_order_relaxed) && end_ == WorkerEnd::running)
            kill(WorkerEnd::stopped, "the run ends");
        if (end_ == WorkerEnd::stopped && options_.in_process) return false;
        pollfd waiting{process_->records.get(), POLLIN, 0};
        const int ready = poll(&waiting, 1, poll_milliseconds);
        if (options_.wait) note_wait(ready > 0);
        if (ready > 0) return true;
        if (end_ == WorkerEnd::running && ready == 0) check_clock(read_limit);
    }
}

void Worker::note_wait(bool has_ended) {
    WorkerWait& wait = *options_.wait;
    wait.address.store(process_->board->now_address.load(std::memory_order_relaxed), std::memory_order_relaxed);
    wait.milliseconds.store(has_ended ? 0 : wait.milliseconds + poll_milliseconds, std::memory_order_relaxed);
}

// Reads one whole batch, or nothing of it: a batch cut short by the worker's death is taken from the board instead.
bool Worker::fill(std::uint64_t read_limit) {
    const auto read_exactly = [&](MutableBytes out) {
        while (!out.empty()) {
            if (!await_bytes(read_limit)) return false;
            const ssize_t n = ::read(process_->records.get(), out.data(), out.size());
            if (n < 0 && errno == EINTR) continue;
            if (n <= 0) return false;
            out = out.subspan(static_cast<std::size_t>(n));
        }
        return true;
    };
    BatchHeader header{};
    if (!read_exactly(std::as_writable_bytes(std::span(&header, 1)))) return false;
    if (header.magic != batch_magic || header.size == 0 || header.size > sizeof(WorkerBoard::batch)) {
        kill(WorkerEnd::died, "its record stream is broken");
        return false;
    }
    buffer_.erase(buffer_.begin(), buffer_.begin() + static_cast<std::ptrdiff_t>(parsed_));
    parsed_ = 0;
    const std::size_t old_size = buffer_.size();
    buffer_.resize(old_size + header.size);
    if (!read_exactly(MutableBytes(buffer_).subspan(old_size))) {
        buffer_.resize(old_size);
        return false;
    }
    last_batch_ = header.number;
    return true;
}

std::optional<Record> Worker::parse() {
    const ByteView rest = ByteView(buffer_).subspan(parsed_);
    const std::optional<std::uint32_t> size = load_le<std::uint32_t>(rest, 0);
    if (!size) return std::nullopt;
    if (*size == 0 || *size > max_frame_bytes) {
        if (end_ == WorkerEnd::running) kill(WorkerEnd::died, "its record stream is broken");
        return std::nullopt;
    }
    if (*size > rest.size() - 4) return std::nullopt;
    const auto type = static_cast<RecordType>(rest[4]);
    const bool is_known = type >= RecordType::started && type <= RecordType::end;
    // Each worker starts once: a record that its reader passes over must not come without end.
    if (!is_known || (type == RecordType::started && std::exchange(has_started_, true))) {
        if (end_ == WorkerEnd::running) kill(WorkerEnd::died, "its record stream is broken");
        return std::nullopt;
    }
    parsed_ += 4 + *size;
    return Record{type, rest.subspan(5, *size - 1)};
}

void Worker::drain_board() {
    is_drained_ = true;
    const WorkerBoard& board = *process_->board;
    const std::uint32_t size = board.committed.load(std::memory_order_acquire);
    if (board.batch_number.load(std::memory_order_acquire) <= last_batch_ || size > board.batch.size()) return;
    buffer_.erase(buffer_.begin(), buffer_.begin() + static_cast<std::ptrdiff_t>(parsed_));
    parsed_ = 0;
    buffer_.insert(buffer_.end(), board.batch.begin(), board.batch.begin() + size);
}

// Runs only while the parent waits on an empty channel: a worker that waits for the parent is never called hung.
void Worker::check_clock(std::uint64_t read_limit) {
    if (options_.in_process) return;
    const WorkerBoard& board = *process_->board;
    if (board.bytes_read.load(std::memory_order_relaxed) > read_limit)
        return kill(WorkerEnd::livelocked, "it read the volume several times over");
    Silence& silence = clock_->silence;
    const std::uint64_t steps = board.steps.load(std::memory_order_relaxed);
    if (std::exchange(clock_->steps, steps) != steps) silence.end();
    const double busy_before = silence.busy_seconds();
    silence.look(state_of(process_->pid), Steady::now());
    silent_seconds_ += silence.busy_seconds() - busy_before;
    if (silence.seconds() > options_.read_seconds) {
        silent_seconds_ += silence.seconds() - silence.busy_seconds();
        const bool reading = board.read_in_flight.load(std::memory_order_relaxed) != 0;
        return kill(WorkerEnd::hung, fmt::format("{} {:.0f} s", reading ? "one read took over" : "no progress for",
                                                 options_.read_seconds));
    }
    if (board.read_in_flight.load(std::memory_order_relaxed) != 0) return;
    if (silence.asleep_seconds() > options_.asleep_seconds) {
        silent_seconds_ += silence.asleep_seconds();
        return kill(WorkerEnd::hung, fmt::format("asleep for {:.0f} s, a deadlock", options_.asleep_seconds));
    }
    if (silence.busy_seconds() > options_.progress_seconds)
        kill(WorkerEnd::hung, fmt::format("no progress for {:.0f} s", options_.progress_seconds));
}

void Worker::kill(WorkerEnd why, std::string cause) {
    end_ = why;
    cause_ = std::move(cause);
    if (process_->pid > 0) ::kill(process_->pid, SIGKILL);
}

void Worker::stop(std::string cause) {
    kill(WorkerEnd::stopped, std::move(cause));
    reap();
}

void Worker::reap() {
    int status = 0;
    if (process_->pid > 0) {
        if (end_ == WorkerEnd::running && !exits_soon(process_->pid, status, options_.read_seconds))
            kill(WorkerEnd::died, "it closed its records and stayed");
        if (end_ != WorkerEnd::running)
            while (waitpid(process_->pid, &status, 0) < 0 && errno == EINTR) {
            }
        process_->pid = -1;
    } else if (process_->thread.joinable()) {
        // A thread cannot be killed: it ends when it finds the pipes closed.
        process_->jobs.reset();
        process_->records.reset();
        process_->thread.join();
    }
    if (end_ != WorkerEnd::running) return;
    out_of_memory_ = WIFEXITED(status) && WEXITSTATUS(status) == 3;
    if (WIFSIGNALED(status)) cause_ = fmt::format("ended by signal {}", WTERMSIG(status));
    else if (out_of_memory_) cause_ = "out of the memory it may use";
    else cause_ = fmt::format("exit code {}", WEXITSTATUS(status));
    end_ = WIFEXITED(status) && WEXITSTATUS(status) == 0 ? WorkerEnd::finished : WorkerEnd::died;
}

std::string Worker::cause() const { return cause_; }

WorkerJob::Place Worker::stands_at() const {
    const WorkerBoard& board = *process_->board;
    const std::size_t size = std::min<std::size_t>(board.now_path_size.load(), board.now_path.size());
    return {board.now_address.load(), std::string(board.now_path.data(), size), board.now_records.load()};
}

void Worker::allow_entries(std::uint64_t recorded) {
    // libtsk remembers each address it has named (list_inum_named and the orphan search): about 100 bytes an entry.
    const std::uint64_t wanted = std::min(options_.memory_bytes + recorded * 128, options_.memory_max_bytes);
    if (process_->pid <= 0 || wanted < process_->allowed_bytes + (16u << 20)) return;
    process_->allowed_bytes = wanted;
    const rlimit limit{wanted, options_.memory_max_bytes};
    prlimit(process_->pid, RLIMIT_AS, &limit, nullptr);
}

}  // namespace triage
