// The extension module ringfiles._ringfiles.
#include <nanobind/nanobind.h>
#include <nanobind/stl/string.h>

#include "ringfiles/backend.hpp"

namespace nb = nanobind;

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

}  // namespace

NB_MODULE(_ringfiles, module) {
  module.def("version", [] { return RINGFILES_VERSION; }, "The version of the library.");
  module.def("backend_report", &report_as_dict, "Which back end serves, and why.");
}
