// Each call that can be made on a file that hangs, started, cancelled and timed.
#pragma once

#include <functional>
#include <map>
#include <random>
#include <stop_token>
#include <string>
#include <thread>

#include "probe/event_loop.hpp"
#include "probe/faults.hpp"
#include "ringfiles/ringfiles.hpp"

namespace cancelling {

using ringfiles::task;
using namespace std::chrono_literals;

constexpr std::size_t block_bytes = 64 * 1024;
constexpr std::size_t large_bytes = 2 * 1024 * 1024;  // more than any write buffer takes
constexpr std::int64_t patience_ns = 30'000'000'000;

/// The files that calls are made on: everything about them hangs once they are open.
struct hung_files {
  std::string folder;
  ringfiles::file read, line, into, at, write, sync, cut, flush;
  std::vector<std::byte> memory = std::vector<std::byte>(block_bytes);
};

inline constexpr const char* all_calls_hang =
    "clear\nread hang 1 9999999 hung_*\nwrite hang 1 9999999 hung_*\nfsync hang 1 9999999 hung_*\n"
    "truncate hang 1 9999999 hung_*\nopen hang 1 9999999 opened\ngetattr hang 1 9999999 opened";

inline task<void> open_files(hung_files& files) {
  const std::string start = files.folder + "/hung_";
  files.read = co_await ringfiles::open(start + "1", "rb");
  files.line = co_await ringfiles::open(start + "2", "r");
  files.into = co_await ringfiles::open(start + "3", "rb");
  files.at = co_await ringfiles::open(start + "4", "rb");
  files.write = co_await ringfiles::open(start + "5", "r+b");
  files.sync = co_await ringfiles::open(start + "6", "r+b");
  files.cut = co_await ringfiles::open(start + "7", "r+b");
  files.flush = co_await ringfiles::open(start + "8", "r+b");
}

template <class T>
task<void> plain(ringfiles::operation<T> call) {
  co_await std::move(call);
}

inline task<void> write_and_flush(hung_files& files, std::stop_token stop) {
  co_await files.flush.write("a few bytes").stopped_by(stop);
  co_await files.flush.flush().stopped_by(stop);
}

using starter = std::function<task<void>(hung_files&, std::stop_token)>;

/// Name → how to start it.
inline std::map<std::string, starter> calls() {
  return {
      {"read",
       [](hung_files& f, std::stop_token t) { return plain(f.read.read(9).stopped_by(t)); }},
      {"readline",
       [](hung_files& f, std::stop_token t) { return plain(f.line.readline().stopped_by(t)); }},
      {"readinto",
       [](hung_files& f, std::stop_token t) {
         return plain(f.into.readinto(f.memory).stopped_by(t));
       }},
      {"read_at",
       [](hung_files& f, std::stop_token t) {
         return plain(f.at.read_at(0, block_bytes).stopped_by(t));
       }},
      {"read_at_span",
       [](hung_files& f, std::stop_token t) {
         return plain(f.at.read_at(0, std::span(f.memory)).stopped_by(t));
       }},
      {"write",
       [](hung_files& f, std::stop_token t) {
         return plain(f.write.write(std::string(large_bytes, 'w')).stopped_by(t));
       }},
      {"flush", write_and_flush},
      {"write_at",
       [](hung_files& f, std::stop_token t) {
         return plain(f.cut.write_at(0, std::string(block_bytes, 'w')).stopped_by(t));
       }},
      {"sync", [](hung_files& f, std::stop_token t) { return plain(f.sync.sync().stopped_by(t)); }},
      {"truncate",
       [](hung_files& f, std::stop_token t) { return plain(f.cut.truncate(5).stopped_by(t)); }},
      {"open",
       [](hung_files& f, std::stop_token t) {
         return plain(ringfiles::open(f.folder + "/opened").stopped_by(t));
       }},
      {"status",
       [](hung_files& f, std::stop_token t) {
         return plain(ringfiles::status(f.folder + "/opened").stopped_by(t));
       }},
  };
}

/// Times from the request to stop until the caller is back.
class stopwatch {
 public:
  explicit stopwatch(ringfiles::engine& engine) : loop_(engine) {}

  std::vector<std::int64_t> latencies(hung_files& files, const std::string& name,
                                      const starter& start, std::size_t count) {
    std::vector<std::int64_t> times;
    for (std::size_t i = 0; i < count && probe::failures == 0; ++i) {
      std::stop_source stop;
      bool back = false;
      std::int64_t back_ns = 0;
      wait_for(start(files, stop.get_token()), name, back, back_ns);
      loop_.run(static_cast<std::int64_t>(random_() % 3'000'000), [&] { return back; });
      if (!probe::expect(!back, name, "it does not hang")) break;
      // Every other time from another thread, which a stop_token allows.
      std::int64_t asked_ns = 0;
      if (i % 2 == 0) {
        asked_ns = probe::now_ns();
        stop.request_stop();
      } else {
        std::thread([&] {
          asked_ns = probe::now_ns();
          stop.request_stop();
        }).join();
      }
      loop_.run(patience_ns, [&] { return back; });
      if (!probe::expect(back, name, "the caller did not come back")) break;
      times.push_back(back_ns - asked_ns);
    }
    return times;
  }

  probe::event_loop& loop() noexcept { return loop_; }

 private:
  static ringfiles::detail::detached wait_for(task<void> call, std::string name, bool& back,
                                              std::int64_t& back_ns) {
    try {
      co_await std::move(call);
    } catch (const ringfiles::error& ended) {
      probe::expect(ended.code() == std::errc::operation_canceled, name, ended.what());
    }
    back_ns = probe::now_ns();
    back = true;
  }

  probe::event_loop loop_;
  std::minstd_rand random_{7};
};

}  // namespace cancelling
