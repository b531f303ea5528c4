// Cancels a call at each point at which it can wait, and lets what is in flight end afterwards.
#pragma once

#include <stop_token>
#include <string>
#include <tuple>
#include <vector>

#include "unit/memory_rig.hpp"

namespace ringfiles::testing {

/// How the file system serves: each operation stays in flight until it is released, so does each
/// part of a transfer, or everything is at hand and only the budget of a turn makes callers wait.
enum class served { held, in_parts, at_once };
/// How a caller gives up.
enum class by { stop_request, destruction };

using cancelling_param = std::tuple<served, by, order>;

inline std::string name_of(const ::testing::TestParamInfo<cancelling_param>& info) {
  constexpr const char* serves[] = {"held", "in_parts", "at_once"};
  constexpr const char* ends[] = {"stopped", "destroyed"};
  constexpr const char* orders[] = {"forward", "backward", "random"};
  const auto& [serving, ending, ordering] = info.param;
  return std::string(serves[static_cast<int>(serving)]) + "_" + ends[static_cast<int>(ending)] +
         "_" + orders[static_cast<int>(ordering)];
}

/// Every suite of cancellations runs in all of these ways.
#define CANCELLED_IN_ALL_WAYS(name)                                                          \
  INSTANTIATE_TEST_SUITE_P(                                                                  \
      calls, name,                                                                           \
      ::testing::Combine(::testing::Values(served::held, served::in_parts, served::at_once), \
                         ::testing::Values(by::stop_request, by::destruction),               \
                         ::testing::Values(order::forward, order::backward, order::random)), \
      name_of)

class cancelling : public ::testing::TestWithParam<cancelling_param> {
 protected:
  using file_list = std::vector<file>;
  static constexpr std::size_t part_bytes = 50'000;
  static constexpr std::size_t most_points = 1250;

  static file_list one(file f) {
    file_list files;
    files.push_back(std::move(f));
    return files;
  }

  served serving() const { return std::get<served>(GetParam()); }
  by giving_up() const { return std::get<by>(GetParam()); }
  order ordering() const { return std::get<order>(GetParam()); }

  /// `prepare(rig)` opens files without waiting; `call(rig, files)` makes the operation;
  /// `verify(rig, files, ended)` looks at what is left, with nothing held any more.
  template <class Prepare, class Call, class Verify>
  void at_every_point(Prepare prepare, Call call, Verify verify) {
    std::size_t point = 0;
    for (bool complete = false; !complete && !HasFailure(); point = next_place(point)) {
      SCOPED_TRACE("cancelled after step " + std::to_string(point));
      complete = cancel_at(point, prepare, call, verify);
      ASSERT_LT(point, most_points);
    }
    EXPECT_GE(point, 2U) << "the call waited nowhere";
  }

  void start_serving(memory_rig& rig) const {
    rig.spend_budget();  // the first wait of all is for the next turn
    if (serving() == served::at_once) return;
    rig.hold_everything();
    if (serving() == served::in_parts) rig.disk->limit_transfers(part_bytes);
  }

  /// The caller goes at this moment; what it had in flight ends, and files are usable again.
  template <class T>
  void give_up(memory_rig& rig, begun<T>& running, std::stop_source& stop) {
    const bool complete = running.done();
    if (giving_up() == by::destruction) {
      running.destroy();
      EXPECT_EQ(running.done(), complete);
      return;
    }
    stop.request_stop();
    rig.crank();
    EXPECT_TRUE(running.done()) << "the caller has control back";
    // If not, it had ended in a turn that took too long to tell it.
    if (!complete && running.failed()) {
      EXPECT_EQ(running.number(), ECANCELED);
    }
  }

  std::mt19937_64 random_{20'26};

 private:
  /// True if the call had ended before its `point`-th step.
  template <class Prepare, class Call, class Verify>
  bool cancel_at(std::size_t point, Prepare& prepare, Call& call, Verify& verify) {
    memory_rig rig;
    auto files = prepare(rig);
    start_serving(rig);
    std::stop_source stop;
    auto running = begin(call(rig, files).stopped_by(stop.get_token()));
    for (std::size_t i = 0; i < point && !running.done(); ++i) {
      if (!rig.step(ordering(), random_)) break;
    }
    const bool complete = running.done();
    give_up(rig, running, stop);
    rig.let_go(ordering(), random_);
    verify(rig, files, running);
    files.clear();
    rig.expect_nothing_left();
    return complete;
  }
};

/// The value that a call gave; nothing if it was cancelled.
template <class T>
std::optional<T> value_of(begun<T>& ended) {
  if (!ended.done() || ended.failed()) return std::nullopt;
  return ended.take();
}

}  // namespace ringfiles::testing
