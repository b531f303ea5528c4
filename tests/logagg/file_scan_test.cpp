#include "logagg/file_scan.hpp"

#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

#include "logagg/line_blocks.hpp"

namespace logagg {
namespace {

using lines = std::vector<std::string>;

/// One file, handed over in blocks. An entry is shown as "number time|text".
class FileScan : public ::testing::Test {
 protected:
  static constexpr std::size_t inherited_lines_max = file_scan::inherited_lines_max;

  void begin_file() {
    scan_ = file_scan(filter_, context_, 7);
    found_.entries.clear();
  }
  void block(std::string_view text) { scan_.scan(text, found_); }
  void block_with_hole(std::size_t hole, std::string_view text) {
    block(std::string(hole, '\0') + std::string(text));
  }

  lines entries() const {
    lines shown;
    for (const entry& each : found_.entries) {
      shown.push_back(std::to_string(each.line_number) + " " +
                      (each.time ? format_rfc3339(*each.time).substr(11, 8) : "none") + "|" +
                      std::string(each.text));
    }
    return shown;
  }

  line_filter filter_{filter_options{}};
  timestamp_context context_{timestamp{std::chrono::seconds{1'795'388'881}}};
  file_scan scan_{filter_, context_, 7};
  entry_run found_;
};

TEST_F(FileScan, TakesTimeNumberAndTextOfTheLinesWanted) {
  block("2026-11-22 23:00:01 INFO a\n2026-11-22 23:00:02 ERROR b\n");
  EXPECT_EQ(entries(), (lines{"2 23:00:02|2026-11-22 23:00:02 ERROR b"}));
  EXPECT_EQ(found_.entries[0].file_index, 7U);
  EXPECT_EQ(found_.entries[0].offset, 27U);
}

TEST_F(FileScan, GivesALineWithoutATimeThatOfTheLineAbove) {
  block("2026-11-22 23:00:01 INFO a\n2026-11-22 23:00:02 INFO b\n\tat c\n\tat d ERROR\n");
  EXPECT_EQ(entries(), (lines{"4 23:00:02|at d ERROR"}));
}

TEST_F(FileScan, GivesALineWithoutATimeThatOfTheLineAboveInAnEarlierBlock) {
  block("2026-11-22 23:00:01 INFO a\n2026-11-22 23:00:02 INFO b\n\tat c\n");
  block("\tat d\n");
  block("\tat e ERROR\n");
  EXPECT_EQ(entries(), (lines{"5 23:00:02|at e ERROR"}));
}

TEST_F(FileScan, GivesTwoWantedLinesTheTimeThatEachHasAboveIt) {
  block(
      "2026-11-22 23:00:01 ERROR a\n\tERROR b\n2026-11-22 23:00:02 INFO c\n"
      "\tERROR d\n\tERROR e\n2026-11-22 23:00:03 INFO f\n");
  block("ERROR g\n");
  EXPECT_EQ(entries(), (lines{"1 23:00:01|2026-11-22 23:00:01 ERROR a", "2 23:00:01|ERROR b",
                              "4 23:00:02|ERROR d", "5 23:00:02|ERROR e", "7 23:00:03|ERROR g"}));
}

TEST_F(FileScan, LooksForATimeNoFurtherAboveThanItsLimit) {
  for (const std::size_t blocks : {1U, 2U}) {
    for (const std::size_t distance : {inherited_lines_max, inherited_lines_max + 1}) {
      begin_file();
      std::string text = "2026-11-22 23:00:01 INFO a\n";
      for (std::size_t i = 1; i < distance; ++i) text += "\tat b\n";
      if (blocks == 2) block(std::exchange(text, ""));
      block(text + "ERROR c\n");
      EXPECT_EQ(found_.entries.at(0).time.has_value(), distance == inherited_lines_max);
    }
  }
}

TEST_F(FileScan, LeavesTheFirstLinesWithoutATime) {
  block("started\nERROR a\n2026-11-22 23:00:01 ERROR b\n");
  EXPECT_EQ(entries(), (lines{"2 none|ERROR a", "3 23:00:01|2026-11-22 23:00:01 ERROR b"}));
}

TEST_F(FileScan, GoesBackInTimeIfTheFileDoes) {
  block("2026-11-22 23:00:09 ERROR a\n2026-11-22 23:00:01 ERROR b\nERROR c\n");
  EXPECT_EQ(entries().back(), "3 23:00:01|ERROR c");
}

TEST_F(FileScan, StripsBlanksAndLineEnds) {
  block("  \tERROR a \t\r\nERROR b\r");
  EXPECT_EQ(entries(), (lines{"1 none|ERROR a", "2 none|ERROR b"}));
}

TEST_F(FileScan, EscapesWhatIsNotUtf8) {
  block("ERROR caf\xE9\n");
  EXPECT_EQ(entries(), (lines{"1 none|ERROR caf\\xe9"}));
}

TEST_F(FileScan, PassesOverAByteOrderMarkAtTheStartOnly) {
  block(
      "\xEF\xBB\xBF"
      "2026-11-22 23:00:01 ERROR a\n");
  block(
      "\xEF\xBB\xBF"
      "2026-11-22 23:00:02 ERROR b\n");
  EXPECT_EQ(entries(), (lines{"1 23:00:01|2026-11-22 23:00:01 ERROR a",
                              "2 23:00:01|\xEF\xBB\xBF"
                              "2026-11-22 23:00:02 ERROR b"}));
}

TEST_F(FileScan, PassesOverTheHoleOfAFileThatWasCutUnderItsWriter) {
  block("2026-11-22 23:00:01 INFO a\n");
  block_with_hole(100'000, "2026-11-22 23:00:02 ERROR b\n");
  EXPECT_EQ(entries(), (lines{"2 23:00:02|2026-11-22 23:00:02 ERROR b"}));
}

TEST_F(FileScan, KeepsNumberAndTimeOverThePiecesOfALongLine) {
  block("2026-11-22 23:00:01 ERROR begins ");
  block("2026-11-22 23:00:09 ERROR goes on ");
  block("ERROR ends\nERROR next\n");
  EXPECT_EQ(entries(), (lines{"1 23:00:01|2026-11-22 23:00:01 ERROR begins",
                              "1 23:00:01|2026-11-22 23:00:09 ERROR goes on",
                              "1 23:00:01|ERROR ends", "2 23:00:01|ERROR next"}));
  EXPECT_LT(found_.entries[0].offset, found_.entries[1].offset);
}

TEST_F(FileScan, CountsLines) {
  EXPECT_EQ(scan_.line_count(), 0U);
  block("a\nb\n");
  EXPECT_EQ(scan_.line_count(), 2U);
  block("unfinished");
  EXPECT_EQ(scan_.line_count(), 3U);
}

TEST_F(FileScan, NeedsNoNumbersToFindTimesAndOrder) {
  scan_ = file_scan(filter_, context_, 7, line_numbers::left_out);
  block("2026-11-22 23:00:01 INFO a\n2026-11-22 23:00:02 ERROR b\n\tERROR c\n");
  block("ERROR d");
  EXPECT_EQ(entries(), (lines{"0 23:00:02|2026-11-22 23:00:02 ERROR b", "0 23:00:02|ERROR c",
                              "0 23:00:02|ERROR d"}));
  EXPECT_LT(found_.entries[1].offset, found_.entries[2].offset);
  EXPECT_EQ(scan_.line_count(), 0U);
}

TEST_F(FileScan, CountsThePiecesOfALongLineAsOneOnTheWayToATime) {
  block("2026-11-22 23:00:01 INFO a\nbegins ");
  for (std::size_t i = 0; i < inherited_lines_max; ++i) block("goes on ");
  block("ends\nERROR b\n");
  EXPECT_EQ(entries(), (lines{"3 23:00:01|ERROR b"}));
}

TEST_F(FileScan, CountsEachLineOnceOnTheWayToATime) {
  block("2026-11-22 23:00:01 INFO a\n");
  for (std::size_t i = 1; i < inherited_lines_max; i += 2) block("ERROR b\r\nERROR b\r\n");
  block("ERROR last\n");
  EXPECT_TRUE(found_.entries[inherited_lines_max - 1].time.has_value());
  EXPECT_FALSE(found_.entries[inherited_lines_max].time.has_value());
}

TEST_F(FileScan, FindsTheSameWhereverTheBlocksEnd) {
  std::string text = "no time yet ERROR\n";
  for (int i = 0; i < 200; ++i) {
    text += "2026-11-22 23:0" + std::to_string(i % 10) + ":00 INFO x\n";
    for (int k = 0; k < i % 7; ++k) text += k == 5 ? "\tat ERROR\n" : "\tat x\n";
    if (i % 3 == 0) text += "Nov 22 22:00:00 h ERROR y\n";
  }
  block(text);
  const lines whole = entries();
  for (const std::size_t step : {1U, 30U, 100U, 1000U}) {
    file_scan again(filter_, context_, 7);
    found_.entries.clear();
    for (std::string_view rest = text; !rest.empty();) {
      const std::size_t end = rest.find('\n', std::min(step, rest.size() - 1)) + 1;
      again.scan(rest.substr(0, end), found_);
      rest.remove_prefix(end);
    }
    EXPECT_EQ(entries(), whole) << step;
  }
}

}  // namespace
}  // namespace logagg
