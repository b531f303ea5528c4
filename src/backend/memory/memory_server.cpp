#include "backend/memory/memory_server.hpp"

#include <fcntl.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <limits>

#include "backend/parts.hpp"

namespace ringfiles {
namespace {

bool may_read(int flags) noexcept { return (flags & O_ACCMODE) != O_WRONLY; }
bool may_write(int flags) noexcept { return (flags & O_ACCMODE) != O_RDONLY; }

/// A file in memory may not be larger: a test that seeks far out is to fail, not to end the
/// process.
constexpr std::uint64_t most_file_bytes = std::uint64_t{1} << 31;
constexpr std::uint64_t most_offset = std::numeric_limits<std::int64_t>::max();

sys::file_facts facts_of(const memory_filesystem::inode& file) noexcept {
  sys::file_facts facts;
  facts.inode = reinterpret_cast<std::uintptr_t>(&file);
  facts.size = file.content.size();
  facts.links = 1;
  facts.mode = S_IFREG | 0644;
  return facts;
}

}  // namespace

int memory_filesystem::server::next_fault(opcode kind) const {
  for (const auto& scripted : faults)
    if (scripted.kind == kind && scripted.count > 0 && scripted.first <= 1) return scripted.number;
  return 0;
}

int memory_filesystem::server::injected(opcode kind) {
  ++calls[static_cast<std::size_t>(kind)];
  for (auto& scripted : faults) {
    if (scripted.kind != kind || scripted.count == 0) continue;
    if (scripted.first > 1) {
      --scripted.first;
      continue;
    }
    --scripted.count;
    return scripted.number;
  }
  return 0;
}

std::int64_t memory_filesystem::server::try_serve(backend::request& wanted) {
  if (next_fault(wanted.code) != EAGAIN) return serve(wanted);
  injected(wanted.code);  // it would wait: nothing has happened
  return backend::would_wait;
}

std::int64_t memory_filesystem::server::serve(backend::request& wanted) {
  if (const int number = injected(wanted.code); number != 0) {
    // A close that fails has closed all the same, as on Linux.
    if (wanted.code == opcode::close) descriptors.erase(wanted.fd);
    return -number;
  }
  if (wanted.code == opcode::open) return open(wanted);
  const auto found = descriptors.find(wanted.fd);
  if (found == descriptors.end()) return -EBADF;
  switch (wanted.code) {
    case opcode::read:
    case opcode::write:
      return transfer(found->second, wanted);
    case opcode::truncate:
      if (!may_write(found->second.flags)) return -EINVAL;
      if (wanted.offset > most_file_bytes) return -EFBIG;
      found->second.file->content.resize(wanted.offset);
      return 0;
    case opcode::size:
      return static_cast<std::int64_t>(found->second.file->content.size());
    case opcode::close:
      descriptors.erase(found);
      return 0;
    default:
      return 0;
  }
}

std::int64_t memory_filesystem::server::open(backend::request& wanted) {
  auto found = files.find(std::string_view(wanted.path));
  if (found == files.end()) {
    if ((wanted.flags & O_CREAT) == 0) return -ENOENT;
    found = files.emplace(wanted.path, std::make_shared<inode>()).first;
  } else if ((wanted.flags & O_CREAT) != 0 && (wanted.flags & O_EXCL) != 0) {
    return -EEXIST;
  }
  if ((wanted.flags & O_TRUNC) != 0) found->second->content.clear();
  const int number = next_descriptor++;
  descriptors[number] = {found->second, wanted.flags};
  *wanted.facts = facts_of(*found->second);
  return number;
}

std::int64_t memory_filesystem::server::transfer(const descriptor& file, backend::request& wanted) {
  if (wanted.offset > most_offset - wanted.size) return -EINVAL;
  const std::size_t limit = next_limit();
  if (wanted.code == opcode::read)
    return may_read(file.flags) ? read(*file.file, wanted, limit) : -EBADF;
  return may_write(file.flags) ? write(*file.file, file, wanted, limit) : -EBADF;
}

std::size_t memory_filesystem::server::next_limit() {
  if (transfer_limit == 0) return std::numeric_limits<std::size_t>::max();
  return limits_vary ? 1 + limits() % transfer_limit : transfer_limit;
}

std::int64_t memory_filesystem::server::read(const inode& file, const backend::request& wanted,
                                             std::size_t limit) {
  std::array<iovec, backend::max_inline_parts> storage;
  const auto window = backend::remaining_parts(wanted, storage);
  std::size_t at = wanted.offset + wanted.moved;
  std::size_t moved = 0;
  for (int i = 0; i < window.count; ++i) {
    const std::size_t there = at < file.content.size() ? file.content.size() - at : 0;
    const std::size_t bytes = std::min({window.parts[i].iov_len, there, limit - moved});
    if (bytes == 0) break;
    std::memcpy(window.parts[i].iov_base, file.content.data() + at, bytes);
    at += bytes;
    moved += bytes;
  }
  return static_cast<std::int64_t>(moved);
}

std::int64_t memory_filesystem::server::write(inode& file, const descriptor& opened,
                                              const backend::request& wanted, std::size_t limit) {
  std::array<iovec, backend::max_inline_parts> storage;
  const auto window = backend::remaining_parts(wanted, storage);
  const bool append = (opened.flags & O_APPEND) != 0;
  std::size_t at = append ? file.content.size() : wanted.offset + wanted.moved;
  std::size_t moved = 0;
  if (at + window.bytes > most_file_bytes) return -EFBIG;
  for (int i = 0; i < window.count; ++i) {
    const std::size_t bytes = std::min(window.parts[i].iov_len, limit - moved);
    if (bytes == 0) break;
    if (file.content.size() < at + bytes) file.content.resize(at + bytes);
    std::memcpy(file.content.data() + at, window.parts[i].iov_base, bytes);
    at += bytes;
    moved += bytes;
  }
  return static_cast<std::int64_t>(moved);
}

void memory_filesystem::server::serve_whole(backend::request& wanted) {
  const bool transfers = wanted.code == opcode::read || wanted.code == opcode::write;
  if (wanted.cancel_asked && wanted.code == opcode::read) {
    wanted.result = -ECANCELED;
  } else if (transfers) {
    while (!backend::account_transfer(wanted, serve(wanted))) {
    }
  } else {
    wanted.result = serve(wanted);
  }
  wanted.served = rung::memory;
}

void memory_filesystem::server::finish(held_request item) {
  backend::request& wanted = *item.wanted;
  serve_whole(wanted);
  item.ended->push(&wanted);
  item.wake->signal();
}

}  // namespace ringfiles
