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
