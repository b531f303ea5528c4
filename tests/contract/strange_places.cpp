#include "strange_places.hpp"

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string_view>

#include "run_python.hpp"

namespace ringfiles::contract {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view program = R"(
import io, os, sys, threading

def say(value):
    if value is None: return "nothing"
    if isinstance(value, str): value = value.encode("utf-8", "surrogatepass")
    return "bytes " + value.hex() if isinstance(value, bytes) else "number %d" % value

def attempt(call):
    try: return say(call())
    except (io.UnsupportedOperation, UnicodeError): return "refused"
    except OSError as error:  # EINVAL and ESPIPE: others refuse a position by themselves
        return "refused" if error.errno in (22, 29) else "errno %d" % error.errno
    except (ValueError, OverflowError): return "refused"

def perform(f, step):
    call, number, whence, data = step.split(":")
    number, data = int(number), bytes.fromhex(data)
    payload = data.decode() if isinstance(f, io.TextIOBase) else data
    return attempt(lambda: {
        "r": lambda: f.read(number), "l": lambda: f.readline(number),
        "w": lambda: f.write(payload), "s": lambda: f.seek(number, int(whence)), "t": f.tell,
        "T": lambda: f.truncate(None if number < 0 else number), "f": f.flush, "c": f.close,
        "k": lambda: os.close(f.fileno())}[call]())

def peer(which, path, got):
    with open(path, "wb" if which == "w" else "rb") as f:
        if which == "w": f.write(b"of the peer\n")
        else: got.append(say(f.read()))

def run(tree, line):
    path, mode, beside, *steps = line.split(" ")
    path = bytes.fromhex(path[1:]).replace(b"@", os.fsencode(tree), 1)
    os.chdir(tree)
    if beside == "d":
        os.chdir("folder/empty")
        os.rmdir("../empty")
    got = []
    other = threading.Thread(target=peer, args=(beside, path, got))
    if beside in "wr": other.start()
    opened = []
    words = [attempt(lambda: opened.append(open(path, mode)))]
    if opened:
        words += [perform(opened[0], step) for step in steps]
        attempt(opened[0].close)
    if beside in "wr": other.join()
    return words + got

for number, line in enumerate(open(sys.argv[1])):
    if number == 0: folder = line.rstrip("\n")
    else: print(";".join(run(folder + "/%d" % (number - 1), line.rstrip("\n"))), flush=True)
os.chdir("/")
)";

const std::string long_name(255, 'n');

/// A path of exactly so many bytes to the file "plain".
std::string path_of(std::size_t size) {
  std::string path = size % 2 == 0 ? ".//" : "./";
  while (path.size() + 5 < size) path += "./";
  return path + "plain";
}

/// What is tried on each of them, in each mode.
std::vector<std::string> grid_paths() {
  return {"plain",
          "empty",
          "missing",
          "",
          "@/plain",
          "folder",
          "folder/",
          "folder/inner",
          "folder/..",
          "folder/../plain",
          ".",
          "..//../",
          "missing/file",
          "plain/file",
          "plain/",
          "missing/",
          "link",
          "link_to_link",
          "absolute",
          "dangling",
          "loop",
          "loop/file",
          "folder_link",
          "folder_link/inner",
          "folder_link/",
          "trailing",
          "socket",
          long_name,
          long_name + "n",
          "folder/" + long_name + "n/file",
          path_of(4095),
          path_of(4096),
          std::string(5000, 'p'),
          "\xff\xfe",
          "new\xff",
          "line\nfeed",
          " ",
          "-",
          "d\xc3\xa9j\xc3\xa0",
          std::string("plain\0tail", 10),
          "/dev/null",
          "/dev/full",
          "/dev/tty",
          "/proc/self/fd/987654",
          "/proc/missing"};
}

constexpr std::array grid_modes{"r", "rb", "w", "a", "x", "r+", "w+b", "a+b"};

step read_some(std::int64_t size) { return {'r', size}; }
step write(std::string data) { return {'w', -1, 0, std::move(data)}; }
step seek(std::int64_t to, int from = 0) { return {'s', to, from}; }
constexpr std::int64_t gib = std::int64_t{1} << 30;

