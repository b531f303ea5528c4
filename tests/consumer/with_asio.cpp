// Uses the installed Asio door.
#include <boost/asio.hpp>
#include <cstdio>
#include <ringfiles/asio.hpp>
#include <ringfiles/file.hpp>
#include <string>

namespace {

boost::asio::awaitable<std::size_t> own_size() {
  auto file = co_await ringfiles::open("/proc/self/comm", "rb");
  const std::string name = co_await file.read();
  co_await file.close();
  co_return name.size();
}

}  // namespace

int main() {
  boost::asio::io_context context;
  auto size = boost::asio::co_spawn(context, own_size(), boost::asio::use_future);
  context.run();
  return size.get() > 1 ? 0 : 1;
}
