// Runs every target on its seeds, with any compiler and without libFuzzer. What a fuzzer once broke
// is a seed with a name.
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <ostream>

#include "fuzz/target.hpp"

namespace ringfiles::fuzzing {
namespace {

namespace fs = std::filesystem;

struct seed {
  const target* of;
  fs::path path;
};

void PrintTo(const seed& one, std::ostream* out) { *out << one.path.filename(); }

std::vector<seed> all_seeds() {
  std::vector<seed> found;
  for (const target* one : target::all())
    for (const auto& entry : fs::directory_iterator(fs::path(RINGFILES_SEEDS) / one->name))
      found.push_back({one, entry.path()});
  std::ranges::sort(found, {}, &seed::path);
  return found;
}

std::string name_of(const testing::TestParamInfo<seed>& info) {
  std::string name(info.param.of->name);
  name += '_' + info.param.path.stem().string();
  std::ranges::replace_if(name, [](unsigned char letter) { return !std::isalnum(letter); }, '_');
  return name;
}

class seeds : public testing::TestWithParam<seed> {};

TEST_P(seeds, keep_the_promise) {
  std::ifstream file(GetParam().path, std::ios::binary);
  const std::string bytes{std::istreambuf_iterator<char>(file), {}};
  ASSERT_TRUE(file);
  GetParam().of->check(input(bytes));
}

INSTANTIATE_TEST_SUITE_P(all, seeds, testing::ValuesIn(all_seeds()), name_of);

TEST(seeds, of_every_target_there_are_some) {
  const std::vector<seed> found = all_seeds();
  EXPECT_FALSE(target::all().empty());
  for (const target* one : target::all())
    EXPECT_TRUE(std::ranges::count(found, one, &seed::of) > 0) << one->name;
}

}  // namespace
}  // namespace ringfiles::fuzzing