std::vector<place> fifo_places() {
  const std::vector<step> reads{read_some(3), {'l'}, read_some(-1), read_some(5), {'t'}, seek(0)};
  const std::vector<step> writes{write("to the peer\n"), {'f'}, {'t'}, seek(0),
                                 read_some(1),           {'c'}};
  std::vector<place> made;
  for (const char* mode : {"r", "rb"}) made.push_back({"fifo", mode, reads, 'w'});
  for (const char* mode : {"w", "wb", "a", "ab"}) made.push_back({"fifo", mode, writes, 'r'});
  made.push_back({"fifo_link", "r", reads, 'w'});
  made.push_back({"fifo_link", "w", writes, 'r'});
  for (const char* mode : {"x", "xb", "x+", "x+b"}) made.push_back({"fifo", mode, {}});
  made.push_back({"fifo/", "r", {}});
  made.push_back({"fifo/x", "w", {}});
  return made;
}

std::vector<place> size_places() {
  return {
      {"sparse", "rb", {seek(4 * gib + 1), read_some(10), {'t'}, read_some(-1)}},
      {"sparse", "r", {seek(4 * gib - 5), {'l'}, {'l'}, {'l'}}},
      {"sparse", "rb", {seek(-3, 2), read_some(-1), {'t'}, read_some(1)}},
      {"big", "wb", {seek(5 * gib - 3), write("across"), {'f'}, {'t'}}},
      {"big", "w+b", {seek(2 * gib - 1), write("x"), seek(2 * gib - 3), read_some(9)}},
      {"plain", "rb", {seek(1000), read_some(10), {'t'}}},
      {"plain", "rb", {seek(1024 * gib), read_some(1)}},
      {"plain", "rb", {seek(-2), {'t'}}},
      {"plain", "rb", {seek(-100, 2), {'t'}}},
      {"plain", "r+b", {{'T', gib}, seek(0, 2), {'t'}, {'T', 3}, read_some(5), seek(0), {'l'}}},
      {"plain", "r+b", {seek(20), write("hole"), seek(0), read_some(-1)}},
      {"plain", "a+b", {seek(0), write("end"), {'t'}, seek(0), read_some(-1)}},
      {"plain", "ab", {{'t'}, seek(0), {'t'}, write("x"), {'f'}, {'t'}}},
      {"plain", "rb", {{'T', 3}}},
      {"plain", "rb", {read_some(0), read_some(1), {'l', 0}, {'l', 2}}},
      {"plain", "r+b", {{'k'}, read_some(1)}},
      {"plain", "wb", {write("lost"), {'k'}, {'f'}}},
      {"plain", "rb", {{'c'}, read_some(1), {'t'}, seek(0), {'c'}}},
      {"/proc/version", "r", {read_some(-1), {'t'}, read_some(1)}},
      {"/proc/sys/kernel/ostype", "r", {{'l'}, {'l'}, seek(0), read_some(3)}},
      {"/proc/self/mem", "rb", {read_some(1)}},
      {"/proc/sys/kernel", "r", {}},
      {"/sys/kernel/mm/transparent_hugepage/enabled", "rb", {read_some(-1), seek(0), {'l'}}},
      {"/sys/kernel/mm/missing", "w", {}},
      {"/dev/zero", "rb", {read_some(10), read_some(100'000)}},
      {"/dev/full", "rb", {read_some(4)}},
      {"/dev/full", "wb", {write(std::string(1000, 'x')), {'f'}, {'c'}}},
      {"/dev/null", "w+b", {write("x"), {'f'}, read_some(1)}},
      {"file", "w", {}, 'd'},
      {".", "r", {}, 'd'},
      {"../inner", "r", {read_some(-1)}, 'd'},
      {"@/plain", "r", {read_some(-1)}, 'd'},
  };
}

std::vector<std::string> split(const std::string& line) {
  std::vector<std::string> words;
  std::istringstream in(line);
  for (std::string word; std::getline(in, word, ';');) words.push_back(word);
  return words;
}

void put(const std::string& path, std::string_view content) { std::ofstream(path) << content; }

void make_socket(const std::string& path) {
  sockaddr_un address{};
  if (path.size() >= sizeof address.sun_path) return;  // a tree without it
  const int server = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  address.sun_family = AF_UNIX;
  path.copy(address.sun_path, sizeof address.sun_path - 1);
  ::bind(server, reinterpret_cast<sockaddr*>(&address), sizeof address);
  ::close(server);
}

std::string describe(const fs::directory_entry& entry, const std::string& folder) {
  std::string said = to_hex(entry.path().string().substr(folder.size()));
  const fs::file_status about = entry.symlink_status();
  said += " kind " + std::to_string(static_cast<int>(about.type()));
  if (about.type() != fs::file_type::regular) return said;
  std::ifstream in(entry.path(), std::ios::binary);
  std::array<char, 100> front;
  in.read(front.data(), front.size());
  const std::string_view read(front.data(), static_cast<std::size_t>(in.gcount()));
  return said + " size " + std::to_string(entry.file_size()) + " " + to_hex(read);
}

}  // namespace

std::string place::text() const {
  std::string line = "=" + to_hex(path) + " " + mode + " " + beside;
  for (const step& next : steps)
    line += std::string(" ") + next.call + ":" + std::to_string(next.number) + ":" +
            std::to_string(next.from) + ":" + to_hex(next.data);
  return line;
}

std::vector<place> strange_places(bool thorough) {
  std::vector<place> places;
  std::size_t number = 0;
  for (const std::string& path : grid_paths()) {
    for (const char* const mode : grid_modes)
      if (number++ % 2 == 0 || thorough)
        places.push_back({path, mode, {read_some(100), write("data\n"), {'f'}, {'c'}}});
    ++number;  // of the next one the others
  }
  for (const auto& more : {fifo_places(), size_places()})
    places.insert(places.end(), more.begin(), more.end());
  return places;
}

void build_tree(const std::string& folder) {
  fs::create_directories(folder + "/folder/empty");
  put(folder + "/plain", "hello\nworld\n");
  put(folder + "/empty", "");
  put(folder + "/folder/inner", "inner\n");
  put(folder + "/\xff\xfe", "named by bytes\n");
  put(folder + "/" + long_name, "long\n");
  const std::array<std::array<std::string, 2>, 9> links{{{"plain", "link"},
                                                         {"link", "link_to_link"},
                                                         {folder + "/plain", "absolute"},
                                                         {"nowhere", "dangling"},
                                                         {"loop", "loop"},
                                                         {"folder", "folder_link"},
                                                         {"plain/", "trailing"},
                                                         {"fifo", "fifo_link"},
                                                         {"folder/missing", "dangling_below"}}};
  for (const auto& [target, name] : links) fs::create_symlink(target, folder + "/" + name);
  ::mkfifo((folder + "/fifo").c_str(), 0600);
  make_socket(folder + "/socket");
  put(folder + "/sparse", "");
  fs::resize_file(folder + "/sparse", 4 * gib);
  std::ofstream(folder + "/sparse", std::ios::app) << "\nbehind\nthe hole";
}

std::string describe_tree(const std::string& folder) {
  std::vector<std::string> entries;
  for (const auto& entry : fs::recursive_directory_iterator(folder))
    entries.push_back(describe(entry, folder));
  std::sort(entries.begin(), entries.end());
  std::string all;
  for (const std::string& one : entries) all += one + "\n";
  return all;
}

std::string play_peer(char which, const std::string& path) {
  const int fd = ::open(path.c_str(), (which == 'w' ? O_WRONLY : O_RDONLY) | O_CLOEXEC);
  std::string got;
  std::array<char, 4096> part;
  if (which == 'w') (void)!::write(fd, "of the peer\n", 12);
  if (which == 'r')
    for (ssize_t size = 0; (size = ::read(fd, part.data(), part.size())) > 0;)
      got.append(part.data(), static_cast<std::size_t>(size));
  ::close(fd);
  return got;
}

std::optional<std::vector<std::vector<std::string>>> ask_python(const std::vector<place>& places,
                                                                const std::string& folder) {
  std::string input = folder + "\n";
  for (const place& next : places) input += next.text() + "\n";
  const auto output = run_python(program, input);
  if (!output) return std::nullopt;
  std::vector<std::vector<std::string>> results;
  std::istringstream answers(*output);
  for (std::string line; std::getline(answers, line);) results.push_back(split(line));
  if (results.size() != places.size()) return std::nullopt;
  return results;
}

}  // namespace ringfiles::contract
