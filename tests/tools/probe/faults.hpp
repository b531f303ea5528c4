// The control file of a faultfs mount, and the page cache: what a probe uses to make files slow.
#pragma once

#include <fcntl.h>
#include <unistd.h>

#include <chrono>
#include <string>
#include <thread>

#include "probe/figures.hpp"

namespace probe {

class fault_control {
 public:
  /// Opens MOUNT/.faultctl once: a call that hangs with the folder locked must not keep us out.
  explicit fault_control(const std::string& mount)
      : fd_(::open((mount + "/.faultctl").c_str(), O_RDWR | O_CLOEXEC)) {
    if (fd_ < 0) give_up("there is no faultfs at " + mount);
  }
  ~fault_control() { ::close(fd_); }
  fault_control(const fault_control&) = delete;

  void apply(const std::string& script) const {
    if (::write(fd_, script.data(), script.size()) < 0) give_up("faultfs refuses: " + script);
  }
  void clear() const { apply("clear"); }

  std::string status() const {
    std::string text(1 << 16, '\0');
    const auto count = ::pread(fd_, text.data(), text.size(), 0);
    text.resize(count > 0 ? static_cast<std::size_t>(count) : 0);
    return text;
  }
  /// Calls that hang or are delayed now.
  long parked() const { return number_after("parked="); }
  /// Calls that matched the first rule.
  long seen() const { return number_after("seen="); }

 private:
  long number_after(const std::string& word) const {
    const std::string text = status();
    const std::size_t at = text.find(word);
    return at == std::string::npos ? 0 : std::strtol(text.c_str() + at + word.size(), nullptr, 10);
  }

  int fd_;
};

/// The clean pages of a file leave the page cache.
inline void evict(const std::string& path) {
  const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) give_up("cannot open " + path);
  ::posix_fadvise(fd, 0, 0, POSIX_FADV_DONTNEED);
  ::close(fd);
}

/// `durable`: so that its pages are clean and can be evicted.
inline void write_file(const std::string& path, const std::string& content, bool durable = true) {
  const int fd = ::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
  std::size_t done = 0;
  while (fd >= 0 && done < content.size()) {
    const auto count = ::write(fd, content.data() + done, content.size() - done);
    if (count <= 0) break;
    done += static_cast<std::size_t>(count);
  }
  if (done != content.size()) give_up("cannot write " + path);
  if (durable) ::fsync(fd);
  ::close(fd);
}

/// Content in which every 8 bytes say where they stand: misplaced and repeated bytes show.
inline std::string numbered_bytes(std::size_t size) {
  std::string text(size, '\0');
  for (std::size_t at = 0; at + 8 <= size; at += 8) {
    std::size_t number = at / 8;
    for (std::size_t digit = 7; digit > 0; --digit, number /= 10)
      text[at + digit - 1] = static_cast<char>('0' + number % 10);
    text[at + 7] = '\n';
  }
  return text;
}

}  // namespace probe
