# The benchmarks: one program, meant for an optimised build.

if(RINGFILES_BUILD_BENCH AND TARGET ringfiles)
  ringfiles_glob(bench_sources "${PROJECT_SOURCE_DIR}/bench/*.cpp")
  if(bench_sources)
    add_executable(ringfiles_bench ${bench_sources})
    ringfiles_own_code(ringfiles_bench)
    ringfiles_sees_private(ringfiles_bench)
    target_link_libraries(
      ringfiles_bench PRIVATE ringfiles::ringfiles benchmark::benchmark_main)
    if(TARGET ringfiles_asio)
      target_link_libraries(ringfiles_bench PRIVATE ringfiles::asio)
    endif()
  else()
    ringfiles_say_skipped(ringfiles_bench "bench/ is empty")
  endif()
endif()

# bench/programs/NAME.cpp becomes BUILD/bench/NAME: whole programs, timed beside others.
if(RINGFILES_BUILD_BENCH AND TARGET ringfiles)
  ringfiles_glob(bench_programs "${PROJECT_SOURCE_DIR}/bench/programs/*.cpp")
  foreach(source IN LISTS bench_programs)
    get_filename_component(name "${source}" NAME_WE)
    add_executable(bench_${name} "${source}")
    ringfiles_own_code(bench_${name})
    set_target_properties(
      bench_${name} PROPERTIES OUTPUT_NAME ${name}
                               RUNTIME_OUTPUT_DIRECTORY "${PROJECT_BINARY_DIR}/bench")
    target_link_libraries(bench_${name} PRIVATE ringfiles::ringfiles)
  endforeach()
endif()
