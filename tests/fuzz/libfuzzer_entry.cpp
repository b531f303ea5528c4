// Where libFuzzer comes in: the one target that it is linked with.
#include "fuzz/target.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  using namespace ringfiles::fuzzing;
  const auto* text = reinterpret_cast<const char*>(bytes);
  target::all().front()->check(input({size == 0 ? "" : text, size}));
  return 0;
}
