// Write a file, read it back: the article's quick_read.py.
#include <iostream>
#include <ringfiles/ringfiles.hpp>

ringfiles::task<std::string> read_file(std::filesystem::path path) {
  auto file = co_await ringfiles::open(path, "r");
  co_return co_await file.read();
}

ringfiles::task<> run_example() {
  auto file = co_await ringfiles::open("sample.txt", "w");
  co_await file.write("Hello from ringfiles!\nLine two.\nLine three.");
  co_await file.close();  // here, and not at the end of the scope, to learn of errors

  std::cout << co_await read_file("sample.txt") << '\n';
}

int main() { ringfiles::run(run_example()); }
