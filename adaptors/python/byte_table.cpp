#include "byte_table.hpp"

#include <map>
#include <new>
#include <string>

namespace ringfiles::python {
namespace {

// With the GIL, which is what keeps threads apart here.
std::map<std::string, byte_table, std::less<>>& known_tables() {
  static auto& known = *new std::map<std::string, byte_table, std::less<>>;
  return known;
}

}  // namespace

bool add_table(std::string_view codec, PyObject* decoding, PyObject* encoding) noexcept {
  byte_table made;
  const auto size = static_cast<Py_ssize_t>(made.letters.size());
  if (PyUnicode_Check(decoding) == 0 || PyUnicode_GET_LENGTH(decoding) != size)
    return PyErr_BadArgument(), false;
  for (Py_ssize_t byte = 0; byte < size; ++byte)
    made.letters[static_cast<std::size_t>(byte)] = PyUnicode_READ_CHAR(decoding, byte);
  made.decoding = decoding;
  made.encoding = encoding;
  try {
    if (!known_tables().emplace(codec, made).second) return true;
  } catch (const std::bad_alloc&) {
    return PyErr_NoMemory(), false;
  }
  Py_INCREF(decoding);
  Py_INCREF(encoding);
  return true;
}

const byte_table* find_table(std::string_view codec) noexcept {
  const auto& known = known_tables();
  const auto found = known.find(codec);
  return found == known.end() ? nullptr : &found->second;
}

PyObject* decode_by(const byte_table& table, std::string_view bytes, const char* errors) noexcept {
  return PyUnicode_DecodeCharmap(bytes.data(), static_cast<Py_ssize_t>(bytes.size()),
                                 table.decoding, errors);
}

// The interface of C has no error handlers for this, the module of the codecs has.
PyObject* encode_by(const byte_table& table, PyObject* text, const char* errors) noexcept {
  static PyObject* module = nullptr;  // kept; tried again if memory was short
  if (module == nullptr) module = PyImport_ImportModule("_codecs");
  if (module == nullptr) return nullptr;
  const owned pair =
      steal(PyObject_CallMethod(module, "charmap_encode", "OsO", text,
                                errors == nullptr ? "strict" : errors, table.encoding));
  return pair ? Py_NewRef(PyTuple_GET_ITEM(pair.ptr(), 0)) : nullptr;
}

}  // namespace ringfiles::python
