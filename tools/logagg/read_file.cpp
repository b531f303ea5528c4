#include "logagg/read_file.hpp"

#include <algorithm>
#include <span>
#include <string_view>
#include <utility>

#include "logagg/file_scan.hpp"
#include "logagg/gunzip.hpp"
#include "logagg/line_blocks.hpp"

namespace logagg {
namespace {

using ringfiles::task;

/// Decompressing this much takes a few milliseconds: a job for the pool, one hop each.
constexpr std::size_t unzip_bytes = 1024 * 1024;

class file_reader {
 public:
  file_reader(ringfiles::file file, std::size_t index, const reading& how, spare_blocks& spare,
              file_result& result)
      : file_(std::move(file)),
        scan_(how.filter,
              {.reference = timestamp(std::chrono::nanoseconds(file_.status_at_open().modified_ns)),
               .zone_offset = how.zone_offset},
              index, how.numbers),
        spare_(spare),
        blocks_(spare.take()),
        result_(result) {}
  ~file_reader() { spare_.give_back(std::move(blocks_)); }

  task<> run() {
    std::size_t count = co_await read_block();
    if (gunzip::is_gzip(first_bytes_))
      co_await unzip();
    else
      while (count > 0) {
        scan_.scan(blocks_.whole_lines(), result_.found);
        count = co_await read_block();
      }
    scan_.scan(blocks_.rest(), result_.found);
    result_.lines = scan_.line_count();
  }

 private:
  /// Fills the space, also from a pipe that gives a byte at a time, unless the end comes first.
  task<std::size_t> read_block() {
    const auto space = blocks_.space();
    const std::size_t count = co_await file_.readinto(std::as_writable_bytes(space));
    if (result_.bytes == 0) first_bytes_ = {space.data(), std::min<std::size_t>(count, 2)};
    result_.bytes += count;
    blocks_.commit(count);
    co_return count;
  }

  // The first block, compressed, stands in the line buffer already and moves out of it.
  task<> unzip() {
    std::string compressed(blocks_.whole_lines());
    compressed += blocks_.rest();
    line_blocks plain;
    gunzip unzipper;
    unzipper.feed(compressed);
    while (unzipper.state() != gunzip::status::done) {
      if (unzipper.state() == gunzip::status::failed) {
        result_.failure = unzipper.error();
        break;
      }
      if (unzipper.state() == gunzip::status::wants_input) {
        compressed = co_await file_.read(line_blocks::read_bytes);
        result_.bytes += compressed.size();
        compressed.empty() ? unzipper.finish() : unzipper.feed(compressed);
        continue;
      }
      co_await ringfiles::offload([&] { produce_and_scan(unzipper, plain); });
    }
    scan_.scan(plain.rest(), result_.found);
  }

  /// In the pool; the loop's side waits meanwhile, so nothing here is touched twice.
  void produce_and_scan(gunzip& unzipper, line_blocks& plain) {
    for (std::size_t done = 0; done < unzip_bytes;) {
      const std::size_t count = unzipper.produce(plain.space());
      if (count == 0) return;
      plain.commit(count);
      scan_.scan(plain.whole_lines(), result_.found);
      done += count;
    }
  }

  ringfiles::file file_;
  file_scan scan_;
  spare_blocks& spare_;
  line_blocks blocks_;
  std::string first_bytes_;
  file_result& result_;
};

}  // namespace

task<file_result> read_file(std::string path, std::size_t file_index, const reading& how,
                            spare_blocks& spare) {
  file_result result;
  try {
    auto file = co_await ringfiles::open(std::move(path), "rb");
    result.opened = true;
    file_reader reader(std::move(file), file_index, how, spare, result);
    co_await reader.run();
  } catch (const ringfiles::error& problem) {
    result.failure = problem.code().message();
  }
  // A log is in order nearly always. The loop is not for sorting one that is not.
  if (!is_in_order(result.found.entries))
    co_await ringfiles::offload([&] { put_in_order(result.found.entries); });
  co_return result;
}

}  // namespace logagg
