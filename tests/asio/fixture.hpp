// The language of the tests of the Asio door.
//
//   TEST_F(tokens, UseFutureGetsTheValue) {
//     auto file = opened(holding("text"));
//     auto text = file.read()(asio::use_future);
//     run();
//     EXPECT_EQ(text.get(), "text");
//   }
//
// `slow_file` is a FIFO whose other end the test holds: a read of it waits for as long as the test
// likes, without a clock.
#pragma once

#include <gtest/gtest.h>

#include <boost/asio.hpp>
#include <chrono>
#include <exception>
#include <filesystem>
#include <functional>
#include <optional>
#include <ringfiles/asio.hpp>
#include <ringfiles/ringfiles.hpp>
#include <string>
#include <string_view>
#include <utility>

namespace ringfiles::asio_tests {

namespace asio = boost::asio;
using namespace std::chrono_literals;
using asio::use_awaitable;

#if defined(__has_feature)
inline constexpr bool with_tsan = __has_feature(thread_sanitizer);
#else
inline constexpr bool with_tsan = false;
#endif

/// The other end of a FIFO.
class fifo_end {
 public:
  explicit fifo_end(const std::string& path);
  fifo_end(fifo_end&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  ~fifo_end();
  void write(std::string_view bytes) const;
  /// What is in it at the moment.
  std::string read() const;
  /// Fills it, so that whoever writes next has to wait.
  void fill() const;

 private:
  int fd_;
};

std::string read_whole(const std::string& path);

/// The failure in `failure`, which must be a ringfiles::error.
error error_in(const std::exception_ptr& failure);

/// What a handler was called with.
template <class T>
struct outcome {
  bool called = false;
  std::exception_ptr failure;
  std::optional<T> value;

  auto handler() {
    return [this](std::exception_ptr failed, T got) {
      called = true;
      failure = std::move(failed);
      value = std::move(got);
    };
  }
  std::error_code code() const { return failure ? error_in(failure).code() : std::error_code(); }
};

class door : public testing::Test {
 protected:
  door();
  ~door() override;

  /// A path that does not exist yet.
  std::string fresh_path();
  /// A file of this content; its path.
  std::string holding(std::string_view content);
  std::string fifo();

  /// Runs the context until it has nothing left to do.
  void run();
  /// Runs what is ready, until `done` says so; fails when it does not within 10 s.
  void run_until(const std::function<bool()>& done);

  /// Runs a coroutine to its end and gives what it returned.
  template <class T>
  T run(asio::awaitable<T> work) {
    auto result = asio::co_spawn(*context, std::move(work), asio::use_future);
    run();
    return result.get();
  }

  file opened(const std::string& path, std::string_view mode = "r");
  statistics stats() { return engine_of(*context).stats(); }

  std::optional<asio::io_context> context{std::in_place};

 private:
  std::filesystem::path folder_;
  int names_ = 0;
};

}  // namespace ringfiles::asio_tests
