// The extension module ringfiles._ringfiles.
#include <nanobind/stl/string.h>

#include <algorithm>

#include "context_manager.hpp"
#include "file_object.hpp"
#include "open_function.hpp"
#include "operation_object.hpp"
#include "python.hpp"
#include "ringfiles/backend.hpp"

namespace nb = nanobind;
using namespace ringfiles::python;

namespace {

nb::dict refusal_as_dict(const ringfiles::backend_refusal& refusal) {
  nb::dict result;
  result["what"] = refusal.what;
  result["number"] = refusal.number;
  result["likely_cause"] = refusal.likely_cause;
  return result;
}

nb::dict report_as_dict() {
  const ringfiles::backend_choice choice = ringfiles::backend_report();
  nb::list refused;
  for (const auto& refusal : choice.refused) refused.append(refusal_as_dict(refusal));
  nb::dict result;
  result["kind"] = ringfiles::to_string(choice.kind);
  result["why"] = choice.why;
  result["refused"] = refused;
  return result;
}

/// What the engines of all loops that are open have done.
nb::dict statistics_as_dict() {
  static constexpr const char* rungs[] = {"buffer", "inline", "ring", "pool", "poll", "memory"};
  nb::dict served;
  nb::dict result;
  std::uint64_t counts[ringfiles::rung_count] = {};
  std::size_t in_flight = 0;
  std::size_t parked = 0;
  std::uint64_t longest_ns = 0;
  loop_engine::for_each([&](loop_engine& engine) {
    if (engine.is_closed()) return;
    const ringfiles::statistics now = engine.core().stats();
    for (std::size_t i = 0; i < ringfiles::rung_count; ++i) counts[i] += now.served[i];
    in_flight += now.in_flight;
    parked += now.parked;
    longest_ns = std::max(longest_ns, now.longest_turn_ns);
  });
  for (std::size_t i = 0; i < ringfiles::rung_count; ++i) served[rungs[i]] = counts[i];
  result["served"] = served;
  result["in_flight"] = in_flight;
  result["parked"] = parked;
  result["longest_turn_ns"] = longest_ns;
  return result;
}

}  // namespace

NB_MODULE(_ringfiles, module) {
  if (!make_reader_type() || !loop_engine::forget_after_fork() ||
      !add_operation_type(module.ptr()) || !add_file_types(module.ptr()) ||
      !add_context_manager_type(module.ptr()) ||
      PyModule_AddFunctions(module.ptr(), open_functions) < 0)
    throw nb::python_error();
  module.def("statistics", &statistics_as_dict, "What the open loops' engines have served.");
  module.def("version", [] { return RINGFILES_VERSION; }, "The version of the library.");
  module.def("backend_report", &report_as_dict, "Which back end serves, and why.");
}
