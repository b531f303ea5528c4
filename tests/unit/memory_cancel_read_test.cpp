// Each way to read, cancelled at each point at which it can wait: the bytes were delivered or are
// still there, each once, and memory of a caller who is gone is not touched.
#include <cerrno>
#include <functional>

#include "unit/memory_cancelling.hpp"

namespace ringfiles::testing {
namespace {

using namespace std::string_literals;

const std::string& lines_of_text() {
  static const std::string text = [] {
    std::string made;
    for (int i = 0; made.size() < 300'000; ++i)
      made += std::to_string(i) + std::string(static_cast<std::size_t>(i) % 300, 'l') + "€\n";
    return made;
  }();
  return text;
}

std::string itself(std::string text) { return text; }
std::string line_or_nothing(std::optional<std::string> line) { return line.value_or(""); }
std::string batch_text(std::optional<lines> batch) {
  return batch ? std::string(batch->text()) : std::string();
}
std::string joined(std::vector<std::string> lines) {
  std::string text;
  for (const auto& line : lines) text += line;
  return text;
}

/// Text that is decoded before it is read: of the same bytes, so that positions can be compared.
const std::string through_a_decoder = "tr";

class cancelled_reads : public cancelling {
 protected:
  /// `call(file)` reads; `bytes(value)` is what it delivered. Alone, and behind another read.
  template <class Call, class Bytes>
  void lose_nothing(const std::string& mode, Call call, Bytes bytes) {
    SCOPED_TRACE("mode " + mode);
    at_every_point([&](memory_rig& rig) { return prepared(rig, mode); },
                   [&](memory_rig&, file_list& files) { return call(files[0]); },
                   [&](memory_rig& rig, file_list& files, auto& ended) {
                     const auto value = value_of(ended);
                     expect_whole(rig, files[0], value ? bytes(*value) : std::string());
                   });
    behind_another(mode, call, bytes);
  }

  template <class Call, class Bytes>
  void behind_another(const std::string& mode, Call call, Bytes bytes) {
    SCOPED_TRACE("behind another");
    std::optional<begun<std::string>> before;
    at_every_point([&](memory_rig& rig) { return prepared(rig, mode); },
                   [&](memory_rig&, file_list& files) {
                     before.emplace(begin(files[0].read(70'000)));
                     return call(files[0]);
                   },
                   [&](memory_rig& rig, file_list& files, auto& ended) {
                     ASSERT_TRUE(before->done() && !before->failed());
                     std::string seen = before->take();
                     if (const auto value = value_of(ended)) seen += bytes(*value);
                     expect_whole(rig, files[0], std::move(seen));
                   });
  }

 private:
  static file_list prepared(memory_rig& rig, const std::string& mode) {
    rig.disk->put("a", lines_of_text());
    open_options options;
    if (mode == through_a_decoder) options.errors = text_errors::replace;
    return one(rig.opened("a", mode, options));
  }

  static void expect_whole(memory_rig& rig, file& f, std::string seen) {
    rig.run([&]() -> task<> {
      const std::uint64_t at = co_await f.tell();
      EXPECT_EQ(at, seen.size());
      seen += co_await f.read();
    });
    EXPECT_TRUE(seen == lines_of_text()) << seen.size() << " bytes";
  }
};
CANCELLED_IN_ALL_WAYS(cancelled_reads);

TEST_P(cancelled_reads, ReadOfAll) {
  for (const std::string& mode : {"r"s, through_a_decoder, "rb"s, "r+b"s})
    lose_nothing(mode, [](file& f) { return f.read(); }, itself);
}

TEST_P(cancelled_reads, ReadOfSome) {
  lose_nothing("rb", [](file& f) { return f.read(150'000); }, itself);
  lose_nothing("r", [](file& f) { return f.read(150'000); }, itself);
  for (const std::string& mode : {"r"s, through_a_decoder, "rb"s})
    lose_nothing(mode, [](file& f) { return f.read_some(100'000); }, itself);
}

TEST_P(cancelled_reads, Readline) {
  for (const std::string& mode : {"r"s, through_a_decoder, "rb"s}) {
    lose_nothing(mode, [](file& f) { return f.readline(); }, line_or_nothing);
    lose_nothing(mode, [](file& f) { return f.readline(1); }, line_or_nothing);
  }
}

TEST_P(cancelled_reads, Readlines) {
  for (const std::string& mode : {"r"s, through_a_decoder, "rb"s}) {
    lose_nothing(mode, [](file& f) { return f.readlines(); }, joined);
    lose_nothing(mode, [](file& f) { return f.readlines(150'000); }, joined);
  }
}

TEST_P(cancelled_reads, NextLines) {
  for (const std::string& mode : {"r"s, through_a_decoder, "rb"s})
    lose_nothing(mode, [](file& f) { return f.next_lines(); }, batch_text);
}

TEST_P(cancelled_reads, Readinto) {
  std::string into(150'000, '?');
  lose_nothing(
      "rb", [&](file& f) { return f.readinto(std::as_writable_bytes(std::span(into))); },
      [&](std::size_t count) { return into.substr(0, count); });
}

TEST_P(cancelled_reads, ManyTurnsOfOneRead) {
  const std::string large = pattern(serving() == served::at_once ? 6'000'000 : 300'000);
  at_every_point(
      [&](memory_rig& rig) {
        rig.disk->put("a", large);
        return one(rig.opened("a", "rb"));
      },
      [](memory_rig&, file_list& files) { return files[0].read(); },
      [&](memory_rig& rig, file_list& files, auto& ended) {
        std::string seen = value_of(ended).value_or("");
        rig.run([&]() -> task<> { seen += co_await files[0].read(); });
        EXPECT_TRUE(seen == large) << seen.size() << " bytes";
      });
}

// ---- At a place ---------------------------------------------------------------------------------

constexpr std::size_t file_bytes = 1'000'000;
constexpr std::size_t asked_bytes = 700'000;

class cancelled_reads_at : public cancelling {
 protected:
  static file_list prepared(memory_rig& rig) {
    rig.disk->put("a", pattern(file_bytes));
    return one(rig.opened("a", "rb"));
  }
  static void expect_usable(memory_rig& rig, file& f) {
    rig.run([&]() -> task<> {
      const std::string there = co_await f.read_at(9, 99);
      EXPECT_EQ(there, pattern(99, 9));
      const std::uint64_t at = co_await f.tell();
      EXPECT_EQ(at, 0U);
    });
  }
};
CANCELLED_IN_ALL_WAYS(cancelled_reads_at);

TEST_P(cancelled_reads_at, String) {
  at_every_point([](memory_rig& rig) { return prepared(rig); },
                 [](memory_rig&, file_list& files) { return files[0].read_at(7, asked_bytes); },
                 [](memory_rig& rig, file_list& files, auto& ended) {
                   if (const auto text = value_of(ended)) {
                     EXPECT_TRUE(*text == pattern(asked_bytes, 7));
                   }
                   expect_usable(rig, files[0]);
                 });
}

TEST_P(cancelled_reads_at, IntoMemoryOfTheCaller) {
  std::string into;
  const auto spans = [&](std::size_t parts) {
    into.assign(asked_bytes, '?');
    std::vector<std::span<std::byte>> made;
    const auto whole = std::as_writable_bytes(std::span(into));
    const std::size_t each = asked_bytes / parts;
    for (std::size_t i = 0; i < parts; ++i) made.push_back(whole.subspan(i * each, each));
    return made;
  };
  for (const std::size_t parts : {1U, 7U})
    at_every_point([](memory_rig& rig) { return prepared(rig); },
                   [&](memory_rig&, file_list& files) {
                     return parts == 1 ? files[0].read_at(7, spans(1)[0])
                                       : files[0].read_at(7, spans(parts));
                   },
                   [&](memory_rig& rig, file_list& files, auto& ended) {
                     if (const auto count = value_of(ended)) {
                       EXPECT_EQ(*count, asked_bytes);
                       EXPECT_TRUE(into == pattern(asked_bytes, 7));
                     }
                     expect_usable(rig, files[0]);
                   });
}

TEST_P(cancelled_reads_at, NothingIsWrittenToACallerWhoIsGone) {
  for (const bool at_a_place : {false, true}) {
    for (std::size_t steps = 0; steps < 12; steps = next_place(steps)) {
      memory_rig rig;
      file_list files = prepared(rig);
      start_serving(rig);
      std::string into(asked_bytes, '?');
      const auto span = std::as_writable_bytes(std::span(into));
      std::stop_source stop;
      auto read = at_a_place ? files[0].read_at(0, span) : files[0].readinto(span);
      auto reading = begin(std::move(read).stopped_by(stop.get_token()));
      for (std::size_t i = 0; i < steps; ++i) rig.step(ordering(), random_);
      give_up(rig, reading, stop);
      const std::string then = into;
      rig.let_go(ordering(), random_);
      EXPECT_TRUE(into == then) << (at_a_place ? "read_at" : "readinto");
      files.clear();
      rig.expect_nothing_left();
    }
  }
}

// Several at once, of which each may be the one that is given up.
TEST_P(cancelled_reads_at, TheOthersEndAsEver) {
  constexpr std::size_t count = 4;
  for (std::size_t victim = 0; victim < count; ++victim) {
    memory_rig rig;
    file_list files = prepared(rig);
    start_serving(rig);
    std::vector<std::stop_source> stops(count);
    std::vector<begun<std::string>> reads;
    for (std::size_t i = 0; i < count; ++i) {
      auto read = files[0].read_at(i * 200'000, 200'000);
      reads.push_back(begin(std::move(read).stopped_by(stops[i].get_token())));
    }
    rig.step(ordering(), random_);
    give_up(rig, reads[victim], stops[victim]);
    rig.let_go(ordering(), random_);
    for (std::size_t i = 0; i < count; ++i) {
      if (i == victim) continue;
      EXPECT_TRUE(value_of(reads[i]) == pattern(200'000, i * 200'000)) << i;
    }
    files.clear();
    rig.expect_nothing_left();
  }
}

}  // namespace
}  // namespace ringfiles::testing
