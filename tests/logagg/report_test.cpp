#include "logagg/report.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <random>

namespace logagg {
namespace {

timestamp at(std::int64_t second) { return timestamp{std::chrono::seconds{second}}; }

entry line(std::optional<timestamp> time, std::size_t file, std::uint64_t number,
           std::string_view text) {
  static text_store texts;
  return {time, file, number, 0, texts.keep(text)};
}

entry_run run_of(std::vector<entry> entries) { return {std::move(entries), {}}; }

/// The whole report. No chunk may be larger than promised, and only the last may be smaller.
std::string written(std::vector<entry> entries, std::vector<std::string> sources,
                    report_format format) {
  std::vector<entry_run> runs;
  runs.push_back(run_of(std::move(entries)));
  report chunks(std::move(runs), std::move(sources), format);
  std::string all;
  bool was_last = false;
  for (std::string_view chunk = chunks.next_chunk(); !chunk.empty(); chunk = chunks.next_chunk()) {
    EXPECT_FALSE(was_last);
    EXPECT_LE(chunk.size(), report::largest_chunk_bytes);
    was_last = chunk.size() < report::chunk_bytes;
    all += chunk;
  }
  return all;
}

const std::string rule(50, '=');

TEST(Report, IsTheArticles) {
  const std::string text =
      written({line(at(0), 0, 2, "2026-05-07 08:01:05 ERROR DB timeout on query /users"),
               line(at(1), 1, 2, "2026-05-07 08:02:15 ERROR queue consumer crashed")},
              {"service_a.log", "service_b.log"}, report_format::text);
  EXPECT_EQ(text, "Error Report -- 2 errors found\n" + rule +
                      "\n[service_a.log] 2026-05-07 08:01:05 ERROR DB timeout on query /users\n"
                      "[service_b.log] 2026-05-07 08:02:15 ERROR queue consumer crashed\n");
}

TEST(Report, WithoutEntriesSaysSo) {
  EXPECT_EQ(written({}, {}, report_format::text), "Error Report -- 0 errors found\n" + rule + "\n");
  EXPECT_EQ(written({}, {}, report_format::json), "{\"count\": 0, \"entries\": [\n]}\n");
}

TEST(Report, IsOneJsonDocument) {
  const std::string json =
      written({line(std::nullopt, 0, 7, "ERROR \"a\"\t"), line(at(1'795'388'881), 0, 9, "ERROR")},
              {"a\nb\xE9.log"}, report_format::json);
  EXPECT_EQ(json,
            "{\"count\": 2, \"entries\": [\n"
            R"({"source": "a\nb\\xe9.log", "line_number": 7, "timestamp": null, )"
            R"("text": "ERROR \"a\"\t"},)"
            "\n"
            R"({"source": "a\nb\\xe9.log", "line_number": 9, )"
            R"("timestamp": "2026-11-22T23:08:01Z", "text": "ERROR"})"
            "\n]}\n");
}

TEST(Report, LetsNoNameOfAFileForgeALine) {
  const std::string text =
      written({line(at(0), 0, 1, "x")}, {"a\n[b] ERROR\x1B\x7F\xE9"}, report_format::text);
  EXPECT_EQ(text.substr(text.find("\n[") + 1), "[a\\x0a[b] ERROR\\x1b\\x7f\\xe9] x\n");
}

TEST(Report, ComesInChunksHoweverLongALineIs) {
  for (const report_format format : {report_format::text, report_format::json}) {
    std::vector<entry> entries;
    std::size_t bytes = 0;
    for (const std::size_t size : {0U, 1U, 4095U, 4096U, 4097U, 65536U, 1'000'000U}) {
      entries.push_back(line(at(0), 0, 1, std::string(size, '#')));
      bytes += size;
    }
    const std::string all = written(std::move(entries), {"source"}, format);
    EXPECT_EQ(std::ranges::count(all, '#'), static_cast<std::ptrdiff_t>(bytes));
    EXPECT_EQ(std::ranges::count(all, '\n'), 9) << "two around seven entries";
  }
}

TEST(Report, KeepsACharacterWholeOverThePiecesOfItsLine) {
  std::string text;
  for (int i = 0; i < 5000; ++i) text += "\u20AC";
  EXPECT_NE(written({line(at(0), 0, 1, text)}, {"s"}, report_format::json).find(text),
            std::string::npos);
}

TEST(Order, IsByTimeThenFileThenLineThenPlace) {
  std::vector<entry> entries{line(at(2), 0, 1, "g"),        line(at(1), 1, 9, "f"),
                             line(at(1), 1, 2, "e"),        line(at(1), 0, 9, "c"),
                             line(std::nullopt, 5, 1, "b"), line(std::nullopt, 4, 3, "a"),
                             line(at(1), 1, 2, "d")};
  entries[2].offset = 100;
  put_in_order(entries);
  std::string order;
  for (const entry& each : entries) order += each.text;
  EXPECT_EQ(order, "abcdefg");
}

TEST(Order, DoesNotDependOnTheOrderOfArrival) {
  std::mt19937 random(7);
  std::vector<entry> entries;
  for (std::uint64_t i = 0; i < 500; ++i) {
    entries.push_back(line(at(random() % 5), random() % 4, i, std::to_string(i)));
  }
  std::vector<entry> shuffled = entries;
  std::ranges::shuffle(shuffled, random);
  put_in_order(entries);
  put_in_order(shuffled);
  EXPECT_TRUE(std::ranges::equal(entries, shuffled, {}, &entry::text, &entry::text));
}

TEST(Order, IsKnownWhereItIs) {
  EXPECT_TRUE(is_in_order({}));
  EXPECT_TRUE(is_in_order({line(std::nullopt, 0, 1, ""), line(at(1), 0, 2, "")}));
  EXPECT_FALSE(is_in_order({line(at(2), 0, 1, ""), line(at(1), 0, 2, "")}));
}

/// The texts in the order in which they come.
std::string merged(std::vector<std::vector<entry>> runs) {
  std::vector<entry_run> owned;
  for (auto& each : runs) owned.push_back(run_of(std::move(each)));
  merged_entries all(std::move(owned));
  std::string order;
  while (const entry* each = all.next()) order += each->text;
  EXPECT_EQ(all.next(), nullptr);
  EXPECT_EQ(order.size(), all.size());
  return order;
}

TEST(MergedEntries, TakeTurns) {
  EXPECT_EQ(merged({{line(at(1), 0, 1, "a"), line(at(3), 0, 2, "d")},
                    {},
                    {line(at(1), 2, 1, "b"), line(at(2), 2, 2, "c"), line(at(4), 2, 3, "e")}}),
            "abcde");
  EXPECT_EQ(merged({}), "");
  EXPECT_EQ(merged({{}, {}}), "");
}

TEST(MergedEntries, AreWhatSortingThemAllGives) {
  std::mt19937 random(8);
  for (std::size_t files = 1; files < 40; ++files) {
    std::vector<std::vector<entry>> runs(files);
    std::vector<entry> all;
    for (std::size_t file = 0; file < files; ++file) {
      for (auto n = random() % 20; n > 0; --n)
        runs[file].push_back(line(at(random() % 9), file, n, std::string(1, "abcdefg"[n % 7])));
      put_in_order(runs[file]);
      all.insert(all.end(), runs[file].begin(), runs[file].end());
    }
    put_in_order(all);
    std::string sorted;
    for (const entry& each : all) sorted += each.text;
    EXPECT_EQ(merged(runs), sorted) << files;
  }
}

}  // namespace
}  // namespace logagg
