#include "logagg/timestamp.hpp"

#include <gtest/gtest.h>

#include <array>
#include <memory>
#include <random>

namespace logagg {
namespace {

using std::chrono::hours;

/// When the file of these tests was last written.
const timestamp written = std::chrono::sys_days{std::chrono::year{2026} / 11 / 22} + hours{23};

/// What a reader of the report would see: the time in UTC, or "none".
std::string when(std::string_view line, timestamp_context context = {written}) {
  const auto time = parse_timestamp(line, context);
  return time ? format_rfc3339(*time) : "none";
}

std::string when_in_zone(std::string_view line, hours zone) { return when(line, {written, zone}); }

std::string when_written_at(std::string_view line, std::string_view reference) {
  return when(line, {parse_timestamp(reference, {written}).value()});
}

constexpr const char* instant = "2026-11-22T23:08:01Z";
constexpr const char* with_milliseconds = "2026-11-22T23:08:01.123Z";

TEST(Timestamp, IsReadFromTheFormatsOfIso8601) {
  EXPECT_EQ(when("2026-11-22T23:08:01Z"), instant);
  EXPECT_EQ(when("2026-11-22t23:08:01z x"), instant);
  EXPECT_EQ(when("2026-11-22T23:08:01"), instant);
  EXPECT_EQ(when("2026-11-22 23:08:01 ERROR x"), instant);
  EXPECT_EQ(when("2026-11-22 23:08 ERROR x"), "2026-11-22T23:08:00Z");
  EXPECT_EQ(when("20261122T230801Z x"), instant);
  EXPECT_EQ(when("20261122T230801.5+0100 x"), "2026-11-22T22:08:01.500Z");
}

TEST(Timestamp, MayHaveAFractionAfterADotOrAComma) {
  EXPECT_EQ(when("2026-11-22T23:08:01.123Z"), with_milliseconds);
  EXPECT_EQ(when("2026-11-22 23:08:01,123 ERROR [main] x"), with_milliseconds);
  EXPECT_EQ(when("2026-11-22T23:08:01.1Z"), "2026-11-22T23:08:01.100Z");
  EXPECT_EQ(when("2026-11-22T23:08:01.123456Z"), "2026-11-22T23:08:01.123456Z");
  EXPECT_EQ(when("2026-11-22T23:08:01.123456789Z"), "2026-11-22T23:08:01.123456789Z");
  EXPECT_EQ(when("2026-11-22T23:08:01.1234567899999Z"), "2026-11-22T23:08:01.123456789Z");
  EXPECT_EQ(when("2026-11-22T23:08:01. x"), instant);
}

TEST(Timestamp, MayNameItsZone) {
  EXPECT_EQ(when("2026-11-23T00:08:01+01:00"), instant);
  EXPECT_EQ(when("2026-11-23T00:08:01+0100"), instant);
  EXPECT_EQ(when("2026-11-23T00:08:01+01"), instant);
  EXPECT_EQ(when("2026-11-22 18:08:01.123 -0500 x"), with_milliseconds);
  EXPECT_EQ(when("2026-11-22 23:08:01 UTC [812] ERROR:  x"), instant);
  EXPECT_EQ(when("2026-11-22 23:08:01 GMT"), instant);
}

TEST(Timestamp, WithoutAZoneIsReadInTheContexts) {
  EXPECT_EQ(when_in_zone("2026-11-23 00:08:01", hours{1}), instant);
  EXPECT_EQ(when_in_zone("Nov 22 18:08:01 host x", hours{-5}), instant);
  EXPECT_EQ(when_in_zone("2026/11/23 00:08:01", hours{1}), instant);
  EXPECT_EQ(when_in_zone("2026-11-22T23:08:01Z", hours{1}), instant);
  EXPECT_EQ(when_in_zone("1795388881 x", hours{1}), instant);
  EXPECT_EQ(when_in_zone("2026-11-23 00:08:01 CET x", hours{1}), instant);
}

TEST(Timestamp, IgnoresWhatOnlyResemblesAZone) {
  EXPECT_EQ(when("2026-11-22 23:08:01 -12345 x"), instant);
  EXPECT_EQ(when("2026-11-22 23:08:01-worker x"), instant);
  EXPECT_EQ(when("2026-11-22 23:08:01 +99:00 x"), instant);
  EXPECT_EQ(when("2026-11-22 23:08:01 UTCP x"), instant);
}

TEST(Timestamp, IsReadFromServersLogs) {
  EXPECT_EQ(when("10.0.0.1 - - [22/Nov/2026:23:08:01 +0000] \"GET / HTTP/1.1\" 200 5"), instant);
  EXPECT_EQ(when("2001:0db8:85a3:0000:0000:8a2e:0370:7334 - frank [23/Nov/2026:00:08:01 +0100] x"),
            instant);
  EXPECT_EQ(when("2026/11/22 23:08:01 [error] 8#8: *1 connect() failed"), instant);
  EXPECT_EQ(when("[Sun Nov 22 23:08:01.123 2026] [core:error] [pid 8] x"), with_milliseconds);
  EXPECT_EQ(when("22-Nov-2026 23:08:01.123 queries: error: x"), with_milliseconds);
  EXPECT_EQ(when("Sun, 22 Nov 2026 23:08:01 GMT x"), instant);
  EXPECT_EQ(when("2026-11-22 23:08:01 status installed nginx:amd64 1.22.1-9"), instant);
}

TEST(Timestamp, IsReadFromSyslog) {
  EXPECT_EQ(when("Nov 22 23:08:01 web-1 backup[901]: ERROR x"), instant);
  EXPECT_EQ(when("Nov  2 23:08:01 web-1 x"), "2026-11-02T23:08:01Z");
  EXPECT_EQ(when("<34>Nov 22 23:08:01.123 web-1 x"), with_milliseconds);
  EXPECT_EQ(when("<134>1 2026-11-22T23:08:01.123Z gw-2 router 812 ID47 - x"), with_milliseconds);
  EXPECT_EQ(when("Nov 22 2026 23:08:01: %ASA-3-1: x"), instant);
}

TEST(Timestamp, OfSyslogIsInTheYearBeforeTheFileWasWritten) {
  EXPECT_EQ(when_written_at("Dec 31 23:59:59 h x", "2027-01-01 00:10:00"), "2026-12-31T23:59:59Z");
  EXPECT_EQ(when_written_at("Jan  1 00:00:01 h x", "2027-01-01 00:10:00"), "2027-01-01T00:00:01Z");
  EXPECT_EQ(when_written_at("Nov 23 00:00:00 h x", "2026-11-22 00:00:00"), "2026-11-23T00:00:00Z");
  EXPECT_EQ(when_written_at("Nov 23 00:00:01 h x", "2026-11-22 00:00:00"), "2025-11-23T00:00:01Z");
}

TEST(Timestamp, OfSyslogMayBeInTheNewYearThatTheFilesClockHasNotSeen) {
  EXPECT_EQ(when_written_at("Jan  1 00:00:01 h x", "2026-12-31 23:59:59"), "2027-01-01T00:00:01Z");
}

TEST(Timestamp, OfSyslogFindsALeapYearForItsLeapDay) {
  EXPECT_EQ(when_written_at("Feb 29 12:00:00 h x", "2027-06-01 00:00:00"), "2024-02-29T12:00:00Z");
  EXPECT_EQ(when_written_at("Feb 29 12:00:00 h x", "2103-06-01 00:00:00"), "2096-02-29T12:00:00Z");
}

TEST(Timestamp, IsReadFromSecondsAndSmallerUnitsSinceTheEpoch) {
  EXPECT_EQ(when("1795388881 ERROR x"), instant);
  EXPECT_EQ(when("1795388881.123 456 10.0.0.1 TCP_MISS/200"), with_milliseconds);
  EXPECT_EQ(when("1795388881123 ERROR x"), with_milliseconds);
  EXPECT_EQ(when("1795388881123.5 x"), "2026-11-22T23:08:01.123500Z");
  EXPECT_EQ(when("1795388881123456 x"), "2026-11-22T23:08:01.123456Z");
  EXPECT_EQ(when("1795388881123456789 x"), "2026-11-22T23:08:01.123456789Z");
  EXPECT_EQ(when("[1795388881] ERROR x"), instant);
  EXPECT_EQ(when("level=error ts=1795388881.123 msg=x"), with_milliseconds);
}

TEST(Timestamp, IsNoNumberThatHappensToHaveTheDigits) {
  EXPECT_EQ(when("12345678901 x"), "none");
  EXPECT_EQ(when("order 1795388881 failed"), "none");
  EXPECT_EQ(when("1795388881-3 x"), "none");
  EXPECT_EQ(when("1795388881ms x"), "none");
  EXPECT_EQ(when("4102444801 x"), "none");
  EXPECT_EQ(when("0795388881 x"), "none");
  EXPECT_EQ(when("9999999999999999999 x"), "none");
  EXPECT_EQ(when("id=1795388881 x"), "none");
}

TEST(Timestamp, OfAJsonLineIsUnderAKeyThatSpeaksOfTime) {
  EXPECT_EQ(when(R"({"level":"ERROR","ts":1795388881.123,"msg":"x"})"), with_milliseconds);
  EXPECT_EQ(when(R"({"@timestamp": "2026-11-22T23:08:01.123Z", "msg": "x"})"), with_milliseconds);
  EXPECT_EQ(when(R"({"due":"2020-01-01T00:00:00Z","time":"2026-11-22T23:08:01Z"})"), instant);
  EXPECT_EQ(when(R"({"msg":"2020-01-01T00:00:00Z ERROR"})"), "none");
  EXPECT_EQ(when(R"({"id":1795388881})"), "none");
}

TEST(Timestamp, OfAJsonLineIsFoundAtItsEnd) {
  const std::string message(5000, 'x');
  EXPECT_EQ(when(R"({"log":")" + message + R"(","time":"2026-11-22T23:08:01.123Z"})"),
            with_milliseconds);
}

TEST(Timestamp, MayFollowAShortPrefix) {
  EXPECT_EQ(when("[2026-11-22 23:08:01] ERROR x"), instant);
  EXPECT_EQ(when("ERROR 2026-11-22 23:08:01,123 [main] x"), with_milliseconds);
  EXPECT_EQ(when("level=error ts=2026-11-22T23:08:01Z msg=x"), instant);
  EXPECT_EQ(when("web-1  | 2026-11-22T23:08:01Z x"), instant);
  EXPECT_EQ(when("shop.log:2026-11-22 23:08:01 x"), instant);
}

TEST(Timestamp, IsNotLookedForDeepInsideALine) {
  std::string line(prefix_bytes_max - 1, 'x');
  line.append(" 2026-11-22T23:08:01Z");
  EXPECT_EQ(when(line), "none");
  EXPECT_EQ(when("backup-2026-11-22 23:08:01 removed"), "none");
}

TEST(Timestamp, OfAContinuationIsOnlyDirectlyBehindItsBlanks) {
  EXPECT_EQ(when("    at cache entry of 2026-11-22 23:08:01"), "none");
  EXPECT_EQ(when("  2026-11-22 23:08:01 ERROR x"), instant);
}

TEST(Timestamp, IsNoImpossibleDate) {
  EXPECT_EQ(when("2026-02-30 00:00:00 x"), "none");
  EXPECT_EQ(when("2026-02-29 00:00:00 x"), "none");
  EXPECT_EQ(when("2026-13-01 00:00:00 x"), "none");
  EXPECT_EQ(when("2026-00-10 00:00:00 x"), "none");
  EXPECT_EQ(when("2026-11-22 25:00:00 x"), "none");
  EXPECT_EQ(when("2026-11-22 24:00:00 x"), "none");
  EXPECT_EQ(when("2026-11-22 23:60:00 x"), "none");
  EXPECT_EQ(when("2026-11-22 23:08:61 x"), "none");
  EXPECT_EQ(when("2026-11-22 23:08:012 x"), "none");
  EXPECT_EQ(when("Nov 31 23:08:01 h x"), "none");
  EXPECT_EQ(when("Nov 222 23:08:01 h x"), "none");
  EXPECT_EQ(when("22/Now/2026:23:08:01 +0000"), "none");
}

TEST(Timestamp, IsWithinTheYearsThatItsBitsHold) {
  EXPECT_EQ(when("1678-01-01 00:00:00+15:59"), "1677-12-31T08:01:00Z");
  EXPECT_EQ(when("2261-12-31 23:59:59-15:59"), "2262-01-01T15:58:59Z");
  EXPECT_EQ(when("1677-12-31 23:59:59"), "none");
  EXPECT_EQ(when("2262-01-01 00:00:00"), "none");
  EXPECT_EQ(when("9999-12-31 23:59:59"), "none");
}

TEST(Timestamp, AcceptsTheLeapSecond) {
  EXPECT_EQ(when("2016-12-31T23:59:60Z"), "2017-01-01T00:00:00Z");
}

TEST(Timestamp, IsNotADateAlone) {
  EXPECT_EQ(when("2026-11-22 ERROR x"), "none");
  EXPECT_EQ(when("Nov 22 x"), "none");
  EXPECT_EQ(when("Nov 22 23:08 file"), "none");
  EXPECT_EQ(when(""), "none");
  EXPECT_EQ(when("ERROR"), "none");
}

TEST(ZoneOffset, IsReadAsPeopleWriteIt) {
  using std::chrono::minutes;
  EXPECT_EQ(parse_zone_offset("+01:00"), hours{1});
  EXPECT_EQ(parse_zone_offset("-0530"), -minutes{330});
  EXPECT_EQ(parse_zone_offset("UTC"), hours{0});
  for (const char* wrong : {"", "1", "+1", "+01:0", " +01:00", "+01:00 ", "CET", "+25:00"}) {
    EXPECT_EQ(parse_zone_offset(wrong), std::nullopt) << wrong;
  }
}

TEST(Timestamp, OfAnyInstantIsReadBackAsItWasWritten) {
  std::mt19937_64 random(1);
  std::uniform_int_distribution<std::int64_t> any(-9'214'000'000, 9'214'646'400);
  for (int i = 0; i < 20'000; ++i) {
    const std::chrono::nanoseconds fraction{static_cast<std::int64_t>(random() % 1'000'000'000)};
    const timestamp time{std::chrono::seconds{any(random)} + fraction};
    EXPECT_EQ(parse_timestamp(format_rfc3339(time), {written}), time);
  }
}

/// A copy with nothing around it, so that AddressSanitizer sees one byte too far.
std::optional<timestamp> parse_exact_copy(std::string_view line) {
  const auto copy = std::make_unique<char[]>(line.size());
  std::copy(line.begin(), line.end(), copy.get());
  return parse_timestamp({copy.get(), line.size()}, {written});
}

TEST(Timestamp, SurvivesAnyDamage) {
  constexpr std::array<std::string_view, 8> seeds{"2026-11-22T23:08:01.123+01:00 ERROR x",
                                                  "10.0.0.1 - - [22/Nov/2026:23:08:01 +0000] x",
                                                  "<34>Nov 22 23:08:01.123 2026 UTC x",
                                                  R"({"level":"ERROR","ts":1795388881.25,"m":"x"})",
                                                  "level=error ts=1795388881123 x",
                                                  R"({"log":"x","time":"2026-11-22T23:08:01Z"})",
                                                  "20261122T230801,5Z x",
                                                  "[Sun Nov  2 23:08:01 2026] x"};
  constexpr std::string_view letters = "0123456789-:/.,TZ+ [{\"=Nov\0\xff";
  std::mt19937 random(2);
  unsigned understood = 0;
  for (int i = 0; i < 200'000; ++i) {
    std::string line(seeds[random() % seeds.size()]);
    for (auto changes = random() % 4; changes > 0; --changes) {
      line[random() % line.size()] = letters[random() % letters.size()];
    }
    line.resize(random() % 4 == 0 ? random() % line.size() : line.size());
    understood += parse_exact_copy(line) ? 1 : 0;
  }
  EXPECT_GT(understood, 20'000U);
  EXPECT_LT(understood, 190'000U);
}

}  // namespace
}  // namespace logagg
