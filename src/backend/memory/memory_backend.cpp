#include <cerrno>

#include "backend/memory/memory_server.hpp"
#include "backend/threads/threads_backend.hpp"

namespace ringfiles::backend {

memory_backend::memory_backend(std::shared_ptr<wake_up> wake,
                               std::shared_ptr<memory_filesystem> disk)
    : wake_(wake),
      disk_(disk != nullptr ? std::move(disk) : std::make_shared<memory_filesystem>()),
      jobs_(std::make_unique<threads_backend>(std::move(wake))) {}

memory_backend::~memory_backend() { abandon_in_flight(); }

// What is held names our queue: it must not come back to it.
void memory_backend::abandon_in_flight() noexcept {
  auto& server = disk_->serve();
  std::lock_guard lock(server.mutex);
  std::erase_if(server.held, [this](const auto& item) { return item.ended == &ended_; });
}

std::int64_t memory_backend::try_inline(request& wanted) noexcept {
  auto& server = disk_->serve();
  std::lock_guard lock(server.mutex);
  if (server.no_inline || server.holding || wanted.code == opcode::job) return would_wait;
  wanted.served = rung::memory;
  return server.try_serve(wanted);
}

void memory_backend::serve_blocking(request& wanted) noexcept {
  std::lock_guard lock(disk_->serve().mutex);
  disk_->serve().serve_whole(wanted);
}

void memory_backend::submit(request& wanted) noexcept {
  if (wanted.code == opcode::job) return jobs_->submit(wanted);
  auto& server = disk_->serve();
  std::lock_guard lock(server.mutex);
  memory_filesystem::server::held_request item{&wanted, &ended_, wake_};
  if (server.holding)
    server.held.push_back(std::move(item));
  else
    server.finish(std::move(item));
}

// A held request is not ended by a cancel, as in the kernel: the test decides when it ends.
void memory_backend::cancel(request& wanted) noexcept {
  wanted.cancel_asked = true;
  if (wanted.code == opcode::job) jobs_->cancel(wanted);
}

void memory_backend::reap(request_queue& ended) noexcept {
  jobs_->reap(ended);
  std::lock_guard lock(disk_->serve().mutex);
  ended.append(std::move(ended_));
}

}  // namespace ringfiles::backend
