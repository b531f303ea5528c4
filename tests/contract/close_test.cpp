// Closing: what it waits for, what it refuses, what it reports, and files that nobody closed.
#include <filesystem>

#include "fixture.hpp"

namespace ringfiles::contract {
namespace {

class closing : public suite {
 protected:
  std::size_t open_descriptors() const;
};
CONTRACT_FOR_ALL(closing);

std::size_t closing::open_descriptors() const {
  if (!on_kernel()) return const_cast<closing*>(this)->memory()->open_files();
  std::size_t count = 0;
  std::error_code failed;
  for (const auto& entry : std::filesystem::directory_iterator("/proc/self/fd")) {
    const auto target = std::filesystem::read_symlink(entry.path(), failed);
    count += !failed && target.string().starts_with(path("")) ? 1 : 0;
  }
  return count;
}

TEST_P(closing, CallsAfterCloseAreRefused) {
  put("a", "text");
  run([&]() -> task<> {
    file f = co_await open("a", "r+b");
    co_await f.close();
    EXPECT_FALSE(f.is_open());
    EXPECT_EQ(f.native_handle(), -1);
    std::string into(4, '?');
    const auto span = std::as_writable_bytes(std::span(into));
    const std::string a = path("a");
    co_await expect_error(f.read(), EBADF, "read", a);
    co_await expect_error(f.read_some(1), EBADF, "read_some", a);
    co_await expect_error(f.readline(), EBADF, "readline", a);
    co_await expect_error(f.next_lines(), EBADF, "next_lines", a);
    co_await expect_error(f.readlines(), EBADF, "readlines", a);
    co_await expect_error(f.readinto(span), EBADF, "readinto", a);
    co_await expect_error(f.write("x"), EBADF, "write", a);
    co_await expect_error(f.seek(0), EBADF, "seek", a);
    co_await expect_error(f.tell(), EBADF, "tell", a);
    co_await expect_error(f.truncate(0), EBADF, "truncate", a);
    co_await expect_error(f.flush(), EBADF, "flush", a);
    co_await expect_error(f.sync(), EBADF, "sync", a);
    co_await expect_error(f.sync_data(), EBADF, "sync_data", a);
    co_await expect_error(f.read_at(0, 1), EBADF, "read_at", a);
    co_await expect_error(f.read_at(0, span), EBADF, "read_at", a);
    co_await expect_error(f.write_at(0, "x"), EBADF, "write_at", a);
    const auto failure = co_await error_of(f.read());
    EXPECT_TRUE(failure && failure->code() == errc::closed);
  });
}

TEST_P(closing, ASecondCloseDoesNothing) {
  put("a", "text");
  run([&]() -> task<> {
    file f = co_await open("a", "r");
    co_await f.close();
    co_await f.close();
    file g = co_await open("a", "r");
    std::vector<begun<void>> closes;
    for (int i = 0; i < 3; ++i) closes.push_back(begin(g.close()));
    co_await g.close();
    for (auto& each : closes) each.take();
  });
  EXPECT_EQ(open_descriptors(), 0U);
}

TEST_P(closing, AFileThatWasNeverOpenedIsClosed) {
  file none;
  EXPECT_FALSE(none.is_open());
  EXPECT_THROW(static_cast<void>(none.read()), error);
  put("a", "text");
  file f = opened("a", "r");
  file moved = std::move(f);
  EXPECT_TRUE(moved.is_open());
  EXPECT_THROW(static_cast<void>(f.read()), error);
}

TEST_P(closing, CallsMadeBeforeCloseAreServed) {
  put("a", pattern(1'000'000));
  run([&]() -> task<> {
    file f = co_await open("a", "r+b");
    std::vector<begun<std::string>> at_places;
    for (std::uint64_t i = 0; i < 50; ++i)
      at_places.push_back(begin(f.read_at(i * 20'000, 20'000)));
    auto cursor = begin(f.read(500'000));
    auto written = begin(f.write(std::string(300'000, 'x')));
    auto closed = begin(f.close());
    auto late = begin(f.read(1));
    auto late_at = begin(f.read_at(0, 1));
    co_await f.close();
    for (std::uint64_t i = 0; i < 50; ++i)
      EXPECT_BYTES(at_places[i].take(), pattern(20'000, i * 20'000));
    EXPECT_BYTES(cursor.take(), pattern(500'000));
    EXPECT_EQ(written.take(), 300'000U);
    closed.take();
    EXPECT_EQ(late.number(), EBADF);
    EXPECT_EQ(late_at.number(), EBADF);
  });
  EXPECT_BYTES(get("a"), pattern(500'000) + std::string(300'000, 'x') + pattern(200'000, 800'000));
}

TEST_P(closing, AHandleThatIsDroppedWritesWhatItHolds) {
  const std::string large = pattern(2'000'000);
  run([&]() -> task<> {
    {
      file small = co_await open("small", "w");
      co_await small.write("buffered");
    }
    file many = co_await open("many", "wb");
    for (std::size_t at = 0; at < large.size(); at += 50'000)
      co_await many.write(large.substr(at, 50'000));
  });
  EXPECT_TRUE(crank_until([&] { return loop().idle(); }));
  EXPECT_EQ(get("small"), "buffered");
  EXPECT_BYTES(get("many"), large);
  EXPECT_EQ(open_descriptors(), 0U);
}

TEST_P(closing, AssigningAnotherFileDropsTheHandle) {
  put("b", "b");
  run([&]() -> task<> {
    file f = co_await open("a", "w");
    co_await f.write("kept");
    f = co_await open("b", "r");
    EXPECT_EQ(co_await f.read(), "b");
    f = file();
  });
  EXPECT_TRUE(crank_until([&] { return loop().idle(); }));
  EXPECT_EQ(get("a"), "kept");
  EXPECT_EQ(open_descriptors(), 0U);
}

TEST_P(closing, AHandleMayBeDroppedWhileItsCallsRun) {
  put("a", pattern(1'000'000));
  begun<std::string> reading = [&] {
    file f = opened("a", "rb");
    return begin(f.read());
  }();
  EXPECT_TRUE(crank_until([&] { return reading.done() && loop().idle(); }));
  EXPECT_BYTES(reading.take(), pattern(1'000'000));
  EXPECT_EQ(open_descriptors(), 0U);
}

TEST_P(closing, WhatAnEngineLeavesBehindIsStillWritten) {
  const std::string large = pattern(3'000'000);
  run([&]() -> task<> {
    file dropped = co_await open("dropped", "wb");
    for (std::size_t at = 0; at < large.size(); at += 60'000)
      co_await dropped.write(large.substr(at, 60'000));
  });
  file kept = opened("kept", "wb");
  run([&]() -> task<> { co_await kept.write("buffered"); });
  end_engine();
  EXPECT_BYTES(get("dropped"), large);
  kept = file();
  EXPECT_EQ(get("kept"), "buffered");
  EXPECT_EQ(open_descriptors(), 0U);
}

TEST_P(closing, ClosingManyFilesAtOnce) {
  std::vector<file> files;
  for (int i = 0; i < 300; ++i) files.push_back(opened("f" + std::to_string(i), "w"));
  run([&]() -> task<> {
    for (auto& f : files) co_await f.write("x");
    std::vector<begun<void>> closes;
    for (auto& f : files) closes.push_back(begin(f.close()));
    for (auto& f : files) co_await f.close();
    for (auto& each : closes) each.take();
  });
  for (int i = 0; i < 300; ++i) EXPECT_EQ(get("f" + std::to_string(i)), "x");
  EXPECT_EQ(open_descriptors(), 0U);
}

// ---- What a delayed write met. /dev/full accepts nothing; in memory a fault is scripted.
// ---------

class delayed_errors : public suite {
 protected:
  file full_device() {
    if (on_kernel()) return opened_device();
    file f = opened("a", "wb");
    memory()->fail(opcode::write, ENOSPC, 1, 1'000'000);
    return f;
  }
  std::string name() const { return on_kernel() ? "/dev/full" : path("a"); }

 private:
  file opened_device() {
    return ringfiles::run(
        loop(), [&]() -> task<file> { co_return co_await ringfiles::open("/dev/full", "wb"); }());
  }
};
CONTRACT_FOR_ALL(delayed_errors);

TEST_P(delayed_errors, AreReportedByFlush) {
  file f = full_device();
  run([&]() -> task<> {
    co_await f.write("taken");
    co_await expect_error(f.flush(), ENOSPC, "flush", name());
    co_await expect_error(f.flush(), ENOSPC, "flush", name());
    co_await error_of(f.close());
  });
}

TEST_P(delayed_errors, AreReportedByCloseAndTheFileIsClosed) {
  file f = full_device();
  run([&]() -> task<> {
    co_await f.write("taken");
    co_await expect_error(f.close(), ENOSPC, "close", name());
    EXPECT_FALSE(f.is_open());
    co_await f.close();
    co_await expect_error(f.write("x"), EBADF, "write", name());
  });
}

TEST_P(delayed_errors, OfALargeWriteAreItsOwn) {
  file f = full_device();
  run([&]() -> task<> {
    co_await expect_error(f.write(std::string(3'000'000, 'x')), ENOSPC, "write", name());
    co_await error_of(f.close());
  });
}

TEST_P(delayed_errors, AreReportedByALaterWrite) {
  file f = full_device();
  run([&]() -> task<> {
    std::optional<error> failure;
    for (int i = 0; i < 10'000 && !failure; ++i)
      failure = co_await error_of(f.write(std::string(1000, 'x')));
    EXPECT_TRUE(failure && failure->number() == ENOSPC && failure->operation() == "write");
    co_await error_of(f.close());
  });
}

TEST_P(delayed_errors, DoNotHangADroppedFile) {
  {
    file f = full_device();
    run([&]() -> task<> { co_await f.write("lost"); });
  }
  EXPECT_TRUE(crank_until([&] { return loop().idle(); }));
}

}  // namespace
}  // namespace ringfiles::contract
