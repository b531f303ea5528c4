#include "logagg/options.hpp"

#include <gtest/gtest.h>

#include <sstream>

namespace logagg {
namespace {

/// One run of the command line: what came of it, and what was said.
struct outcome {
  std::optional<options> parsed;
  std::optional<exit_status> status;
  std::string out;
  std::string err;
};

outcome run(std::vector<const char*> arguments) {
  arguments.insert(arguments.begin(), "logagg");
  std::ostringstream out;
  std::ostringstream err;
  auto result = parse_options(static_cast<int>(arguments.size()), arguments.data(), out, err);
  outcome seen{{}, {}, out.str(), err.str()};
  if (auto* parsed = std::get_if<options>(&result)) {
    seen.parsed = std::move(*parsed);
  } else {
    seen.status = std::get<exit_status>(result);
  }
  return seen;
}

/// REQUIRES: they are in order.
options parsed(std::vector<const char*> arguments) {
  const outcome seen = run(std::move(arguments));
  EXPECT_TRUE(seen.parsed) << seen.err;
  return seen.parsed.value_or(options{});
}

void expect_refused(std::vector<const char*> arguments, std::string_view complaint) {
  const outcome seen = run(std::move(arguments));
  EXPECT_EQ(seen.status, exit_status::error);
  EXPECT_NE(seen.err.find(complaint), std::string::npos) << seen.err;
  EXPECT_EQ(seen.out, "");
}

TEST(Options, HaveDefaults) {
  const options given = parsed({"a.log"});
  EXPECT_EQ(given.inputs, std::vector<std::string>{"a.log"});
  EXPECT_EQ(given.report_path, std::nullopt);
  EXPECT_EQ(given.format, report_format::text);
  EXPECT_EQ(given.filter.level, std::nullopt);
  EXPECT_EQ(given.filter.pattern, std::nullopt);
  EXPECT_EQ(given.jobs, options::default_jobs);
  EXPECT_FALSE(given.stats);
  EXPECT_EQ(given.zone_offset.count(), 0);
}

TEST(Options, AreTakenWhereverTheyStand) {
  const options given = parsed({"a.log", "-o", "report", "--format", "json", "b*.log", "--match",
                                "x+", "--level=WARN", "-j", "3", "--stats", "--zone", "-05:30"});
  EXPECT_EQ(given.inputs, (std::vector<std::string>{"a.log", "b*.log"}));
  EXPECT_EQ(given.report_path, "report");
  EXPECT_EQ(given.format, report_format::json);
  EXPECT_EQ(given.filter.level, "WARN");
  EXPECT_EQ(given.filter.pattern, "x+");
  EXPECT_EQ(given.jobs, 3U);
  EXPECT_TRUE(given.stats);
  EXPECT_EQ(given.zone_offset, -std::chrono::minutes{330});
}

TEST(Options, TakeADashForTheStandardOutput) {
  EXPECT_EQ(parsed({"a.log", "-o", "-"}).report_path, std::nullopt);
}

TEST(Options, TakePathsThatLookLikeOptionsBehindTwoDashes) {
  EXPECT_EQ(parsed({"--", "-j"}).inputs, std::vector<std::string>{"-j"});
}

TEST(Options, AreRefusedWithAReason) {
  expect_refused({}, "PATH");
  expect_refused({""}, "empty");
  expect_refused({"a", "--format", "xml"}, "xml");
  expect_refused({"a", "-j", "0"}, "--jobs");
  expect_refused({"a", "-j", "9999"}, "--jobs");
  expect_refused({"a", "-j", "many"}, "--jobs");
  expect_refused({"a", "--match", "(x"}, "missing )");
  expect_refused({"a", "--level", ""}, "--level");
  expect_refused({"a", "--zone", "CET"}, "CET");
  expect_refused({"a", "--bogus"}, "--bogus");
}

TEST(Options, HelpEndsWellAndFitsTheTerminal) {
  const outcome seen = run({"--help"});
  EXPECT_EQ(seen.status, exit_status::found);
  EXPECT_EQ(seen.err, "");
  std::istringstream lines(seen.out);
  for (std::string line; std::getline(lines, line);) EXPECT_LE(line.size(), 80U) << line;
}

TEST(Options, HelpNamesEveryOptionExitStatusAndDefault) {
  const std::string help = run({"-h"}).out;
  for (const std::string expected :
       {"-o,--output", "--format", "--match", "--level", "-j,--jobs", "--stats", "--zone",
        "--version", "PATH", "\n  0  ", "\n  1  ", "\n  2  ", "\n  3  "}) {
    EXPECT_NE(help.find(expected), std::string::npos) << expected;
  }
  const std::string jobs = "[" + std::to_string(options::default_jobs) + "]";
  EXPECT_NE(help.find(jobs), std::string::npos);
}

TEST(Options, VersionIsOneLine) {
  EXPECT_EQ(run({"--version"}).out, std::string("logagg ") + version + "\n");
}

}  // namespace
}  // namespace logagg
