// Defects that injected faults have found, one test each.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>

#include "backend/device.hpp"
#include "faults/trial.hpp"
#include "faults/watchdog.hpp"
#include "sys/calls.hpp"

namespace ringfiles::faults {
namespace {

class found : public ::testing::Test {
 protected:
  found() : on_(backend_kind::threads, place::memory), limit_("a defect that was mended") {}
  ~found() override { stop_playing(); }

  std::string path(const std::string& name) const { return on_.folder() + "/" + name; }

  /// What the call fails with; 0: it does not.
  template <class T>
  int number_of(operation<T> call) {
    auto work = [](operation<T> made, int& number) -> task<> {
      try {
        co_await std::move(made);
      } catch (const error& failure) {
        number = failure.number();
      }
    };
    int number = 0;
    const engine::scope current(on_.loop());
    ringfiles::run(on_.loop(), work(std::move(call), number));
    return number;
  }
  int replace(const std::string& name) {
    return number_of(write_bytes(path(name), "content", {.atomic = true}));
  }
  std::size_t files() const {
    const std::filesystem::directory_iterator all(on_.folder());
    return static_cast<std::size_t>(std::distance(begin(all), end(all)));
  }

  stage on_;
  watchdog limit_;
};

// It took a file of which it could learn nothing for one that somebody had removed, and went on to
// the next name, for ever.
TEST_F(found, ATemporaryFileThatCannotBeLookedAtFailsTheWrite) {
  play({.where = call::statx, .number = EIO, .first = 1, .count = for_ever}, place::memory);
  const std::size_t before = files();
  EXPECT_EQ(replace("a"), EIO);
  EXPECT_EQ(files(), before) << "it is not left behind";
}

TEST_F(found, NamesForTemporaryFilesAreTriedWithABound) {
  play({.where = call::open, .number = EEXIST, .first = 1, .count = for_ever}, place::memory);
  EXPECT_EQ(replace("a"), EEXIST);
}

TEST_F(found, AWriteOfAWholeFileThatMovesNothingFails) {
  play({.where = call::pwritev2, .how = harm::moves_nothing, .first = 1, .count = for_ever},
       place::memory);
  EXPECT_EQ(replace("a"), EIO);
  EXPECT_EQ(number_of(write_bytes(path("b"), "content")), EIO);
}

// One fstatfs(2) without memory made the device a remote one, and slow, until the process ended.
TEST_F(found, ADeviceThatCouldNotBeAskedOnceIsAskedAgain) {
  play({.where = call::fstatfs, .number = ENOMEM, .first = 1}, place::memory);
  EXPECT_EQ(number_of(ringfiles::open(on_.loop(), path("a"), "w")), 0);
  EXPECT_EQ(harmed(), 1U);
  sys::file_facts facts;
  ASSERT_EQ(sys::facts_at(path("a").c_str(), facts), 0);
  EXPECT_EQ(backend::known_device(facts.device), nullptr);
  EXPECT_EQ(number_of(ringfiles::open(on_.loop(), path("a"), "r")), 0);
  const backend::device* known = backend::known_device(facts.device);
  ASSERT_NE(known, nullptr);
  EXPECT_EQ(known->kind, backend::device_kind::memory);
}

// It took the position for 0: a write there went over what was in front of it.
TEST_F(found, ADescriptorThatCannotTellItsPositionIsNotAdopted) {
  const int fd = ::open(path("a").c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  play({.where = call::lseek, .number = EOVERFLOW, .first = 1}, place::memory);
  try {
    static_cast<void>(adopt(on_.loop(), fd, "r+b", {.path = "a"}));
    ADD_FAILURE() << "adopted";
  } catch (const error& failure) {
    EXPECT_EQ(failure.number(), EOVERFLOW);
    EXPECT_EQ(failure.operation(), "adopt");
  }
  EXPECT_EQ(::close(fd), 0) << "it stays open, and its owner's";
}

// The loop would have waited for it.
TEST_F(found, APipeThatCannotBeMadeNonBlockingIsNotAdopted) {
  int ends[2];
  ASSERT_EQ(::pipe2(ends, O_CLOEXEC), 0);
  play({.where = call::fcntl, .number = EPERM, .first = 1, .count = for_ever}, place::memory);
  EXPECT_THROW(static_cast<void>(adopt(on_.loop(), ends[0], "rb", {.path = "pipe"})), error);
  EXPECT_EQ(::close(ends[0]), 0);
  EXPECT_EQ(::close(ends[1]), 0);
}

// Nothing would have woken it, had the kernel had no room for what it watches (epoll_ctl(2)).
class new_engine : public found {
 protected:
  /// Each of the descriptors that an engine needs is refused; it says so and leaves none open.
  void expect_refused(int number, const char* what) {
    const std::size_t before = open_descriptors();
    try {
      const engine made({.backend = backend_kind::threads, .memory = nullptr});
      ADD_FAILURE() << what << " failed, and nobody was told";
    } catch (const error& failure) {
      EXPECT_EQ(failure.number(), number);
      EXPECT_EQ(failure.operation(), "engine");
      EXPECT_EQ(failure.hint(), what);
    }
    EXPECT_EQ(open_descriptors(), before);
    sys::table = sys::kernel_table();
  }
};

TEST_F(new_engine, IsRefusedWithoutItsDescriptors) {
  sys::table.eventfd = [] { return errno = EMFILE, -1; };
  expect_refused(EMFILE, "eventfd");
  sys::table.epoll_create = [] { return errno = ENFILE, -1; };
  expect_refused(ENFILE, "epoll_create1");
  sys::table.timerfd_create = [] { return errno = ENOMEM, -1; };
  expect_refused(ENOMEM, "timerfd_create");
}

TEST_F(new_engine, IsRefusedWhereNothingCanBeWatched) {
  sys::table.epoll_ctl = [](int, int, int, epoll_event*) { return errno = ENOSPC, -1; };
  expect_refused(ENOSPC, "epoll_ctl");
}

}  // namespace
}  // namespace ringfiles::faults
