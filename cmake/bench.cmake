# The benchmarks, meant for an optimised build: bench/*.cpp make one program, and each of
# bench/programs/NAME.cpp makes BUILD/bench/NAME, for comparisons with other programs.

function(ringfiles_link_bench target)
  ringfiles_own_code(${target})
  ringfiles_sees_private(${target})
  target_link_libraries(${target} PRIVATE ringfiles::ringfiles)
  if(TARGET ringfiles_asio)
    target_link_libraries(${target} PRIVATE ringfiles::asio)
  endif()
endfunction()

function(ringfiles_add_bench_program source)
  get_filename_component(name "${source}" NAME_WE)
  add_executable(bench_${name} "${source}")
  ringfiles_link_bench(bench_${name})
  set_target_properties(
    bench_${name} PROPERTIES OUTPUT_NAME ${name}
                             RUNTIME_OUTPUT_DIRECTORY "${PROJECT_BINARY_DIR}/bench")
endfunction()

if(RINGFILES_BUILD_BENCH AND TARGET ringfiles)
  set(bench_root "${PROJECT_SOURCE_DIR}/bench")
  file(GLOB bench_sources CONFIGURE_DEPENDS "${bench_root}/*.cpp")
  file(GLOB bench_programs CONFIGURE_DEPENDS "${bench_root}/programs/*.cpp")
  if(bench_sources)
    add_executable(ringfiles_bench ${bench_sources})
    ringfiles_link_bench(ringfiles_bench)
    target_link_libraries(ringfiles_bench PRIVATE benchmark::benchmark_main)
  else()
    ringfiles_say_skipped(ringfiles_bench "bench/ is empty")
  endif()
  foreach(source IN LISTS bench_programs)
    ringfiles_add_bench_program("${source}")
  endforeach()
endif()
