#include "suspension.hpp"

namespace ringfiles::python {

suspension::~suspension() {
  const bool was_waiting = linked_;
  leave();
  // What it would have brought is for the next call: also when it ended, and nobody was told.
  if (call_ && (was_waiting || ended_)) call_->call().abandon();
}

PyObject* suspension::begin() noexcept {
  future_ = steal(engine_->create_future());
  if (!future_) return nullptr;
  engine_->link(*this);
  linked_ = true;
  ended_ = false;
  call_->call().start({resume, this});
  return future_.ptr();
}

void suspension::leave() noexcept {
  if (std::exchange(linked_, false)) engine_->unlink(*this);
}

void suspension::resume(void* self) noexcept {
  auto& waiting = *static_cast<suspension*>(self);
  waiting.leave();
  waiting.ended_ = true;
  wake(std::move(waiting.future_));
}

// By value: what follows may end the awaitable.
void suspension::wake(owned future) noexcept {
  static PyObject* const done = PyUnicode_InternFromString("done");
  static PyObject* const set_result = PyUnicode_InternFromString("set_result");
  const owned is_done = steal(PyObject_CallMethodNoArgs(future.ptr(), done));
  if (is_done.is_valid() && is_done.ptr() == Py_False)
    steal(PyObject_CallMethodOneArg(future.ptr(), set_result, Py_None));
  if (PyErr_Occurred() != nullptr) PyErr_WriteUnraisable(future.ptr());
}

// The future leads to the task, and the task to the awaitable: that circle ends here, and with it,
// perhaps, this object.
void suspension::loop_closed() noexcept {
  leave();
  const owned future = std::move(future_);
  const std::unique_ptr<pending> call = std::move(call_);
  call->call().abandon();
}

}  // namespace ringfiles::python
