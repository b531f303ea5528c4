// Files whose engine has ended: every call fails at once, and a close still closes.
#include <sys/stat.h>
#include <unistd.h>

#include <thread>

#include "fixture.hpp"
#include "owned.hpp"

namespace ringfiles::contract {
namespace {

/// A hung call is to fail its test, and not to hang it.
constexpr auto patience = 5s;

class without_engine : public suite {
 protected:
  /// Runs on an engine that has nothing to do with the files.
  template <class Body>
  void run_elsewhere(Body body) {
    engine other(options());
    ringfiles::run(other, body());
  }
  template <class T>
  task<> expect_refusal(operation<T> call, std::string name, std::string path,
                        std::source_location at = std::source_location::current()) {
    const auto line = std::to_string(at.line());
    const auto failure = co_await error_of(std::move(call).within(patience));
    EXPECT_TRUE(failure.has_value()) << name << " in line " << line;
    if (!failure) co_return;
    EXPECT_EQ(failure->code(), errc::engine_ended) << failure->what() << " in line " << line;
    EXPECT_EQ(failure->operation(), name);
    EXPECT_EQ(failure->path(), path);
  }
  task<> close(file& f) { co_await f.close().within(patience); }
};
CONTRACT_FOR_ALL(without_engine);

TEST_P(without_engine, EveryCallFailsAtOnce) {
  put("a", "text");
  file f = opened("a", "r+b");
  auto opening = open("b", "w");
  end_engine();
  EXPECT_TRUE(f.is_open());
  run_elsewhere([&]() -> task<> {
    std::string into(4, '?');
    const auto span = std::as_writable_bytes(std::span(into));
    const std::string a = path("a");
    co_await expect_refusal(f.read(), "read", a);
    co_await expect_refusal(f.read_some(1), "read_some", a);
    co_await expect_refusal(f.readline(), "readline", a);
    co_await expect_refusal(f.next_lines(), "next_lines", a);
    co_await expect_refusal(f.readlines(), "readlines", a);
    co_await expect_refusal(f.readinto(span), "readinto", a);
    co_await expect_refusal(f.write("x"), "write", a);
    co_await expect_refusal(f.write(std::string(3'000'000, 'x')), "write", a);
    co_await expect_refusal(f.seek(0), "seek", a);
    co_await expect_refusal(f.tell(), "tell", a);
    co_await expect_refusal(f.truncate(0), "truncate", a);
    co_await expect_refusal(f.flush(), "flush", a);
    co_await expect_refusal(f.sync(), "sync", a);
    co_await expect_refusal(f.sync_data(), "sync_data", a);
    co_await expect_refusal(f.read_at(0, 1), "read_at", a);
    co_await expect_refusal(f.read_at(0, span), "read_at", a);
    co_await expect_refusal(f.write_at(0, "x"), "write_at", a);
    co_await expect_refusal(std::move(opening), "open", path("b"));
    EXPECT_TRUE(f.is_open());
    co_await close(f);
    co_await expect_error(f.read(), EBADF, "read", a);
    const auto failure = co_await error_of(f.read());
    EXPECT_TRUE(failure && failure->code() == errc::closed);
  });
  EXPECT_EQ(get("a"), "text");
  EXPECT_EQ(get("b"), std::nullopt);
}

TEST_P(without_engine, WhatIsInMemoryIsNotServed) {
  put("a", "one\ntwo\n");
  file f = opened("a", "r+");
  run([&]() -> task<> { EXPECT_EQ(co_await f.readline(), "one\n"); });
  end_engine();
  run_elsewhere([&]() -> task<> {
    co_await expect_refusal(f.readline(), "readline", path("a"));
    co_await expect_refusal(f.write("x"), "write", path("a"));
    co_await expect_refusal(f.tell(), "tell", path("a"));
    co_await close(f);
  });
  EXPECT_EQ(get("a"), "one\ntwo\n");
}

TEST_P(without_engine, CloseWritesWhatIsBuffered) {
  file f = opened("a", "w");
  run([&]() -> task<> { co_await f.write("buffered"); });
  end_engine();
  EXPECT_EQ(get("a"), "");
  run_elsewhere([&]() -> task<> {
    co_await close(f);
    EXPECT_FALSE(f.is_open());
    co_await close(f);  // a second one does nothing
  });
  EXPECT_EQ(get("a"), "buffered");
}

TEST_P(without_engine, CloseReportsWhatItMeets) {
  const std::string name = on_kernel() ? "/dev/full" : path("a");
  file f = run([&]() -> task<file> { co_return co_await ringfiles::open(name, "wb"); });
  if (!on_kernel()) memory()->fail(opcode::write, ENOSPC, 1, 1'000'000);
  run([&]() -> task<> { co_await f.write("lost"); });
  end_engine();
  run_elsewhere([&]() -> task<> {
    co_await expect_error(f.close().within(patience), ENOSPC, "close", name);
    EXPECT_FALSE(f.is_open());
  });
}

TEST_P(without_engine, CloseComesBeforeCoroutinesThatStillWait) {
  put("a", pattern(4'000'000));
  make_cold("a");
  file f = opened("a", "rb");
  std::vector<owned> waiting;
  const auto read = [](operation<std::string> call) -> owned {
    static_cast<void>(co_await std::move(call));
  };
  waiting.push_back(read(f.read()));
  waiting.push_back(read(f.read_at(3'000'000, 100'000)));
  waiting.push_back(read(f.read().within(1h)));
  end_engine();
  run_elsewhere([&]() -> task<> {
    co_await close(f);
    EXPECT_FALSE(f.is_open());
  });
  waiting.clear();
}

class streams_without_engine : public without_engine {};
CONTRACT_FOR_KERNEL(streams_without_engine);

TEST_P(streams_without_engine, FailAtOnceAndClose) {
  int ends[2];
  ASSERT_EQ(::pipe(ends), 0);
  file reader = adopt(loop(), ends[0], "rb");
  file writer = adopt(loop(), ends[1], "wb");
  run([&]() -> task<> { co_await writer.write("accepted"); });
  const int other_reader = ::dup(ends[0]);
  end_engine();
  run_elsewhere([&]() -> task<> {
    co_await expect_refusal(reader.read(1), "read", "");
    co_await expect_refusal(writer.write("x"), "write", "");
    co_await close(writer);
    co_await close(reader);
  });
  char seen[16];
  EXPECT_EQ(::read(other_reader, seen, sizeof seen), 8);
  EXPECT_EQ(::read(other_reader, seen, sizeof seen), 0) << "no other writer is left";
  ::close(other_reader);
}

TEST_P(streams_without_engine, AFullOneHoldsNoCloseUp) {
  int ends[2];
  ASSERT_EQ(::pipe(ends), 0);
  file writer = adopt(loop(), ends[1], "wb");
  while (::write(ends[1], "full", 4) > 0) {
  }
  run([&]() -> task<> { co_await writer.write("lost"); });
  end_engine();
  run_elsewhere([&]() -> task<> {
    co_await expect_error(writer.close().within(patience), EAGAIN, "close", "");
    EXPECT_FALSE(writer.is_open());
  });
  ::close(ends[0]);
}

}  // namespace
}  // namespace ringfiles::contract
