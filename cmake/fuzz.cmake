# Fuzzers: each tests/fuzz/NAME.cpp is a program fuzz_NAME, with libFuzzer (preset fuzz). Without,
# the same files are ringfiles_seed_tests, which runs their seeds only (tests.cmake).
#
# One line of ringfiles_tests.txt for each: "fuzzer NAME PATH", or "skipped FILE REASON".

function(ringfiles_find_libfuzzer result)
  include(CheckCXXSourceCompiles)
  set(CMAKE_REQUIRED_FLAGS -fsanitize=fuzzer)
  check_cxx_source_compiles(
    "extern \"C\" int LLVMFuzzerTestOneInput(const unsigned char*, __SIZE_TYPE__) { return 0; }"
    RINGFILES_HAS_LIBFUZZER)
  set(${result} ${RINGFILES_HAS_LIBFUZZER} PARENT_SCOPE)
endfunction()

function(ringfiles_add_fuzzer source)
  get_filename_component(name "${source}" NAME_WE)
  add_executable(fuzz_${name} "${source}" "${PROJECT_SOURCE_DIR}/tests/fuzz/libfuzzer_entry.cpp")
  ringfiles_own_code(fuzz_${name})
  ringfiles_sees_private(fuzz_${name})
  target_include_directories(fuzz_${name} PRIVATE "${PROJECT_SOURCE_DIR}/tests")
  target_link_libraries(fuzz_${name} PRIVATE ringfiles)
  target_link_options(fuzz_${name} PRIVATE -fsanitize=fuzzer)
  add_dependencies(ringfiles_fuzzers fuzz_${name})
  ringfiles_note_test("fuzzer ${name} $<TARGET_FILE:fuzz_${name}>")
endfunction()

function(ringfiles_add_fuzzers)
  file(GLOB sources CONFIGURE_DEPENDS "${PROJECT_SOURCE_DIR}/tests/fuzz/*.cpp")
  list(FILTER sources EXCLUDE REGEX "/(libfuzzer_entry|seeds_test)\\.cpp$")
  add_custom_target(ringfiles_fuzzers)
  ringfiles_find_libfuzzer(found)
  if(NOT found)
    ringfiles_skip_tests("this compiler has no libFuzzer (libclang-rt-19-dev)" ${sources})
    return()
  endif()
  foreach(source IN LISTS sources)
    ringfiles_add_fuzzer("${source}")
  endforeach()
endfunction()
