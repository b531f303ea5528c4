// The sample logs, all formats at once, against reports that were checked by eye.
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

#include "logagg/file_scan.hpp"
#include "logagg/gunzip.hpp"
#include "logagg/line_blocks.hpp"
#include "logagg/report.hpp"

namespace logagg {
namespace {

namespace fs = std::filesystem;

std::string content(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  EXPECT_TRUE(file) << path;
  return {std::istreambuf_iterator<char>(file), {}};
}

/// The folder above the program's that holds the samples; __FILE__ is relative with a build cache.
fs::path source_root() {
  fs::path folder = fs::canonical("/proc/self/exe").parent_path();
  while (!fs::exists(folder / "samples/logs") && folder.has_relative_path())
    folder = folder.parent_path();
  return folder;
}

/// A file on its way through the program's parts, each read small enough to cut lines anywhere.
class SampleLogs : public ::testing::Test {
 protected:
  static constexpr std::size_t read_bytes = 1000;

  static std::string unzipped(std::string_view compressed) {
    gunzip unzip;
    unzip.feed(compressed);
    std::string plain(1 << 20, '\0');
    plain.resize(unzip.produce(plain));
    EXPECT_EQ(unzip.state(), gunzip::status::wants_input);
    return plain;
  }

  void scan(const fs::path& path, const line_filter& filter, const timestamp_context& context) {
    const std::string bytes = content(path);
    const std::string text = gunzip::is_gzip(bytes) ? unzipped(bytes) : bytes;
    file_scan scan(filter, context, sources_.size());
    sources_.push_back(path.filename());
    line_blocks blocks;
    for (std::string_view rest = text; !rest.empty();) {
      const std::string_view read = rest.substr(0, read_bytes);
      std::copy(read.begin(), read.end(), blocks.space().begin());
      blocks.commit(read.size());
      rest.remove_prefix(read.size());
      scan.scan(blocks.whole_lines(), found_);
    }
    scan.scan(blocks.rest(), found_);
  }

  std::string report_of(const filter_options& options, report_format format) {
    const line_filter filter(options);
    std::vector<fs::path> paths(fs::directory_iterator(repository / "samples/logs"), {});
    std::ranges::sort(paths);
    // What a copy of the files has as its date says nothing: the syslog's year is fixed here.
    const std::chrono::sys_days written{std::chrono::year{2026} / 11 / 23};
    for (const fs::path& path : paths) scan(path, filter, {written});
    put_in_order(found_.entries);
    std::vector<entry_run> runs;
    runs.push_back(std::move(found_));
    report chunks(std::move(runs), sources_, format);
    std::string all;
    for (auto chunk = chunks.next_chunk(); !chunk.empty(); chunk = chunks.next_chunk()) {
      all += chunk;
    }
    return all;
  }

  static std::string expected(const std::string& name) {
    return content(repository / "tests/logagg/expected" / name);
  }

  static inline const fs::path repository = source_root();
  std::vector<std::string> sources_;
  entry_run found_;
};

TEST_F(SampleLogs, GiveTheTextReportThatWasCheckedByEye) {
  EXPECT_EQ(report_of({}, report_format::text), expected("errors.txt"));
}

TEST_F(SampleLogs, GiveTheSameEntriesInJson) {
  EXPECT_EQ(report_of({}, report_format::json), expected("errors.json"));
}

TEST_F(SampleLogs, GiveNginxsErrorsIfAskedForThem) {
  const filter_options options{std::nullopt, R"(^\S+ \S+ \[error\] .*\b111: )"};
  EXPECT_EQ(report_of(options, report_format::text), expected("nginx.txt"));
}

}  // namespace
}  // namespace logagg
