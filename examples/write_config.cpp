// A JSON configuration, written and read back: the article's write_config.py.
#include <iostream>
#include <ringfiles/ringfiles.hpp>

ringfiles::task<> save_config(std::filesystem::path path, std::string json) {
  const std::size_t size = json.size();
  // Atomic: after a crash the path holds all of the old configuration or all of the new.
  co_await ringfiles::write_bytes(path, std::move(json), {.atomic = true});
  std::cout << "Saved " << size << " bytes to " << path.string() << '\n';
}

/// What stands behind "key": a JSON library would do this in a real program.
std::string value_of(std::string_view json, std::string_view key) {
  const std::size_t at = json.find("\"" + std::string(key) + "\": ") + key.size() + 4;
  std::string value(json.substr(at, json.find_first_of(",\n", at) - at));
  std::erase(value, '"');
  return value;
}

ringfiles::task<> run_example() {
  const std::string config = R"({
  "host": "localhost",
  "port": 8080,
  "debug": false,
  "allowed_origins": [
    "https://example.com",
    "https://app.example.com"
  ]
})";
  co_await save_config("config.json", config);

  auto file = co_await ringfiles::open("config.json");
  const std::string loaded = co_await file.read();
  std::cout << "Loaded back: " << value_of(loaded, "host") << ' ' << value_of(loaded, "port")
            << '\n';
}

int main() { ringfiles::run(run_example()); }
