#include "backend/memory/memory_server.hpp"
#include "ringfiles/memory.hpp"

namespace ringfiles {

const char* to_string(opcode code) noexcept {
  switch (code) {
    case opcode::open:
      return "open";
    case opcode::close:
      return "close";
    case opcode::read:
      return "read";
    case opcode::write:
      return "write";
    case opcode::sync:
      return "sync";
    case opcode::sync_data:
      return "sync_data";
    case opcode::truncate:
      return "truncate";
    case opcode::size:
      return "size";
    case opcode::job:
      return "job";
  }
  return "unknown";
}

memory_filesystem::memory_filesystem() : server_(std::make_unique<server>()) {}
memory_filesystem::~memory_filesystem() = default;

void memory_filesystem::put(std::string path, std::string content) {
  std::lock_guard lock(server_->mutex);
  auto& file = server_->files[std::move(path)];
  if (!file) file = std::make_shared<inode>();
  file->content = std::move(content);
}

std::optional<std::string> memory_filesystem::get(std::string_view path) const {
  std::lock_guard lock(server_->mutex);
  const auto found = server_->files.find(path);
  if (found == server_->files.end()) return std::nullopt;
  return found->second->content;
}

void memory_filesystem::remove(std::string_view path) {
  std::lock_guard lock(server_->mutex);
  if (const auto found = server_->files.find(path); found != server_->files.end())
    server_->files.erase(found);
}

void memory_filesystem::fail(opcode kind, int number, std::size_t first, std::size_t count) {
  std::lock_guard lock(server_->mutex);
  server_->faults.push_back({kind, number, first, count});
}

void memory_filesystem::limit_transfers(std::size_t bytes) {
  std::lock_guard lock(server_->mutex);
  server_->transfer_limit = bytes;
  server_->limits_vary = false;
}

void memory_filesystem::limit_transfers(std::size_t most, std::uint64_t seed) {
  std::lock_guard lock(server_->mutex);
  server_->transfer_limit = most;
  server_->limits_vary = true;
  server_->limits.seed(seed);
}

void memory_filesystem::refuse_inline(bool on) {
  std::lock_guard lock(server_->mutex);
  server_->no_inline = on;
}

void memory_filesystem::hold(bool on) {
  std::lock_guard lock(server_->mutex);
  server_->holding = on;
}

std::size_t memory_filesystem::held() const {
  std::lock_guard lock(server_->mutex);
  return server_->held.size();
}

bool memory_filesystem::release(std::size_t index) {
  std::lock_guard lock(server_->mutex);
  if (index >= server_->held.size()) return false;
  auto item = server_->held[index];
  server_->held.erase(server_->held.begin() + static_cast<std::ptrdiff_t>(index));
  server_->finish(std::move(item));
  return true;
}

void memory_filesystem::release_all() {
  while (release()) {
  }
}

std::size_t memory_filesystem::calls(opcode kind) const {
  std::lock_guard lock(server_->mutex);
  return server_->calls[static_cast<std::size_t>(kind)];
}

std::size_t memory_filesystem::open_files() const {
  std::lock_guard lock(server_->mutex);
  return server_->descriptors.size();
}

}  // namespace ringfiles
