// Faults injected through the table of system calls.
#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <ringfiles/ringfiles.hpp>
#include <string>

#include "sys/calls.hpp"

namespace ringfiles {
namespace {

int calls = 0;

/// A file of its own for each test; puts the kernel's calls back.
class sys_calls : public testing::TestWithParam<backend_kind> {
 protected:
  sys_calls() {
    char pattern[] = "/tmp/ringfiles-sys-XXXXXX";
    ::close(::mkstemp(pattern));
    path_ = pattern;
    calls = 0;
  }
  ~sys_calls() override {
    sys::table = sys::kernel_table();
    ::unlink(path_.c_str());
  }

  template <class T>
  T run_here(task<T> work) {
    engine here({.backend = GetParam(), .memory = nullptr});
    return run(here, std::move(work));
  }

  std::string path_;
};

task<std::string> write_then_read(std::string path, std::string content) {
  auto out = co_await open(path, "wb");
  co_await out.write(std::string_view(content));
  co_await out.close();
  auto in = co_await open(path, "rb");
  co_return co_await in.read();
}

bool every_third() { return ++calls % 3 != 0; }

TEST_P(sys_calls, InterruptedCallsAreRepeated) {
  sys::table.preadv2 = [](int fd, const iovec* parts, int count, off_t at, int flags) {
    if (every_third()) return errno = EINTR, ssize_t{-1};
    return sys::kernel_table().preadv2(fd, parts, count, at, flags);
  };
  sys::table.pwritev2 = [](int fd, const iovec* parts, int count, off_t at, int flags) {
    if (every_third()) return errno = EINTR, ssize_t{-1};
    return sys::kernel_table().pwritev2(fd, parts, count, at, flags);
  };
  EXPECT_EQ(run_here(write_then_read(path_, "a text")), "a text");
  EXPECT_GT(calls, 3);
}

TEST_P(sys_calls, ShortTransfersAreGoneOnWith) {
  sys::table.preadv2 = [](int fd, const iovec* parts, int, off_t at, int flags) {
    const iovec cut{parts->iov_base, std::min<std::size_t>(parts->iov_len, 7)};
    return sys::kernel_table().preadv2(fd, &cut, 1, at, flags);
  };
  sys::table.pwritev2 = [](int fd, const iovec* parts, int, off_t at, int flags) {
    const iovec cut{parts->iov_base, std::min<std::size_t>(parts->iov_len, 5)};
    return sys::kernel_table().pwritev2(fd, &cut, 1, at, flags);
  };
  const std::string content(1000, 'x');
  EXPECT_EQ(run_here(write_then_read(path_, content)), content);
}

TEST_P(sys_calls, RefusalsOfARegularFileAreAskedAgain) {
  sys::table.preadv2 = [](int fd, const iovec* parts, int count, off_t at, int flags) {
    if (flags == 0 && every_third()) return errno = EAGAIN, ssize_t{-1};  // seen on XFS
    if (flags != 0) return errno = EAGAIN, ssize_t{-1};                   // nothing is cached
    return sys::kernel_table().preadv2(fd, parts, count, at, flags);
  };
  EXPECT_EQ(run_here(write_then_read(path_, "a text")), "a text");
}

TEST_P(sys_calls, UnknownFlagFallsBackForGood) {
  sys::table.openat2 = [](const char*, int, mode_t, std::uint64_t) {
    return errno = ENOSYS, -1L;  // before Linux 5.6, or filtered
  };
  EXPECT_EQ(run_here(write_then_read(path_, "a text")), "a text");
}

TEST_P(sys_calls, InterruptedCloseHasClosed) {
  sys::table.close = [](int fd) {
    ++calls;
    ::close(fd);
    return errno = EINTR, -1;
  };
  EXPECT_EQ(run_here(write_then_read(path_, "a text")), "a text");
  EXPECT_GT(calls, 0);
}

TEST_P(sys_calls, FailedSyncIsFinal) {
  sys::table.fsync = [](int) { return ++calls == 1 ? (errno = EIO, -1) : 0; };
  const bool ring = GetParam() == backend_kind::uring;
  if (ring)
    GTEST_SKIP() << "a sync through the ring is no system call: ringfiles_fault_tests has it";
  run_here([](std::string path) -> task<> {
    auto file = co_await open(path, "wb");
    co_await file.write("x");
    for (int i = 0; i < 3; ++i) {
      try {
        co_await file.sync();
        ADD_FAILURE() << "sync " << i << " succeeded";
      } catch (const error& problem) {
        EXPECT_EQ(problem.number(), EIO);
        EXPECT_EQ(problem.operation(), "sync");
      }
    }
    EXPECT_EQ(calls, 1) << "the kernel was asked again: it would have said success";
    try {
      co_await file.close();
      ADD_FAILURE() << "close succeeded";
    } catch (const error& problem) {
      EXPECT_EQ(problem.number(), EIO);
    }
    EXPECT_FALSE(file.is_open());
  }(path_));
}

INSTANTIATE_TEST_SUITE_P(back_ends, sys_calls,
                         testing::Values(backend_kind::threads, backend_kind::uring),
                         [](const auto& chosen) { return to_string(chosen.param); });

}  // namespace
}  // namespace ringfiles
