// Files beside sockets in one Boost.Asio loop: a server that counts ERROR lines for its clients.
#include <array>
#include <boost/asio.hpp>
#include <iostream>
#include <ringfiles/asio.hpp>
#include <ringfiles/ringfiles.hpp>

namespace asio = boost::asio;
using asio::ip::tcp;

asio::awaitable<std::size_t> count_errors(std::filesystem::path log) {
  auto file = co_await ringfiles::open(log, "r");
  std::size_t errors = 0;
  while (auto line = co_await file.readline())
    errors += line->find("ERROR") != std::string::npos ? 1 : 0;
  co_return errors;
}

asio::awaitable<void> serve_one(tcp::acceptor& acceptor) {
  tcp::socket client = co_await acceptor.async_accept(asio::use_awaitable);
  std::string path;
  co_await asio::async_read_until(client, asio::dynamic_buffer(path), '\n', asio::use_awaitable);
  path.pop_back();
  std::string answer;
  try {
    answer = std::to_string(co_await count_errors(path)) + " errors\n";
  } catch (const ringfiles::error& problem) {
    answer = problem.code().message() + "\n";
  }
  co_await asio::async_write(client, asio::buffer(answer), asio::use_awaitable);
}

asio::awaitable<void> ask(tcp::endpoint server, std::string path) {
  tcp::socket socket(co_await asio::this_coro::executor);
  co_await socket.async_connect(server, asio::use_awaitable);
  path += '\n';
  co_await asio::async_write(socket, asio::buffer(path), asio::use_awaitable);
  std::string answer;
  co_await asio::async_read_until(socket, asio::dynamic_buffer(answer), '\n', asio::use_awaitable);
  std::cout << path.substr(0, path.size() - 1) << ": " << answer;
}

asio::awaitable<void> run_example(tcp::acceptor& acceptor) {
  co_await ringfiles::write_bytes("app.log", "INFO up\nERROR one\nERROR two\n");
  for (const char* path : {"app.log", "missing.log"}) {
    asio::co_spawn(acceptor.get_executor(), serve_one(acceptor), asio::detached);
    co_await ask(acceptor.local_endpoint(), path);
  }
}

int main() {
  asio::io_context loop;
  tcp::acceptor acceptor(loop, {asio::ip::address_v4::loopback(), 0});
  asio::co_spawn(loop, run_example(acceptor), asio::detached);
  loop.run();
}
