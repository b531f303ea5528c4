// Text and binary: the article's read_modes.py.
#include <cstdio>
#include <iostream>
#include <ringfiles/ringfiles.hpp>

ringfiles::task<std::string> read_text(std::filesystem::path path) {
  auto file = co_await ringfiles::open(path, "r");  // UTF-8, checked; newlines become '\n'
  co_return co_await file.read();
}

ringfiles::task<std::string> read_header(std::filesystem::path path) {
  auto file = co_await ringfiles::open(path, "rb");
  co_return co_await file.read(8);  // the first 8 bytes
}

ringfiles::task<> write_file(std::filesystem::path path, std::string_view mode,
                             std::string content) {
  auto file = co_await ringfiles::open(path, mode);
  co_await file.write(std::move(content));
  co_await file.close();
}

ringfiles::task<> run_example() {
  co_await write_file("notes.txt", "w", "io_uring is non-blocking\nringfiles keeps it that way\n");
  std::cout << "Text: " << co_await read_text("notes.txt");

  co_await write_file("data.bin", "wb", "\x89PNG\r\n\x1a\n");  // PNG magic bytes
  std::cout << "Header bytes:";
  for (char byte : co_await read_header("data.bin"))
    std::printf(" %02x", static_cast<unsigned>(byte) & 0xffU);
  std::puts("");
}

int main() {
  std::cout << std::unitbuf;  // in step with printf
  ringfiles::run(run_example());
}
