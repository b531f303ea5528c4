#include "open_function.hpp"

#include <array>
#include <chrono>
#include <string>
#include <string_view>

#include "context_manager.hpp"
#include "errors.hpp"
#include "file_object.hpp"
#include "methods.hpp"
#include "ringfiles/detail/open_path.hpp"

namespace ringfiles::python {
namespace {

/// The arguments of both functions, in this order; the package has checked them. The last two may
/// be missing, and are none of adopt()'s.
enum argument {
  arg_path,
  arg_core_mode,
  arg_type,
  arg_mode,
  arg_buffering,
  arg_encoding,
  arg_errors,
  arg_newline,
  argument_count,
  arg_patient = argument_count,
  arg_manager
};

PyObject* given(PyObject* arguments, argument which) noexcept {
  return PyTuple_GET_ITEM(arguments, which);
}

/// Borrowed, or null.
PyObject* given_or_null(PyObject* arguments, argument which) noexcept {
  return PyTuple_GET_SIZE(arguments) > which ? given(arguments, which) : nullptr;
}

/// A str as UTF-8; null for None.
const char* text_or_null(PyObject* object) noexcept {
  return object == Py_None ? nullptr : PyUnicode_AsUTF8(object);
}

codec codec_of(const char* name) noexcept {
  const std::string_view given = name;
  return given == "ascii" ? codec::ascii : given == "latin-1" ? codec::latin1 : codec::utf8;
}

newline newline_of(const char* given) noexcept {
  if (given == nullptr) return newline::universal;
  const std::string_view ends = given;
  return ends.empty()   ? newline::untranslated
         : ends == "\n" ? newline::lf
         : ends == "\r" ? newline::cr
                        : newline::crlf;
}

/// Null for strict. A name that lives as long as the program: a read that is queued when the file
/// gets another handler still has the one before.
const char* handler_of(std::string_view given) noexcept {
  static constexpr std::array<const char*, 6> names{
      "ignore",           "replace",           "surrogateescape",
      "backslashreplace", "xmlcharrefreplace", "namereplace"};
  for (const char* name : names)
    if (given == name) return name;
  return nullptr;
}

/// `encoding` is a pair: the codec's name here, and the name that the attribute tells.
void set_format(file_choices& into, PyObject* encoding, PyObject* errors, PyObject* newline) {
  into.encoding = borrow(PyTuple_GET_ITEM(encoding, 1));
  into.errors = borrow(errors);
  const char* name = PyUnicode_AsUTF8(PyTuple_GET_ITEM(encoding, 0));
  into.format.table = find_table(name);
  into.format.codec = into.format.table != nullptr ? codec::table : codec_of(name);
  into.format.errors = handler_of(PyUnicode_AsUTF8(into.errors.ptr()));
  into.format.newline = newline_of(text_or_null(newline));
}

file_choices choices_of(PyObject* arguments) {
  file_choices made;
  made.core_mode = PyUnicode_AsUTF8(given(arguments, arg_core_mode));
  made.name = borrow(given(arguments, arg_path));
  made.mode = borrow(given(arguments, arg_mode));
  made.type = borrow(given(arguments, arg_type));
  const long buffering = PyLong_AsLong(given(arguments, arg_buffering));
  made.kind = buffering == 0 ? file_kind::raw : file_kind::buffered;
  made.buffering_by_default = false;
  PyObject* encoding = given(arguments, arg_encoding);
  if (encoding == Py_None) return made;
  made.kind = file_kind::text;
  made.line_buffering = buffering == 1;
  made.buffering_by_default = buffering < 0;
  set_format(made, encoding, given(arguments, arg_errors), given(arguments, arg_newline));
  return made;
}

/// 0: the library's own choice, which grows.
std::size_t buffer_bytes(PyObject* arguments) noexcept {
  const long buffering = PyLong_AsLong(given(arguments, arg_buffering));
  return buffering > 1 ? static_cast<std::size_t>(buffering) : 0;
}

// ---- open ---------------------------------------------------------------------------------------

/// Of an open that `async with` will close: so others of its like will, too. Files that are kept
/// for long, all that there may be of them, should not keep an error secret for long.
constexpr std::chrono::seconds patience{5};

PyObject* serve_open(operation_object&) noexcept { return nullptr; }

std::unique_ptr<pending> begin_open(operation_object& self,
                                    const std::shared_ptr<loop_engine>& engine) {
  PyObject* arguments = self.object;
  PyObject* encoded = nullptr;
  if (PyUnicode_FSConverter(given(arguments, arg_path), static_cast<void*>(&encoded)) == 0)
    return nullptr;
  const owned path = steal(encoded);
  if (PySys_Audit("open", "OOi", given(arguments, arg_path), given(arguments, arg_mode), 0) < 0)
    return nullptr;
  open_options options;
  options.buffer_bytes = buffer_bytes(arguments);
  if (given_or_null(arguments, arg_patient) == Py_True) options.wait_for_descriptor = patience;
  const std::string_view mode = PyUnicode_AsUTF8(given(arguments, arg_core_mode));
  auto opening = detail::open_path(engine->core(), PyBytes_AS_STRING(path.ptr()), mode, options);
  return wait_for(std::move(opening), [engine, kept = borrow(arguments)](file&& opened) {
    PyObject* made = make_file(std::move(opened), engine, choices_of(kept.ptr()));
    PyObject* manager = given_or_null(kept.ptr(), arg_manager);
    if (made != nullptr && manager != nullptr) set_opened(manager, made);
    return made;
  });
}

constinit const operation_kind open_kind{"open", serve_open, begin_open};

owned pack(PyObject* const* values, Py_ssize_t count) noexcept {
  owned packed = steal(PyTuple_New(count));
  for (Py_ssize_t i = 0; packed && i < count; ++i)
    PyTuple_SET_ITEM(packed.ptr(), i, Py_NewRef(values[i]));
  return packed;
}

PyObject* open_file(PyObject*, PyObject* const* values, Py_ssize_t count) noexcept {
  if (count != argument_count && count != argument_count + 1) return PyErr_BadArgument(), nullptr;
  const owned arguments = pack(values, count);
  return arguments ? make_operation(open_kind, nullptr, arguments.ptr()) : nullptr;
}

}  // namespace

PyObject* make_open(PyObject* path, PyObject* plan, bool patient, PyObject* manager) noexcept {
  const owned arguments = steal(PyTuple_New(arg_manager + 1));
  if (!arguments) return nullptr;
  const auto set = [&](Py_ssize_t at, PyObject* value) noexcept {
    PyTuple_SET_ITEM(arguments.ptr(), at, Py_NewRef(value));
  };
  set(arg_path, path);
  for (Py_ssize_t at = arg_path + 1; at < argument_count; ++at)
    set(at, PyTuple_GET_ITEM(plan, at - 1));
  set(arg_patient, patient ? Py_True : Py_False);
  set(arg_manager, manager);
  return make_operation(open_kind, nullptr, arguments.ptr());
}

bool is_as_planned(PyObject* opened, PyObject* plan) noexcept {
  return plan != nullptr && plan != Py_None &&
         reinterpret_cast<PyObject*>(Py_TYPE(opened)) == PyTuple_GET_ITEM(plan, arg_type - 1);
}

namespace {

// ---- reconfigure --------------------------------------------------------------------------------

/// reformat(file, encoding, errors, newline, line_buffering, write_through): not awaited.
PyObject* reformat(PyObject*, PyObject* const* values, Py_ssize_t count) noexcept {
  if (count != 6) return PyErr_BadArgument(), nullptr;
  file_choices& choices = file_of(values[0]).open->choices;
  set_format(choices, values[1], values[2], values[3]);
  choices.line_buffering = PyObject_IsTrue(values[4]) == 1;
  choices.write_through = PyObject_IsTrue(values[5]) == 1;
  Py_RETURN_NONE;
}

/// add_table(codec, decoding, encoding): not awaited.
PyObject* add_codec_table(PyObject*, PyObject* const* values, Py_ssize_t count) noexcept {
  if (count != 3) return PyErr_BadArgument(), nullptr;
  const char* name = PyUnicode_AsUTF8(values[0]);
  if (name == nullptr || !add_table(name, values[1], values[2])) return nullptr;
  Py_RETURN_NONE;
}

// ---- adopt --------------------------------------------------------------------------------------

/// adopt(descriptor, …, closefd): not awaited.
PyObject* adopt_file(PyObject*, PyObject* const* values, Py_ssize_t count) noexcept {
  if (count != argument_count + 2) return PyErr_BadArgument(), nullptr;
  const auto engine = loop_engine::of_running_loop();
  if (!engine) return nullptr;
  const long descriptor = PyLong_AsLong(values[argument_count]);
  const owned arguments = pack(values, argument_count);
  if (!arguments || PyErr_Occurred() != nullptr) return nullptr;
  try {
    const file_choices choices = choices_of(arguments.ptr());
    adopt_options options;
    options.close_descriptor = PyObject_IsTrue(values[argument_count + 1]) == 1;
    options.buffer_bytes = buffer_bytes(arguments.ptr());
    return make_file(ringfiles::adopt(engine->core(), static_cast<int>(descriptor),
                                      choices.core_mode, std::move(options)),
                     engine, choices);
  } catch (...) {
    raise_current(values[arg_path]);
    return nullptr;
  }
}

}  // namespace

PyMethodDef open_functions[] = {
    {"open", as_method(open_file), METH_FASTCALL,
     "open(path, core_mode, type, mode, buffering, encoding, errors, newline, patient=False): "
     "awaitable of a file."},
    {"adopt", as_method(adopt_file), METH_FASTCALL,
     "adopt(…, descriptor, closefd): a file over a descriptor; arguments as open()'s before that."},
    {"reformat", as_method(reformat), METH_FASTCALL,
     "reformat(file, encoding, errors, newline, line_buffering, write_through)"},
    {"add_table", as_method(add_codec_table), METH_FASTCALL,
     "add_table(codec, decoding, encoding): a codec of one byte for each character. `decoding` is "
     "a "
     "str of 256, `encoding` what codecs.charmap_encode() takes. Files may be opened with it "
     "then."},
    {"open_later", as_method(open_later), METH_FASTCALL,
     "open_later(type, make_coroutine, arguments, plan): a context manager of that type. Its file "
     "is opened by the engine if `plan` is what open() takes behind the path; else by "
     "make_coroutine(*arguments, entered)."},
    {nullptr, nullptr, 0, nullptr},
};

}  // namespace ringfiles::python
