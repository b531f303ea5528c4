// faultfs: a FUSE mirror of a folder whose calls fail, stall and lie on command.
//
//     faultfs [--direct] [--timeout=SECONDS] [--until-eof] BACKING MOUNT
//
// stays in the foreground until SIGTERM or SIGINT, then answers what it holds with EIO and
// unmounts. Faults are scripted by writing to MOUNT/.faultctl (language: faultfs/fault_rules.hpp;
// a bad line is EINVAL); reading it gives the counters of each rule and the number of calls held.
//
//     --direct      direct_io: reads and writes reach the rules one to one. Without it the page
//                   cache of the kernel sits in between. FAULTFS_DIRECT=1 is the same.
//     --timeout=S   how long the kernel may cache names and attributes. The default 0 makes each
//                   path walk and each stat a call that can be counted and broken.
//     --until-eof   ends as well when its standard input ends: no mount survives its test.
//
// Held calls occupy no thread (faultfs/parked_requests.hpp), so hung calls disturb no other.
#include <sys/resource.h>

#include <cstdio>
#include <cstdlib>
#include <thread>

#include "faultfs/mirror.hpp"
#include "faultfs/mirror_files.hpp"
#include "faultfs/mirror_names.hpp"
#include "standard_input.hpp"

namespace faultfs {
namespace {

// The kernel sends no more than this many asynchronous requests (direct I/O of io_uring, read
// ahead) at a time and queues the rest. Its default of 12 would let 12 hung reads stall all files.
constexpr unsigned background_requests = 65535;

// Threads of the session: they only ever wait for the backing folder.
constexpr unsigned session_threads = 8;

// One descriptor for each file the kernel remembers and one for each open file.
constexpr rlim_t wanted_descriptors = 1 << 18;

void on_init(void*, fuse_conn_info* connection) {
  connection->max_background = background_requests;
  connection->congestion_threshold = background_requests;
  // So that O_TRUNC comes as a truncate of its own, which reaches the file and can be broken.
  connection->want &= ~static_cast<unsigned>(FUSE_CAP_ATOMIC_O_TRUNC);
}

constexpr fuse_lowlevel_ops make_operations() {
  fuse_lowlevel_ops ops{};
  ops.init = on_init;
  ops.lookup = on_lookup;
  ops.forget = on_forget;
  ops.getattr = on_getattr;
  ops.setattr = on_setattr;
  ops.readlink = on_readlink;
  ops.mknod = on_mknod;
  ops.mkdir = on_mkdir;
  ops.unlink = on_unlink;
  ops.rmdir = on_rmdir;
  ops.symlink = on_symlink;
  ops.rename = on_rename;
  ops.link = on_link;
  ops.open = on_open;
  ops.create = on_create;
  ops.read = on_read;
  ops.write = on_write;
  ops.flush = on_flush;
  ops.release = on_release;
  ops.fsync = on_fsync;
  ops.fallocate = on_fallocate;
  ops.statfs = on_statfs;
  ops.opendir = on_opendir;
  ops.readdir = on_readdir;
  ops.releasedir = on_releasedir;
  ops.fsyncdir = on_fsyncdir;
  return ops;
}

bool parse_options(int argc, char** argv) {
  // NOLINTNEXTLINE(concurrency-mt-unsafe): no other thread runs yet
  const char* direct = std::getenv("FAULTFS_DIRECT");
  options.direct_io = direct != nullptr && std::string_view(direct) == "1";
  int next = 1;
  for (; next < argc && argv[next][0] == '-'; ++next) {
    const std::string_view word = argv[next];
    if (word == "--direct") {
      options.direct_io = true;
    } else if (word.starts_with("--timeout=")) {
      options.timeout_s = std::atof(argv[next] + 10);
    } else if (word == "--until-eof") {
      options.until_eof = true;
    } else {
      return false;
    }
  }
  if (argc - next != 2) return false;
  options.backing = argv[next];
  options.mount = argv[next + 1];
  return true;
}

void raise_descriptor_limit() {
  rlimit wanted{wanted_descriptors, wanted_descriptors};
  if (::setrlimit(RLIMIT_NOFILE, &wanted) == 0) return;  // needs CAP_SYS_RESOURCE
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
  limit.rlim_cur = limit.rlim_max;
  (void)::setrlimit(RLIMIT_NOFILE, &limit);
}

void start_helper_threads() {
  ringfiles::tools::start_without_signals([] {
    parked.start();
    if (options.until_eof) std::thread(ringfiles::tools::end_with_standard_input).detach();
  });
}

int serve(fuse_session* session) {
  if (::fuse_set_signal_handlers(session) != 0) return 1;
  if (::fuse_session_mount(session, options.mount) != 0) return 1;
  start_helper_threads();
  fuse_loop_config* config = ::fuse_loop_cfg_create();
  ::fuse_loop_cfg_set_max_threads(config, session_threads);
  const int result = ::fuse_session_loop_mt(session, config);
  ::fuse_loop_cfg_destroy(config);
  parked.abort_all(EIO);
  ::fuse_session_unmount(session);
  return result < 0 ? 1 : 0;
}

int run() {
  // As root the mount serves all users, and the kernel checks the modes for them.
  const char* mount_options =
      ::geteuid() == 0 ? "-ofsname=faultfs,allow_other,default_permissions" : "-ofsname=faultfs";
  const char* words[] = {"faultfs", mount_options};
  fuse_args args = FUSE_ARGS_INIT(2, const_cast<char**>(words));
  const fuse_lowlevel_ops operations = make_operations();
  fuse_session* session = ::fuse_session_new(&args, &operations, sizeof operations, &parked);
  ::fuse_opt_free_args(&args);
  if (session == nullptr) return 1;
  const int status = serve(session);
  ::fuse_remove_signal_handlers(session);
  ::fuse_session_destroy(session);
  return status;
}

}  // namespace
}  // namespace faultfs

int main(int argc, char** argv) {
  if (!faultfs::parse_options(argc, argv)) {
    std::fprintf(stderr,
                 "usage: faultfs [--direct] [--timeout=S] [--until-eof] "
                 "BACKING MOUNT\n");
    return 2;
  }
  if (!faultfs::inodes.open_root(faultfs::options.backing)) {
    std::perror(faultfs::options.backing);
    return 1;
  }
  ::umask(0);
  faultfs::raise_descriptor_limit();
  return faultfs::run();
}
