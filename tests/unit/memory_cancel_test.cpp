// Cancels each call at each point at which it can wait, and lets what is in flight end afterwards
// in every order: the caller has control back at once, nothing is lost, doubled or leaked.
#include "memory_rig.hpp"

namespace ringfiles::testing {
namespace {

class cancelling : public ::testing::TestWithParam<order> {
 protected:
  /// `prepare(rig)` opens files without waiting; `call(files)` makes the operation; `verify(rig,
  /// files, ended)` looks at what is left, with nothing held any more.
  template <class Prepare, class Call, class Verify>
  void at_every_point(Prepare prepare, Call call, Verify verify) {
    std::size_t points = 0;
    for (bool complete = false; !complete && !HasFailure(); ++points) {
      SCOPED_TRACE("cancelled at held operation " + std::to_string(points));
      complete = cancel_at(points, prepare, call, verify);
      ASSERT_LT(points, 1000U);
    }
    cancelled_ += points;
  }

  std::mt19937_64 random_{20'26};
  std::size_t cancelled_ = 0;

 private:
  /// True if the call had ended before its `point`-th operation.
  template <class Prepare, class Call, class Verify>
  bool cancel_at(std::size_t point, Prepare prepare, Call call, Verify verify) {
    memory_rig rig;
    auto files = prepare(rig);
    rig.hold_everything();
    std::stop_source stop;
    auto running = begin(call(files).stopped_by(stop.get_token()));
    rig.crank();
    for (std::size_t i = 0; i < point && !running.done() && rig.disk->release(); ++i) rig.crank();
    const bool complete = running.done();
    stop.request_stop();
    rig.crank();
    EXPECT_TRUE(running.done()) << "the caller has control back";
    if (!complete) EXPECT_EQ(running.number(), ECANCELED);
    rig.let_go(GetParam(), random_);
    verify(rig, files, running);
    files.clear();
    rig.crank();
    EXPECT_EQ(rig.disk->open_files(), 0U);
    EXPECT_TRUE(rig.loop->idle());
    EXPECT_EQ(rig.loop->stats().parked, 0U);
    EXPECT_EQ(rig.loop->stats().parked_bytes, 0U);
    return complete;
  }
};
INSTANTIATE_TEST_SUITE_P(released, cancelling,
                         ::testing::Values(order::forward, order::backward, order::random),
                         [](const auto& each) {
                           constexpr const char* names[] = {"forward", "backward", "random"};
                           return names[static_cast<std::size_t>(each.param)];
                         });

using file_list = std::vector<file>;

file_list one(file f) {
  file_list files;
  files.push_back(std::move(f));
  return files;
}

// ---- Reads: delivered or still there ---------------------------------------------------------

const std::string& lines_of_text() {
  static const std::string text = [] {
    std::string made;
    for (int i = 0; made.size() < 400'000; ++i)
      made += std::to_string(i) + std::string(static_cast<std::size_t>(i) % 300, 'l') + "€\n";
    return made;
  }();
  return text;
}

class cancelled_reads : public cancelling {
 protected:
  /// `bytes(value)`: what the call delivered.
  template <class Call, class Bytes>
  void lose_nothing(const std::string& mode, Call call, Bytes bytes) {
    at_every_point(
        [&](memory_rig& rig) {
          rig.disk->put("a", lines_of_text());
          return one(rig.opened("a", mode));
        },
        call,
        [&](memory_rig& rig, file_list& files, auto& ended) {
          std::string seen = ended.failed() ? std::string() : bytes(ended.take());
          rig.run([&]() -> task<> {
            const std::uint64_t at = co_await files[0].tell();
            EXPECT_EQ(at, seen.size());
            seen += co_await files[0].read();
          });
          EXPECT_TRUE(seen == lines_of_text()) << seen.size() << " bytes";
        });
    EXPECT_GE(cancelled_, 2U);
  }
};
INSTANTIATE_TEST_SUITE_P(released, cancelled_reads,
                         ::testing::Values(order::forward, order::backward, order::random),
                         [](const auto& each) {
                           constexpr const char* names[] = {"forward", "backward", "random"};
                           return names[static_cast<std::size_t>(each.param)];
                         });

std::string itself(std::string text) { return text; }

TEST_P(cancelled_reads, ReadOfAll) {
  lose_nothing("rb", [](file_list& f) { return f[0].read(); }, itself);
  lose_nothing("r", [](file_list& f) { return f[0].read(); }, itself);
}

TEST_P(cancelled_reads, ReadOfSome) {
  lose_nothing("rb", [](file_list& f) { return f[0].read(150'000); }, itself);
  lose_nothing("r", [](file_list& f) { return f[0].read(150'000); }, itself);
  lose_nothing("r", [](file_list& f) { return f[0].read_some(100'000); }, itself);
}

TEST_P(cancelled_reads, Readline) {
  lose_nothing("r", [](file_list& f) { return f[0].readline(); },
               [](std::optional<std::string> line) { return line.value_or(""); });
}

TEST_P(cancelled_reads, Readlines) {
  const auto joined = [](std::vector<std::string> lines) {
    std::string text;
    for (const auto& line : lines) text += line;
    return text;
  };
  lose_nothing("r", [](file_list& f) { return f[0].readlines(); }, joined);
  lose_nothing("rb", [](file_list& f) { return f[0].readlines(150'000); }, joined);
}

TEST_P(cancelled_reads, NextLines) {
  lose_nothing("r", [](file_list& f) { return f[0].next_lines(); },
               [](std::optional<lines> batch) { return std::string(batch->text()); });
}

TEST_P(cancelled_reads, Readinto) {
  static std::string into(150'000, '?');
  lose_nothing(
      "rb",
      [](file_list& f) { return f[0].readinto(std::as_writable_bytes(std::span(into))); },
      [](std::size_t count) { return into.substr(0, count); });
}

TEST_P(cancelling, PositionalReads) {
  const auto prepare = [](memory_rig& rig) {
    rig.disk->put("a", pattern(3'000'000));
    return one(rig.opened("a", "rb"));
  };
  static std::string into;
  at_every_point(
      prepare, [](file_list& f) { return f[0].read_at(7, 2'500'000); },
      [](memory_rig&, file_list&, auto& ended) {
        if (!ended.failed()) EXPECT_TRUE(ended.take() == pattern(2'500'000, 7));
      });
  at_every_point(
      prepare,
      [](file_list& f) {
        into.assign(2'500'000, '?');
        return f[0].read_at(7, std::as_writable_bytes(std::span(into)));
      },
      [](memory_rig&, file_list&, auto& ended) {
        if (!ended.failed()) EXPECT_TRUE(into == pattern(2'500'000, 7));
      });
}

TEST_P(cancelling, NothingIsWrittenToTheCallerAfterACancel) {
  for (const bool at_the_position : {false, true}) {
    memory_rig rig;
    rig.disk->put("a", pattern(3'000'000));
    file f = rig.opened("a", "rb");
    rig.hold_everything();
    std::string into(2'500'000, '?');
    std::stop_source stop;
    const auto span = std::as_writable_bytes(std::span(into));
    auto read = at_the_position ? f.readinto(span) : f.read_at(0, span);
    auto reading = begin(std::move(read).stopped_by(stop.get_token()));
    rig.crank();
    EXPECT_TRUE(rig.disk->release());  // one piece comes, the next is under way
    rig.crank();
    stop.request_stop();
    rig.crank();
    EXPECT_EQ(reading.number(), ECANCELED);
    const std::string then = into;
    rig.let_go(GetParam(), random_);
    EXPECT_TRUE(into == then) << (at_the_position ? "readinto" : "read_at");
  }
}

// ---- Writes: whole or not at all
// -----------------------------------------------------------------

class cancelled_writes : public cancelling {
 protected:
  template <class Call>
  void whole_or_not(const std::string& mode, const std::string& data, Call call) {
    at_every_point(
        [&](memory_rig& rig) {
          rig.disk->put("a", mode[0] == 'a' ? "head " : "");
          file f = rig.opened("a", mode, {.buffer_bytes = 4096});
          if (mode[0] != 'a') rig.run([&]() -> task<> { co_await f.write("head "); });
          return one(std::move(f));
        },
        call,
        [&](memory_rig& rig, file_list& files, auto& ended) {
          const bool happened = !ended.failed();
          rig.run([&]() -> task<> {
            co_await files[0].write("tail");
            co_await files[0].close();
          });
          const std::string content = rig.disk->get("a").value_or("");
          const std::string with = "head " + data + "tail";
          EXPECT_TRUE(content == with || (!happened && content == "head tail"))
              << content.size() << " bytes";
        });
  }
};
INSTANTIATE_TEST_SUITE_P(released, cancelled_writes,
                         ::testing::Values(order::forward, order::backward, order::random),
                         [](const auto& each) {
                           constexpr const char* names[] = {"forward", "backward", "random"};
                           return names[static_cast<std::size_t>(each.param)];
                         });

TEST_P(cancelled_writes, Small) {
  const std::string data = pattern(4000);
  whole_or_not("wb", data, [&](file_list& f) { return f[0].write(data); });
}

TEST_P(cancelled_writes, Large) {
  const std::string data = pattern(900'000);
  whole_or_not("wb", data, [&](file_list& f) { return f[0].write(data); });
  whole_or_not("ab", data, [&](file_list& f) { return f[0].write(data); });
  whole_or_not("ab", data, [&](file_list& f) { return f[0].write_at(0, data); });
}

TEST_P(cancelled_writes, AtAPlace) {
  const std::string data = pattern(900'000);
  at_every_point(
      [](memory_rig& rig) {
        rig.disk->put("a", std::string(1'000'000, 'o'));
        return one(rig.opened("a", "r+b"));
      },
      [&](file_list& f) { return f[0].write_at(50, data); },
      [&](memory_rig& rig, file_list&, auto& ended) {
        const std::string content = rig.disk->get("a").value_or("");
        const bool whole = content.substr(50, data.size()) == data;
        const bool untouched = content == std::string(1'000'000, 'o');
        EXPECT_TRUE(whole || (ended.failed() && untouched));
      });
}

// ---- Barriers
// ------------------------------------------------------------------------------------

TEST_P(cancelling, Barriers) {
  const auto prepare = [](memory_rig& rig) {
    file f = rig.opened("a", "w+b", {.buffer_bytes = 4096});
    rig.run([&]() -> task<> { co_await f.write(pattern(3000)); });
    return one(std::move(f));
  };
  const auto still_usable = [](memory_rig& rig, file_list& files, auto&) {
    rig.run([&]() -> task<> {
      co_await files[0].seek(0);
      EXPECT_TRUE(co_await files[0].read() == pattern(3000));
    });
  };
  at_every_point(prepare, [](file_list& f) { return f[0].flush(); }, still_usable);
  at_every_point(prepare, [](file_list& f) { return f[0].sync(); }, still_usable);
  at_every_point(prepare, [](file_list& f) { return f[0].sync_data(); }, still_usable);
  at_every_point(prepare, [](file_list& f) { return f[0].seek(0, whence::end); }, still_usable);
  at_every_point(prepare, [](file_list& f) { return f[0].truncate(3000); }, still_usable);
  EXPECT_GE(cancelled_, 12U);
}

TEST_P(cancelling, Closes) {
  at_every_point(
      [](memory_rig& rig) {
        file f = rig.opened("a", "wb", {.buffer_bytes = 4096});
        rig.run([&]() -> task<> { co_await f.write(pattern(3000)); });
        return one(std::move(f));
      },
      [](file_list& f) { return f[0].close(); },
      [](memory_rig& rig, file_list& files, auto&) {
        rig.run([&]() -> task<> { co_await files[0].close(); });
        EXPECT_FALSE(files[0].is_open());
        EXPECT_TRUE(rig.disk->get("a") == pattern(3000));
      });
}

TEST_P(cancelling, Opens) {
  for (const std::string mode : {"r", "r+", "w", "a", "x"}) {
    memory_rig* now = nullptr;
    at_every_point(
        [&](memory_rig& rig) {
          if (mode != "x") rig.disk->put("a", "text");
          now = &rig;
          return file_list();
        },
        [&](file_list&) { return ringfiles::open(*now->loop, "a", mode); },
        [&](memory_rig& rig, file_list&, auto& ended) {
          if (!ended.failed()) ended.take();
          rig.crank();
          EXPECT_EQ(rig.disk->open_files(), 0U);
        });
  }
}

// ---- Queues
// --------------------------------------------------------------------------------------

TEST_P(cancelling, WhoeverWaitsBehindComesNext) {
  for (std::size_t victim = 0; victim < 5; ++victim) {
    memory_rig rig;
    rig.disk->put("a", pattern(500'000));
    file f = rig.opened("a", "rb");
    rig.hold_everything();
    std::vector<std::stop_source> stops(5);
    std::vector<begun<std::string>> reads;
    for (std::size_t i = 0; i < 5; ++i)
      reads.push_back(begin(f.read(100'000).stopped_by(stops[i].get_token())));
    rig.crank();
    stops[victim].request_stop();
    rig.crank();
    EXPECT_TRUE(reads[victim].done());
    rig.let_go(GetParam(), random_);
    std::string seen;
    for (auto& read : reads) {
      EXPECT_TRUE(read.done());
      if (!read.failed()) seen += read.take();
    }
    EXPECT_TRUE(seen == pattern(400'000));
  }
}

TEST_P(cancelling, TheErrorOfAWriteThatWentOnIsReportedLater) {
  for (const bool at_a_place : {false, true}) {
    memory_rig rig;
    file f = rig.opened("a", "wb");
    rig.hold_everything();
    std::stop_source stop;
    auto write = at_a_place ? f.write_at(0, pattern(900'000)) : f.write(pattern(900'000));
    auto writing = begin(std::move(write).stopped_by(stop.get_token()));
    rig.crank();
    stop.request_stop();
    rig.crank();
    EXPECT_EQ(writing.number(), ECANCELED);
    rig.disk->fail(opcode::write, EIO);
    rig.let_go(GetParam(), random_);
    auto flushed = begin(f.flush());
    rig.crank();
    EXPECT_EQ(flushed.number(), EIO) << (at_a_place ? "write_at" : "write");
    auto again = begin(f.flush());
    rig.crank();
    EXPECT_EQ(again.number(), 0) << "once";
  }
}

}  // namespace
}  // namespace ringfiles::testing
