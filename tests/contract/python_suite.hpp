// A suite whose tests are scripts that CPython's open() and ours must answer alike.
#pragma once

#include <string>
#include <vector>

#include "fixture.hpp"
#include "python.hpp"

namespace ringfiles::contract {

class python_suite : public suite {
 protected:
  void compare(const std::vector<script>& scripts);
  /// What ringfiles gives for one of them, in a folder without the file.
  std::vector<std::string> answer(const script& wanted);

 private:
  task<std::string> perform(file& f, const step& wanted);
  task<std::vector<std::string>> play(const script& wanted);
  std::uint64_t mark_ = 0;
};

}  // namespace ringfiles::contract
