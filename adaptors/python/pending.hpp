// A call of the core that an awaitable waits for, and how its outcome becomes a Python object.
#pragma once

#include <memory>

#include "errors.hpp"
#include "python.hpp"
#include "ringfiles/operation.hpp"

namespace ringfiles::python {

class pending {
 public:
  virtual ~pending() = default;
  pending(const pending&) = delete;
  pending& operator=(const pending&) = delete;

  virtual detail::call_base& call() noexcept = 0;
  /// What the ended call gave. Null without an exception: another call follows, see `next()`.
  virtual PyObject* result(PyObject* filename) noexcept = 0;
  virtual std::unique_ptr<pending> next() { return nullptr; }

 protected:
  pending() = default;
};

/// `Convert` makes a new reference of the value, or null with an exception set.
template <class T, class Convert>
class converted_call final : public pending {
 public:
  converted_call(operation<T> made, Convert convert)
      : made_(std::move(made)), convert_(std::move(convert)) {}

  detail::call_base& call() noexcept override { return *made_.call().get(); }
  PyObject* result(PyObject* filename) noexcept override {
    try {
      if constexpr (std::is_void_v<T>) {
        made_.call()->take();
        return convert_();
      } else {
        return convert_(made_.call()->take());
      }
    } catch (...) {
      raise_current(filename);
      return nullptr;
    }
  }

 private:
  operation<T> made_;
  Convert convert_;
};

template <class T, class Convert>
std::unique_ptr<pending> wait_for(operation<T> made, Convert convert) {
  return std::make_unique<converted_call<T, Convert>>(std::move(made), std::move(convert));
}

inline std::unique_ptr<pending> wait_for(operation<void> made) {
  return wait_for(std::move(made), [] { return new_reference(Py_None); });
}

}  // namespace ringfiles::python
