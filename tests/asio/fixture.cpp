#include "fixture.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdlib>
#include <fstream>
#include <iterator>

namespace ringfiles::asio_tests {

// For reading and writing: neither end ever sees the other missing.
fifo_end::fifo_end(const std::string& path)
    : fd_(::open(path.c_str(), O_RDWR | O_NONBLOCK | O_CLOEXEC)) {
  EXPECT_GE(fd_, 0);
}

fifo_end::~fifo_end() {
  if (fd_ >= 0) ::close(fd_);
}

void fifo_end::write(std::string_view bytes) const {
  EXPECT_EQ(::write(fd_, bytes.data(), bytes.size()), static_cast<ssize_t>(bytes.size()));
}

std::string fifo_end::read() const {
  std::array<char, 65536> buffer;
  const ssize_t count = ::read(fd_, buffer.data(), buffer.size());
  return count > 0 ? std::string(buffer.data(), static_cast<std::size_t>(count)) : std::string();
}

void fifo_end::fill() const {
  const std::string block(4096, 'f');
  while (::write(fd_, block.data(), block.size()) > 0) continue;
  EXPECT_EQ(errno, EAGAIN);
}

std::string read_whole(const std::string& path) {
  std::ifstream stream(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(stream), {}};
}

error error_in(const std::exception_ptr& failure) {
  try {
    if (failure) std::rethrow_exception(failure);
  } catch (const error& caught) {
    return caught;
  } catch (const std::exception& other) {
    ADD_FAILURE() << "not a ringfiles::error: " << other.what();
  }
  return error(std::error_code(), "nothing failed", {});
}

door::door() {
  const char* parent = std::getenv("RINGFILES_TEST_DIR");
  std::string pattern = parent != nullptr ? parent : std::filesystem::temp_directory_path();
  pattern += "/ringfiles-asio-XXXXXX";
  if (::mkdtemp(pattern.data()) != nullptr) folder_ = pattern;
}

door::~door() {
  context.reset();
  std::filesystem::remove_all(folder_);
}

std::string door::fresh_path() { return folder_ / std::to_string(++names_); }

std::string door::holding(std::string_view content) {
  std::string path = fresh_path();
  std::ofstream(path, std::ios::binary) << content;
  return path;
}

std::string door::fifo() {
  std::string path = fresh_path();
  EXPECT_EQ(::mkfifo(path.c_str(), 0600), 0);
  return path;
}

void door::run() {
  context->restart();
  context->run();
}

void door::run_until(const std::function<bool()>& done) {
  const auto deadline = std::chrono::steady_clock::now() + 10s;
  context->restart();
  while (!done() && std::chrono::steady_clock::now() < deadline) {
    if (context->stopped()) context->restart();
    context->run_one_for(10ms);
  }
  EXPECT_TRUE(done()) << "not within 10 s";
}

file door::opened(const std::string& path, std::string_view mode) {
  auto result = open(engine_of(*context), path, mode)(asio::use_future);
  run();
  return result.get();
}

}  // namespace ringfiles::asio_tests
