// Errors as they are: the article's safe_read.py.
#include <iostream>
#include <optional>
#include <ringfiles/ringfiles.hpp>

ringfiles::task<std::string> read_with(std::filesystem::path path, std::string_view mode) {
  auto file = co_await ringfiles::open(path, mode);
  co_return co_await file.read();
}

ringfiles::task<std::optional<std::string>> safe_read(std::filesystem::path path) {
  bool not_text = false;
  try {
    co_return co_await read_with(path, "r");
  } catch (const ringfiles::error& problem) {
    if (problem.code() == std::errc::no_such_file_or_directory)
      std::cout << "File not found: " << path.string() << '\n';
    else if (problem.code() == std::errc::permission_denied)
      std::cout << "Permission denied: " << path.string() << '\n';
    else if (problem.code() == ringfiles::errc::not_utf8)
      not_text = true;
    else
      throw;
  }
  if (not_text) co_return co_await read_with(path, "rb");  // the bytes are still there
  co_return std::nullopt;
}

ringfiles::task<> run_example() {
  const auto missing = co_await safe_read("missing_file.txt");
  std::cout << "Missing file result: " << missing.value_or("none") << '\n';

  auto file = co_await ringfiles::open("valid.txt", "w");
  co_await file.write("valid content");
  co_await file.close();
  std::cout << "Valid file result: " << (co_await safe_read("valid.txt")).value() << '\n';
  co_await ringfiles::write_bytes("latin1.txt", "caf\xe9");
  std::cout << "Bytes of latin1.txt: " << (co_await safe_read("latin1.txt"))->size() << '\n';
}

int main() { ringfiles::run(run_example()); }
