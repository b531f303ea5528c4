// Each call that writes, opens, moves or ends, cancelled at each point at which it can wait: it
// happened whole or not at all, the file is usable, and nothing is open or in flight afterwards.
#include <cerrno>
#include <utility>

#include "ringfiles/source.hpp"
#include "unit/memory_cancelling.hpp"

namespace ringfiles::testing {
namespace {

// ---- Writes: whole or not at all ----------------------------------------------------------------

class cancelled_writes : public cancelling {
 protected:
  template <class Call>
  void whole_or_not(const std::string& mode, const std::string& data, Call call) {
    SCOPED_TRACE("mode " + mode + ", " + std::to_string(data.size()) + " bytes");
    at_every_point(
        [&](memory_rig& rig) {
          rig.disk->put("a", mode[0] == 'a' ? "head " : "");
          file f = rig.opened("a", mode, {.buffer_bytes = 4096});
          if (mode[0] != 'a') rig.run([&]() -> task<> { co_await f.write("head "); });
          return one(std::move(f));
        },
        [&](memory_rig&, file_list& files) { return call(files[0]); },
        [&](memory_rig& rig, file_list& files, auto& ended) {
          const bool happened = ended.done() && !ended.failed();
          rig.run([&]() -> task<> {
            co_await files[0].write("tail");
            co_await files[0].close();
          });
          const std::string content = rig.disk->get("a").value_or("");
          EXPECT_TRUE(content == "head " + data + "tail" || (!happened && content == "head tail"))
              << content.size() << " bytes, and the call had " << (happened ? "" : "not ")
              << "ended well";
        });
  }
};
CANCELLED_IN_ALL_WAYS(cancelled_writes);

TEST_P(cancelled_writes, OfEachSize) {
  for (const std::string mode : {"wb", "w+b", "ab"}) {
    for (const std::size_t size : {10U, 4000U, 4096U, 9000U, 900'000U}) {
      const std::string data = pattern(size);
      whole_or_not(mode, data, [&](file& f) { return f.write(std::string_view(data)); });
      whole_or_not(mode, data, [&](file& f) { return f.write(std::string(data)); });
    }
  }
}

TEST_P(cancelled_writes, OfText) {
  std::string data;
  while (data.size() < 60'000) data += "a line with a € in it\n";
  for (const std::string mode : {"w", "a"})
    whole_or_not(mode, data, [&](file& f) { return f.write(std::string_view(data)); });
}

TEST_P(cancelled_writes, OfLines) {
  const std::vector<std::string> lines(3000, pattern(100));
  std::string data;
  for (const auto& line : lines) data += line;
  whole_or_not("wb", data, [&](file& f) { return f.writelines(lines); });
}

/// Portions of 64 KiB, and before each of them nothing yet.
class hesitant_source final : public source {
 public:
  explicit hesitant_source(std::string data) : data_(std::move(data)) {}
  bool next(std::string_view& portion) override {
    portion = {};
    if (!std::exchange(ready_, !ready_)) return true;
    portion = std::string_view(data_).substr(at_, 64 << 10);
    at_ += portion.size();
    return !portion.empty();
  }

 private:
  std::string data_;
  std::size_t at_ = 0;
  bool ready_ = false;
};

TEST_P(cancelled_writes, OfASource) {
  const std::string data = pattern(900'000);
  for (const std::string mode : {"wb", "ab"})
    whole_or_not(mode, data,
                 [&](file& f) { return write_from(f, std::make_unique<hesitant_source>(data)); });
}

TEST_P(cancelled_writes, OfASourceThatHasBegunBeforeItHasToWait) {
  memory_rig rig;
  file f = rig.opened("a", "wb", {.buffer_bytes = 4096});
  rig.hold_everything();
  const std::string data = pattern(900'000);
  std::stop_source stop;
  auto writing =
      begin(write_from(f, std::make_unique<hesitant_source>(data)).stopped_by(stop.get_token()));
  give_up(rig, writing, stop);
  rig.let_go(ordering(), random_);
  rig.run([&]() -> task<> { co_await f.close(); });
  EXPECT_EQ(rig.disk->get("a").value_or(""), data);
}

shared_bytes shared(const std::string& data) {
  auto owner = std::make_shared<const std::string>(data);
  const std::string_view bytes = *owner;
  return {std::move(owner), bytes};
}

TEST_P(cancelled_writes, AtThePlaceOfAnAppend) {
  const std::string data = pattern(900'000);
  const std::vector<std::string> parts(9, pattern(100'000));
  std::string joined;
  for (const auto& part : parts) joined += part;
  whole_or_not("ab", data, [&](file& f) { return f.write_at(0, data); });
  whole_or_not("ab", joined, [&](file& f) { return f.write_at(0, parts); });
  whole_or_not("ab", data, [&](file& f) { return f.write_at(0, shared(data)); });
}

TEST_P(cancelled_writes, AtAPlace) {
  const std::string before(1'000'000, 'o');
  const std::string data = pattern(900'000);
  const std::vector<std::string> parts{data.substr(0, 1), data.substr(1, 500'000),
                                       data.substr(500'001)};
  for (const int way : {0, 1, 2})
    at_every_point(
        [&](memory_rig& rig) {
          rig.disk->put("a", before);
          return one(rig.opened("a", "r+b"));
        },
        [&](memory_rig&, file_list& files) {
          return way == 0   ? files[0].write_at(50, data)
                 : way == 1 ? files[0].write_at(50, parts)
                            : files[0].write_at(50, shared(data));
        },
        [&](memory_rig& rig, file_list&, auto& ended) {
          const std::string content = rig.disk->get("a").value_or("");
          EXPECT_EQ(content.size(), before.size());
          const bool whole = content.substr(50, data.size()) == data;
          EXPECT_TRUE(whole || (!value_of(ended) && content == before));
        });
}

// The caller was told "cancelled" and cannot be told of the error: the next flush or close is.
TEST_P(cancelled_writes, TheErrorOfOneThatWentOnIsReportedLater) {
  for (const std::string mode : {"wb", "ab"})
    for (const bool at_a_place : {false, true}) {
      SCOPED_TRACE(mode + (at_a_place ? " write_at" : " write"));
      memory_rig rig;
      file f = rig.opened("a", mode);
      rig.hold_everything();
      const std::string data = pattern(900'000);
      std::stop_source stop;
      auto write = at_a_place ? f.write_at(0, data) : f.write(std::string_view(data));
      auto writing = begin(std::move(write).stopped_by(stop.get_token()));
      rig.crank();
      ASSERT_EQ(rig.disk->held(), 1U);
      give_up(rig, writing, stop);
      rig.disk->fail(opcode::write, EIO);
      rig.let_go(ordering(), random_);
      auto flushed = begin(f.flush());
      rig.crank();
      EXPECT_EQ(flushed.number(), EIO);
      auto again = begin(f.flush());
      rig.crank();
      EXPECT_TRUE(again.done());
      EXPECT_EQ(again.number(), 0) << "once";
      f = {};
      rig.expect_nothing_left();
    }
}

// ---- Barriers -----------------------------------------------------------------------------------

class cancelled_barriers : public cancelling {
 protected:
  /// Nothing that was written is lost, and the position is where it was or where the call put it.
  template <class Call>
  void keep_all(std::uint64_t moves_to, Call call) {
    at_every_point(
        [](memory_rig& rig) {
          file f = rig.opened("a", "w+b", {.buffer_bytes = 4096});
          rig.run([&]() -> task<> { co_await f.write(pattern(3000)); });
          return one(std::move(f));
        },
        [&](memory_rig&, file_list& files) { return call(files[0]); },
        [&](memory_rig& rig, file_list& files, auto& ended) {
          const bool happened = ended.done() && !ended.failed();
          rig.run([&]() -> task<> {
            const std::uint64_t at = co_await files[0].tell();
            EXPECT_TRUE(at == moves_to || (!happened && at == 3000)) << at;
            co_await files[0].seek(0);
            const std::string content = co_await files[0].read();
            EXPECT_TRUE(content == pattern(3000)) << content.size() << " bytes";
          });
        });
  }
};
CANCELLED_IN_ALL_WAYS(cancelled_barriers);

TEST_P(cancelled_barriers, FlushAndSync) {
  keep_all(3000, [](file& f) { return f.flush(); });
  keep_all(3000, [](file& f) { return f.sync(); });
  keep_all(3000, [](file& f) { return f.sync_data(); });
}

TEST_P(cancelled_barriers, SeekAndTell) {
  keep_all(3000, [](file& f) { return f.tell(); });
  keep_all(17, [](file& f) { return f.seek(17); });
  keep_all(2990, [](file& f) { return f.seek(-10, whence::current); });
  keep_all(2000, [](file& f) { return f.seek(-1000, whence::end); });
}

TEST_P(cancelled_barriers, Truncate) {
  keep_all(3000, [](file& f) { return f.truncate(3000); });
  keep_all(3000, [](file& f) { return f.truncate(); });
}

TEST_P(cancelled_barriers, TruncateHappensOrNot) {
  at_every_point(
      [](memory_rig& rig) {
        rig.disk->put("a", pattern(5000));
        return one(rig.opened("a", "r+b"));
      },
      [](memory_rig&, file_list& files) { return files[0].truncate(1000); },
      [](memory_rig& rig, file_list& files, auto& ended) {
        const std::string content = rig.disk->get("a").value_or("");
        EXPECT_TRUE(content == pattern(1000) || (!value_of(ended) && content == pattern(5000)));
        rig.run([&]() -> task<> { EXPECT_TRUE(co_await files[0].read() == content); });
      });
}

TEST_P(cancelled_barriers, Close) {
  for (const bool read_ahead : {false, true})
    at_every_point(
        [](memory_rig& rig) {
          file f = rig.opened("a", "w+b", {.buffer_bytes = 4096});
          rig.run([&]() -> task<> { co_await f.write(pattern(3000)); });
          return one(std::move(f));
        },
        [&](memory_rig&, file_list& files) {
          if (read_ahead) begin(files[0].read(1)).destroy();
          return files[0].close();
        },
        [](memory_rig& rig, file_list& files, auto&) {
          rig.run([&]() -> task<> { co_await files[0].close(); });
          EXPECT_FALSE(files[0].is_open());
          EXPECT_TRUE(rig.disk->get("a") == pattern(3000));
        });
}

// ---- Opens --------------------------------------------------------------------------------------

class cancelled_opens : public cancelling {};
CANCELLED_IN_ALL_WAYS(cancelled_opens);

TEST_P(cancelled_opens, InEachMode) {
  for (const std::string mode : {"r", "r+", "w", "w+", "a", "a+", "x", "x+"}) {
    at_every_point(
        [&](memory_rig& rig) {
          if (mode[0] != 'x') rig.disk->put("a", "text");
          return file_list();
        },
        [&](memory_rig& rig, file_list&) { return ringfiles::open(*rig.loop, "a", mode); },
        [](memory_rig& rig, file_list&, auto& ended) {
          EXPECT_EQ(rig.disk->open_files(), ended.done() && !ended.failed() ? 1U : 0U);
          static_cast<void>(value_of(ended));  // drops the file
        });
  }
}

TEST_P(cancelled_opens, OfWhatIsNotThere) {
  at_every_point(
      [](memory_rig&) { return file_list(); },
      [](memory_rig& rig, file_list&) { return ringfiles::open(*rig.loop, "b", "r"); },
      [](memory_rig&, file_list&, auto& ended) { EXPECT_TRUE(!ended.done() || ended.failed()); });
}

// ---- Queues -------------------------------------------------------------------------------------

class cancelled_in_a_queue : public cancelling {};
CANCELLED_IN_ALL_WAYS(cancelled_in_a_queue);

TEST_P(cancelled_in_a_queue, WhoeverWaitsBehindComesNext) {
  constexpr std::size_t count = 5;
  for (std::size_t victim = 0; victim < count; ++victim)
    for (std::size_t steps = 0; steps < 12; steps = next_place(steps)) {
      memory_rig rig;
      rig.disk->put("a", pattern(500'000));
      file f = rig.opened("a", "rb");
      start_serving(rig);
      std::vector<std::stop_source> stops(count);
      std::vector<begun<std::string>> reads;
      for (auto& stop : stops) reads.push_back(begin(f.read(100'000).stopped_by(stop.get_token())));
      for (std::size_t i = 0; i < steps; ++i) rig.step(ordering(), random_);
      give_up(rig, reads[victim], stops[victim]);
      rig.let_go(ordering(), random_);
      std::string seen;
      for (std::size_t i = 0; i < count; ++i) {
        const auto part = value_of(reads[i]);
        EXPECT_TRUE(part || i == victim) << i;
        seen += part.value_or("");
      }
      EXPECT_TRUE(seen == pattern(seen.size())) << seen.size() << " bytes";
      EXPECT_GE(seen.size(), 400'000U);
      f = {};
      rig.expect_nothing_left();
    }
}

TEST_P(cancelled_in_a_queue, OfWritesEachIsThereOnceOrNotAtAll) {
  constexpr std::size_t count = 5;
  for (std::size_t victim = 0; victim < count; ++victim)
    for (std::size_t steps = 0; steps < 12; steps = next_place(steps)) {
      memory_rig rig;
      file f = rig.opened("a", "wb", {.buffer_bytes = 4096});
      start_serving(rig);
      std::vector<std::stop_source> stops(count);
      std::vector<begun<std::size_t>> writes;
      for (std::size_t i = 0; i < count; ++i) {
        auto write = f.write(std::string(i % 2 == 0 ? 3000 : 20'000, static_cast<char>('0' + i)));
        writes.push_back(begin(std::move(write).stopped_by(stops[i].get_token())));
      }
      for (std::size_t i = 0; i < steps; ++i) rig.step(ordering(), random_);
      give_up(rig, writes[victim], stops[victim]);
      const bool happened = value_of(writes[victim]).has_value();
      rig.let_go(ordering(), random_);
      rig.run([&]() -> task<> { co_await f.close(); });
      std::string all_of_them, without;
      for (std::size_t i = 0; i < count; ++i) {
        const std::string part(i % 2 == 0 ? 3000 : 20'000, static_cast<char>('0' + i));
        all_of_them += part;
        if (i != victim) without += part;
      }
      const std::string content = rig.disk->get("a").value_or("");
      EXPECT_TRUE(content == all_of_them || (!happened && content == without)) << content.size();
      f = {};
      rig.expect_nothing_left();
    }
}

}  // namespace
}  // namespace ringfiles::testing
