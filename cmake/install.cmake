# What `cmake --install` lays down, so that find_package(ringfiles) works elsewhere.
# The Asio door has its own export: a consumer without Boost can still use the core.

if(NOT TARGET ringfiles)
  return()
endif()
include(CMakePackageConfigHelpers)
set(package_dir "${CMAKE_INSTALL_LIBDIR}/cmake/ringfiles")

install(TARGETS ringfiles EXPORT ringfiles-targets FILE_SET HEADERS)
export(EXPORT ringfiles-targets NAMESPACE ringfiles::)  # for RINGFILES_CORE of another build
install(EXPORT ringfiles-targets NAMESPACE ringfiles:: DESTINATION "${package_dir}")
if(TARGET ringfiles_asio)
  install(TARGETS ringfiles_asio EXPORT ringfiles-asio-targets FILE_SET HEADERS)
  install(EXPORT ringfiles-asio-targets NAMESPACE ringfiles:: DESTINATION "${package_dir}")
endif()
if(TARGET logagg)
  install(TARGETS logagg)
endif()

configure_package_config_file(
  "${PROJECT_SOURCE_DIR}/cmake/ringfiles-config.cmake.in"
  "${PROJECT_BINARY_DIR}/ringfiles-config.cmake" INSTALL_DESTINATION "${package_dir}")
write_basic_package_version_file(
  "${PROJECT_BINARY_DIR}/ringfiles-config-version.cmake" COMPATIBILITY SameMinorVersion)
install(FILES "${PROJECT_BINARY_DIR}/ringfiles-config.cmake"
              "${PROJECT_BINARY_DIR}/ringfiles-config-version.cmake"
        DESTINATION "${package_dir}")
