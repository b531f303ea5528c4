# Tests. A new file in one of the folders below is in its target at the next build; which
# folders there are is written once, here. checks/every_test_built.py reads the calls.
#
#   tests/unit      -> ringfiles_unit_tests       tests/asio    -> ringfiles_asio_tests
#   tests/contract  -> ringfiles_contract_tests   tests/logagg  -> logagg_tests
#   tests/faults    -> ringfiles_fault_tests
#   tests/fuzz      -> ringfiles_seed_tests       and a fuzzer for each file: fuzz.cmake
#   tests/tools     -> one executable for each file, with the folder of its name

set(RINGFILES_TEST_MANIFEST "${PROJECT_BINARY_DIR}/ringfiles_tests.txt")

# One line for each test binary ("binary NAME PATH") and each file that is left out
# ("skipped FILE REASON"); scripts/run_tests.py and checks/every_test_built.py read them.
function(ringfiles_note_test line)
  set_property(GLOBAL APPEND PROPERTY RINGFILES_TEST_LINES "${line}")
endfunction()

function(ringfiles_skip_tests reason)
  foreach(source IN LISTS ARGN)
    file(RELATIVE_PATH name "${PROJECT_SOURCE_DIR}" "${source}")
    ringfiles_note_test("skipped ${name} ${reason}")
    ringfiles_say_skipped(${name} "${reason}")
  endforeach()
endfunction()

function(ringfiles_add_tests target folder)
  cmake_parse_arguments(arg "" "" "NEEDS;PCH" ${ARGN})
  ringfiles_glob(sources "${PROJECT_SOURCE_DIR}/${folder}/*.cpp")
  foreach(needed IN LISTS arg_NEEDS)
    if(sources AND NOT TARGET ${needed})
      ringfiles_skip_tests("there is no ${needed}" ${sources})
      return()
    endif()
  endforeach()
  list(LENGTH sources count)
  if(count EQUAL 0)
    ringfiles_say_skipped(${target} "${folder} is empty")
    return()
  endif()
  add_executable(${target} ${sources})
  ringfiles_own_code(${target})
  ringfiles_sees_private(${target})
  target_include_directories(${target} PRIVATE "${PROJECT_SOURCE_DIR}/tests")
  target_link_libraries(${target} PRIVATE ${arg_NEEDS} GTest::gmock_main)
  if(RINGFILES_PCH AND count GREATER 2)
    target_precompile_headers(${target} PRIVATE <gtest/gtest.h> ${arg_PCH})
  endif()
  add_dependencies(ringfiles_tests ${target})
  ringfiles_note_test("binary ${target} $<TARGET_FILE:${target}>")
endfunction()

# What a helper program must be linked with, told from what its files include.
function(ringfiles_test_tool_library result)
  set(found ringfiles)
  set(foreign "fuse|seccomp|liburing|boost/|ringfiles/asio")
  foreach(file IN LISTS ARGN)
    file(STRINGS "${file}" includes REGEX "^#include [<\"](${foreign})")
    if("${includes}" MATCHES "<fuse")
      list(APPEND found PkgConfig::FUSE3)
    elseif("${includes}" MATCHES "<seccomp")
      list(APPEND found PkgConfig::SECCOMP)
    elseif("${includes}" MATCHES "<liburing")
      list(APPEND found PkgConfig::LIBURING)
    elseif(includes)
      list(APPEND found ringfiles_asio)
    endif()
  endforeach()
  list(REMOVE_DUPLICATES found)
  set(${result} ${found} PARENT_SCOPE)
endfunction()

# A helper program of the system tests: NAME.cpp, and what a folder NAME beside it holds.
function(ringfiles_add_test_tool source)
  get_filename_component(name "${source}" NAME_WE)
  set(folder "${PROJECT_SOURCE_DIR}/tests/tools")
  ringfiles_glob(parts "${folder}/${name}/*.cpp" "${folder}/${name}/*.h*")
  ringfiles_test_tool_library(libraries "${source}" ${parts})
  foreach(library IN LISTS libraries)
    if(NOT TARGET ${library})
      ringfiles_skip_tests("${library} is missing" "${source}")
      return()
    endif()
  endforeach()
  add_executable(${name} "${source}" ${parts})
  ringfiles_own_code(${name})
  target_include_directories(${name} PRIVATE "${folder}" "${PROJECT_SOURCE_DIR}/tests")
  target_link_libraries(${name} PRIVATE ${libraries})
  file(STRINGS "${source}" private REGEX "^#include \"text/")
  if(private)
    ringfiles_sees_private(${name})
  endif()
  add_dependencies(ringfiles_test_tools ${name})
endfunction()

if(RINGFILES_BUILD_TESTS AND TARGET ringfiles)
  add_custom_target(ringfiles_tests)
  add_custom_target(ringfiles_test_tools)

  ringfiles_add_tests(ringfiles_unit_tests tests/unit NEEDS ringfiles)
  ringfiles_add_tests(ringfiles_contract_tests tests/contract NEEDS ringfiles)
  ringfiles_add_tests(ringfiles_fault_tests tests/faults NEEDS ringfiles)
  ringfiles_add_tests(
    ringfiles_asio_tests tests/asio NEEDS ringfiles_asio PCH <boost/asio.hpp>)
  ringfiles_add_tests(logagg_tests tests/logagg NEEDS logagg_core)
  ringfiles_add_tests(ringfiles_seed_tests tests/fuzz NEEDS ringfiles)
  set_property(
    SOURCE "${PROJECT_SOURCE_DIR}/tests/fuzz/seeds_test.cpp"
    PROPERTY COMPILE_DEFINITIONS "RINGFILES_SEEDS=\"${PROJECT_SOURCE_DIR}/tests/fuzz/seeds\"")
  if(RINGFILES_FUZZ)
    include(fuzz)
    ringfiles_add_fuzzers()
  endif()

  file(GLOB test_tool_sources CONFIGURE_DEPENDS "${PROJECT_SOURCE_DIR}/tests/tools/*.cpp")
  foreach(source IN LISTS test_tool_sources)
    ringfiles_add_test_tool("${source}")
  endforeach()

  get_property(lines GLOBAL PROPERTY RINGFILES_TEST_LINES)
  list(JOIN lines "\n" lines)
  file(GENERATE OUTPUT "${RINGFILES_TEST_MANIFEST}" CONTENT "${lines}\n")
endif()
