# What a builder may choose, and the settings that hold for every target.

option(RINGFILES_WERROR "Treat warnings as errors" OFF)
option(RINGFILES_URING "Build the io_uring back end when liburing is there" ON)
option(RINGFILES_PCH "Precompile the heavy headers of the tests" ON)
option(RINGFILES_BUILD_PYTHON "Build the Python extension, and nothing else" OFF)
option(RINGFILES_BUILD_TOOLS "Build the programs under tools/" ${PROJECT_IS_TOP_LEVEL})
option(RINGFILES_BUILD_EXAMPLES "Build the programs under examples/" ${PROJECT_IS_TOP_LEVEL})
option(RINGFILES_BUILD_TESTS "Build the tests" ${PROJECT_IS_TOP_LEVEL})
option(RINGFILES_BUILD_BENCH "Build the benchmarks" OFF)
option(RINGFILES_FUZZ "Build the fuzzers; needs RINGFILES_SANITIZE=fuzzer-no-link,…" OFF)
set(RINGFILES_CORE "" CACHE PATH "A build tree that has the core already (scripts/python-build)")
if(RINGFILES_BUILD_PYTHON)
  set(RINGFILES_BUILD_TOOLS OFF)
  set(RINGFILES_BUILD_EXAMPLES OFF)
  set(RINGFILES_BUILD_TESTS OFF)
  set(RINGFILES_BUILD_BENCH OFF)
  set(CMAKE_CXX_VISIBILITY_PRESET hidden)
  set(CMAKE_VISIBILITY_INLINES_HIDDEN ON)
endif()
set(RINGFILES_SANITIZE "" CACHE STRING "Sanitizers, for example address,undefined or thread")

if(NOT CMAKE_BUILD_TYPE AND NOT CMAKE_CONFIGURATION_TYPES)
  set(CMAKE_BUILD_TYPE RelWithDebInfo CACHE STRING "Build type" FORCE)
endif()

set(CMAKE_CXX_STANDARD 20)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)
set(CMAKE_POSITION_INDEPENDENT_CODE ON)
include(GNUInstallDirs)

if(PROJECT_IS_TOP_LEVEL)
  set(CMAKE_RUNTIME_OUTPUT_DIRECTORY "${PROJECT_BINARY_DIR}")
endif()

# Sanitizers must see every object, so they are the one thing set for the whole tree.
if(RINGFILES_SANITIZE)
  add_compile_options(
    -fsanitize=${RINGFILES_SANITIZE} -fno-sanitize-recover=all -fno-omit-frame-pointer)
  add_link_options(-fsanitize=${RINGFILES_SANITIZE})
endif()

# The compiler cache may look through precompiled headers only when it is told that their
# time stamps mean nothing (the "Precompiled headers" chapter of its manual).
find_program(RINGFILES_CCACHE ccache)
if(RINGFILES_CCACHE AND PROJECT_IS_TOP_LEVEL AND NOT CMAKE_CXX_COMPILER_LAUNCHER)
  set(CMAKE_CXX_COMPILER_LAUNCHER
      "${CMAKE_COMMAND}" -E env "CCACHE_BASEDIR=${PROJECT_SOURCE_DIR}" "CCACHE_NOHASHDIR=1"
      "CCACHE_SLOPPINESS=pch_defines,time_macros,include_file_mtime,include_file_ctime"
      "${RINGFILES_CCACHE}")
  set(RINGFILES_CCACHE_FLAGS
      $<$<CXX_COMPILER_ID:GNU>:-fpch-preprocess>
      "$<$<CXX_COMPILER_ID:Clang>:SHELL:-Xclang -fno-pch-timestamp>")
endif()
