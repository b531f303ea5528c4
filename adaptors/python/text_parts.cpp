#include "text_parts.hpp"

#include <algorithm>
#include <cstring>

#include "ringfiles/detail/huge_pages.hpp"

namespace ringfiles::python {
namespace {

/// Fewer characters are joined at once: 256 Ki take some 50 µs.
constexpr Py_ssize_t least_long_characters = 256 * 1024;
/// Parts that are dropped at once. From the last on, since what lies at the end of the heap goes
/// back to the kernel; the other way round all of it would go when the last part does.
constexpr Py_ssize_t dropped_parts = 64;

template <class From, class To>
void widen(const void* from, Py_ssize_t count, void* into) noexcept {
  std::copy_n(static_cast<const From*>(from), count, static_cast<To*>(into));
}

void copy_characters(PyObject* part, int kind, void* into) noexcept {
  const void* from = PyUnicode_DATA(part);
  const Py_ssize_t count = PyUnicode_GET_LENGTH(part);
  const int from_kind = PyUnicode_KIND(part);
  if (from_kind == kind)
    std::memcpy(into, from, static_cast<std::size_t>(count * kind));
  else if (kind == PyUnicode_2BYTE_KIND)
    widen<Py_UCS1, Py_UCS2>(from, count, into);
  else if (from_kind == PyUnicode_1BYTE_KIND)
    widen<Py_UCS1, Py_UCS4>(from, count, into);
  else
    widen<Py_UCS2, Py_UCS4>(from, count, into);
}

}  // namespace

bool text_parts::add(PyObject* text) noexcept {
  if (!parts_) parts_ = steal(PyList_New(0));
  if (!parts_ || PyList_Append(parts_.ptr(), text) < 0) return false;
  characters_ += PyUnicode_GET_LENGTH(text);
  widest_ = std::max(widest_, static_cast<Py_UCS4>(PyUnicode_MAX_CHAR_VALUE(text)));
  return true;
}

text_parts::progress text_parts::step() noexcept {
  if (!text_) {
    if (characters_ < least_long_characters || PyList_GET_SIZE(parts_.ptr()) == 1)
      return join_at_once() ? progress::done : progress::failed;
    return make_room() ? progress::working : progress::failed;
  }
  if (!copied_) return progress::working;  // work() has not been called yet
  const Py_ssize_t count = PyList_GET_SIZE(parts_.ptr());
  const Py_ssize_t left = std::max<Py_ssize_t>(count - dropped_parts, 0);
  if (PyList_SetSlice(parts_.ptr(), left, count, nullptr) < 0) return progress::failed;
  return left > 0 ? progress::working : progress::done;
}

bool text_parts::join_at_once() noexcept {
  if (!parts_) {
    text_ = steal(PyUnicode_New(0, 0));
  } else if (PyList_GET_SIZE(parts_.ptr()) == 1) {
    text_ = borrow(PyList_GET_ITEM(parts_.ptr(), 0));
  } else {
    static PyObject* const nothing = PyUnicode_InternFromString("");
    text_ = steal(PyUnicode_Join(nothing, parts_.ptr()));
  }
  return text_.is_valid();
}

bool text_parts::make_room() noexcept {
  text_ = steal(PyUnicode_New(characters_, widest_));
  if (!text_) return false;
  detail::prefer_huge_pages(PyUnicode_DATA(text_.ptr()),
                            static_cast<std::size_t>(characters_) *
                                static_cast<std::size_t>(PyUnicode_KIND(text_.ptr())));
  return true;
}

void text_parts::work() noexcept {
  if (!text_ || copied_) return;
  const int kind = PyUnicode_KIND(text_.ptr());
  auto* into = static_cast<char*>(PyUnicode_DATA(text_.ptr()));
  const Py_ssize_t count = PyList_GET_SIZE(parts_.ptr());
  for (Py_ssize_t i = 0; i < count; ++i) {
    PyObject* part = PyList_GET_ITEM(parts_.ptr(), i);
    copy_characters(part, kind, into);
    into += PyUnicode_GET_LENGTH(part) * kind;
  }
  copied_ = true;
}

}  // namespace ringfiles::python
