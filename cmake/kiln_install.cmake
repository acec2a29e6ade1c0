# cmake --install build/release --prefix DIR: the program, its runtimes, the SDK for find_package(kiln).
include(GNUInstallDirs)
include(CMakePackageConfigHelpers)

install(TARGETS kiln RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})
install(DIRECTORY ${CMAKE_BINARY_DIR}/runtimes DESTINATION ${CMAKE_INSTALL_DATADIR}/kiln USE_SOURCE_PERMISSIONS
        PATTERN "*.cmake" EXCLUDE PATTERN "CMakeFiles" EXCLUDE)
install(DIRECTORY ${CMAKE_SOURCE_DIR}/include/kiln DESTINATION ${CMAKE_INSTALL_INCLUDEDIR})

# The SDK and the clients, as kiln::sdk, kiln::postgres, …
set(libraries)
foreach(name sdk sqlite idempotency tasks heap_sampler postgres redis http aws s3 dynamodb lambda_client cloudwatch sns)
  if(TARGET kiln_${name})
    set_target_properties(kiln_${name} PROPERTIES EXPORT_NAME ${name})
    list(APPEND libraries kiln_${name})
  endif()
endforeach()
install(TARGETS ${libraries} EXPORT kilnTargets ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR}
        OBJECTS DESTINATION ${CMAKE_INSTALL_LIBDIR}/kiln)
set(package ${CMAKE_INSTALL_LIBDIR}/cmake/kiln)
install(EXPORT kilnTargets NAMESPACE kiln:: DESTINATION ${package})
configure_package_config_file(cmake/kilnConfig.cmake.in ${CMAKE_BINARY_DIR}/kilnConfig.cmake INSTALL_DESTINATION ${package})
write_basic_package_version_file(${CMAKE_BINARY_DIR}/kilnConfigVersion.cmake COMPATIBILITY SameMinorVersion)
install(FILES ${CMAKE_BINARY_DIR}/kilnConfig.cmake ${CMAKE_BINARY_DIR}/kilnConfigVersion.cmake cmake/kiln_lambda.cmake
              cmake/kiln_package.cmake DESTINATION ${package})
