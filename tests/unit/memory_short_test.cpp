// Copies whose every transfer is cut to between 1 and 4096 bytes: a gigabyte, a hundred times over,
// in a long run.
#include <cstdio>

#include "memory_rig.hpp"
#include "text_vectors.hpp"
#include "tools/probe/copying.hpp"

namespace ringfiles::testing {
namespace {

TEST(ShortTransfers, LeaveACopyAsItIs) {
  const std::size_t size = soak() ? std::size_t{1} << 30 : (sanitized ? 4U : 64U) << 20;
  const std::uint64_t runs = soak() ? 100 : 4;
  const std::string content = pattern(size);
  const auto disk = std::make_shared<memory_filesystem>();
  engine loop({.backend = backend_kind::memory, .memory = disk});
  const engine::scope scope(loop);
  disk->put("source", content);
  for (std::uint64_t seed = 0; seed < runs; ++seed) {
    disk->limit_transfers(4096, seed);
    run(loop, probe::copy_file("source", "target", seed));
    ASSERT_TRUE(*disk->get("target") == content) << "run " << seed;
  }
  EXPECT_GT(disk->calls(opcode::read), runs * (size / 4096));
  std::printf("%llu copies of %zu bytes, %zu reads, %zu writes\n",
              static_cast<unsigned long long>(runs), size, disk->calls(opcode::read),
              disk->calls(opcode::write));
}

}  // namespace
}  // namespace ringfiles::testing
