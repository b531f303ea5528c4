// The end of an engine with work in flight.
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <thread>

#include "few_descriptors.hpp"
#include "fixture.hpp"
#include "owned.hpp"

namespace ringfiles::contract {
namespace {

template <class T>
owned await(operation<T> call) {
  static_cast<void>(co_await std::move(call));
}
template <>
owned await(operation<void> call) {
  co_await std::move(call);
}

class engine_ends : public suite {};
CONTRACT_FOR_ALL(engine_ends);

TEST_P(engine_ends, WhileAnythingIsInFlight) {
  put("a", pattern(4'000'000));
  make_cold("a");
  std::stop_source source;
  std::vector<owned> waiting;
  file f = opened("a", "r+b");
  for (std::uint64_t i = 0; i < 50; ++i) waiting.push_back(await(f.read_at(i * 70'000, 9000)));
  waiting.push_back(await(f.read(2'000'000)));
  waiting.push_back(await(f.write(std::string(500'000, 'x'))));
  waiting.push_back(await(f.sync()));
  waiting.push_back(await(f.close()));
  waiting.push_back(await(f.read().within(1h)));
  waiting.push_back(await(f.read().stopped_by(source.get_token())));
  waiting.push_back(await(open("new", "w")));
  waiting.push_back(await(open("new", "w").within(1h)));
  waiting.push_back(await(open("new", "w").stopped_by(source.get_token())));
  waiting.push_back(await(sleep_for(1h)));
  waiting.push_back(await(sleep_for(1h).within(2h)));
  waiting.push_back(await(sleep_for(1h).stopped_by(source.get_token())));
  waiting.push_back(await(offload([] { std::this_thread::sleep_for(10ms); })));
  end_engine();
  source.request_stop();
  waiting.clear();
}

TEST_P(engine_ends, AfterItsCallsWereAskedToStop) {
  put("a", pattern(100'000));
  std::stop_source source;
  std::vector<owned> waiting;
  file f = opened("a", "rb");
  waiting.push_back(await(sleep_for(1h).stopped_by(source.get_token())));
  waiting.push_back(await(sleep_for(0ns)));
  waiting.push_back(await(f.read().within(0ns)));
  source.request_stop();
  end_engine();
  waiting.clear();
}

TEST_P(engine_ends, AndItsCoroutinesDieFirst) {
  put("a", pattern(4'000'000));
  make_cold("a");
  file f = opened("a", "r+b");
  for (int round = 0; round < 20; ++round) {
    std::vector<owned> waiting;
    for (std::uint64_t i = 0; i < 20; ++i) waiting.push_back(await(f.read_at(i * 70'000, 9000)));
    waiting.push_back(await(f.read(300'000)));
    waiting.push_back(await(f.seek(0)));
    waiting.push_back(await(open("new", "w")));
    waiting.push_back(await(sleep_for(1h)));
  }
  EXPECT_TRUE(crank_until([&] { return loop().idle(); }));
  EXPECT_EQ(loop().stats().parked_bytes, 0U);
}

TEST_P(engine_ends, ButManyDroppedFilesAreWritten) {
  constexpr int count = 800;
  std::vector<file> files;
  for (int i = 0; i < count; ++i) files.push_back(opened(std::to_string(i), "w"));
  if (!on_kernel()) memory()->refuse_inline(true);
  run([&]() -> task<> {
    for (std::size_t i = 0; i < count; ++i)
      co_await files[i].write("content of " + std::to_string(i));
  });
  files.clear();
  std::this_thread::sleep_for(100ms);  // so much has ended that one turn cannot go on with all
  end_engine();
  int lost = 0;
  for (int i = 0; i < count; ++i)
    lost += get(std::to_string(i)) == "content of " + std::to_string(i) ? 0 : 1;
  EXPECT_EQ(lost, 0);
}

TEST_P(engine_ends, AndAnotherOneGoesOn) {
  put("a", "text");
  engine other(options());
  EXPECT_EQ(ringfiles::run(other,
                           [&]() -> task<std::string> {
                             file f = co_await ringfiles::open(path("a"));
                             co_return co_await f.read();
                           }()),
            "text");
  end_engine();
  EXPECT_EQ(ringfiles::run(other,
                           [&]() -> task<std::string> {
                             file f = co_await ringfiles::open(path("a"));
                             co_return co_await f.read();
                           }()),
            "text");
}

TEST_P(engine_ends, DeadlinesOfAnySizeAreKept) {
  run([&]() -> task<> {
    co_await sleep_for(1ms).within(std::chrono::nanoseconds::max());
    co_await sleep_for(-1s);
    co_await expect_error(sleep_for(std::chrono::nanoseconds::max()).within(1ms), ETIMEDOUT,
                          "sleep_for", "");
    co_await expect_error(sleep_for(1h).within(-1s), ETIMEDOUT, "sleep_for", "");
  });
}

TEST_P(engine_ends, BesideOpensThatWaitForADescriptor) {
  if (!on_kernel()) GTEST_SKIP() << "there are descriptors without end in memory";
  if (with_asan) GTEST_SKIP() << "UBSan looks at objects through a pipe: it needs descriptors";
  put("a", "content");
  file held = opened("a", "rb");
  const few_descriptors few(1);
  file last = opened("a", "rb");
  open_options patient;
  patient.wait_for_descriptor = 1h;
  std::vector<owned> waiting;
  for (int i = 0; i < 10; ++i) waiting.push_back(await(open("a", "rb", patient)));
  crank();
  for (const owned& each : waiting) EXPECT_FALSE(each.done());
  end_engine();
  waiting.clear();
}

// ---- With FIFOs
// ----------------------------------------------------------------------------------

/// The other end of a FIFO: takes a little every now and then, once it was started.
class slow_reader {
 public:
  explicit slow_reader(const std::string& path) {
    ::mkfifo(path.c_str(), 0600);
    fd_ = ::open(path.c_str(), O_RDWR | O_NONBLOCK | O_CLOEXEC);
  }
  ~slow_reader() {
    stop();
    ::close(fd_);
  }
  void start() {
    thread_ = std::thread([this] {
      while (!stopping_) {
        take();
        std::this_thread::sleep_for(5ms);
      }
      while (take()) {
      }
    });
  }
  std::string stop() {
    stopping_ = true;
    if (thread_.joinable()) thread_.join();
    return seen_;
  }

 private:
  bool take() {
    char part[1 << 15];
    const ssize_t count = ::read(fd_, part, sizeof part);
    if (count > 0) seen_.append(part, static_cast<std::size_t>(count));
    return count > 0;
  }

  int fd_;
  std::string seen_;
  std::thread thread_;
  std::atomic<bool> stopping_ = false;
};

class engine_ends_with_fifos : public suite {};
CONTRACT_FOR_KERNEL(engine_ends_with_fifos);

TEST_P(engine_ends_with_fifos, WhileEverythingHangs) {
  slow_reader other(path("fifo"));
  ::mkfifo(path("lonely").c_str(), 0600);
  file reader = opened("fifo", "rb");
  file writer = opened("fifo", "wb");
  std::vector<owned> reads;
  std::vector<owned> waiting;
  reads.push_back(await(reader.read()));
  reads.push_back(await(reader.readline()));
  waiting.push_back(await(writer.write(std::string(500'000, 'x'))));
  waiting.push_back(await(writer.flush()));
  waiting.push_back(await(open("lonely", "rb")));
  waiting.push_back(await(open("lonely", "wb")));
  crank();
  reads.clear();
  other.start();
  const auto start = std::chrono::steady_clock::now();
  end_engine();
  waiting.clear();
  EXPECT_LT(std::chrono::steady_clock::now() - start, 8s);
}

TEST_P(engine_ends_with_fifos, ButAnAcceptedWriteReachesASlowReader) {
  slow_reader other(path("fifo"));
  constexpr std::size_t size = 300'000;
  {
    file writer = opened("fifo", "wb");
    const owned write = await(writer.write(pattern(size)));
    crank();
  }
  other.start();
  end_engine();
  EXPECT_BYTES(other.stop(), pattern(size));
}

}  // namespace
}  // namespace ringfiles::contract
