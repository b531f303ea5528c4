// A child of fork() goes on with an inherited engine: what its parent had in flight ends once, and
// what that sets off is the child's own.
#include <sys/wait.h>
#include <unistd.h>

#include "unit/memory_rig.hpp"

namespace ringfiles::testing {
namespace {

/// In the child. 0: all as it should be.
int go_on(memory_rig& rig, begun<std::size_t>& write, begun<void>& flush) {
  rig.disk->hold(false);
  rig.crank();
  if (!write.done() || write.number() != 0) return 1;
  if (!flush.done() || flush.number() != 0) return 2;
  if (rig.disk->get("a") != std::string(8192, '\0') + pattern(10)) return 3;
  if (!rig.loop->idle() || rig.loop->stats().in_flight != 0) return 4;
  file other = rig.opened("b", "w");
  rig.run([&]() -> task<> { co_await other.write("text"), co_await other.close(); });
  return rig.disk->get("b") == "text" ? 0 : 5;
}

// The first block is in flight, the second one full, and a write and a flush wait behind: when the
// block ends in the child, which leaves both to its parent, the write is taken and the flush sends
// it.
TEST(forked_in_memory, WhatAnInterruptionStartsIsNotInterrupted) {
  memory_rig rig;
  file f = rig.opened("a", "wb", {.buffer_bytes = 4096});
  rig.hold_everything();
  const std::string data = pattern(8192);
  auto first = begin(f.write(std::string_view(data).substr(0, 4096)));
  auto second = begin(f.write(std::string_view(data).substr(4096)));
  auto third = begin(f.write(std::string_view(data).substr(0, 10)));
  auto flush = begin(f.flush());
  rig.crank();
  ASSERT_TRUE(first.done() && second.done() && !third.done());
  const pid_t child = ::fork();
  if (child == 0) ::_exit(go_on(rig, third, flush));
  int status = 0;
  ::waitpid(child, &status, 0);
  EXPECT_EQ(status, 0) << "signal or 256 times the step";
  std::mt19937_64 random;
  rig.let_go(order::forward, random);
  EXPECT_EQ(third.number() + flush.number(), 0) << "the parent goes on";
  f = {};
  rig.expect_nothing_left();
  EXPECT_TRUE(rig.disk->get("a") == data + data.substr(0, 10));
}

}  // namespace
}  // namespace ringfiles::testing
