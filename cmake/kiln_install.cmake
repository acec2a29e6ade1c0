# cmake --install build/release --prefix DIR
#   The program with its runtimes (component `kiln`), and the SDK for find_package(kiln) (component `sdk`). What isn't
#   built yet is built first, so that a prefix gets everything or nothing.
include(GNUInstallDirs)
include(CMakePackageConfigHelpers)

# The SDK and the clients, as kiln::sdk, kiln::postgres, …
set(libraries)
foreach(name sdk late_libraries sqlite idempotency tasks heap_sampler postgres redis http aws s3 dynamodb lambda_client cloudwatch sns)
  if(TARGET kiln_${name})
    set_target_properties(kiln_${name} PROPERTIES EXPORT_NAME ${name})
    list(APPEND libraries kiln_${name})
  endif()
endforeach()
add_custom_target(kiln_installed)
add_dependencies(kiln_installed kiln runtimes ${libraries})

foreach(component kiln sdk)
  install(CODE "
    execute_process(COMMAND \"${CMAKE_COMMAND}\" --build \"${CMAKE_BINARY_DIR}\" --target kiln_installed
                    RESULT_VARIABLE code OUTPUT_VARIABLE output ERROR_VARIABLE output)
    if(NOT code EQUAL 0)
      message(FATAL_ERROR \"\${output}\\nNothing was installed: the build above failed.\")
    endif()" COMPONENT ${component})
endforeach()

install(TARGETS kiln RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR} COMPONENT kiln)

# Manual pages and completions are made by the program itself.
set(documents ${CMAKE_BINARY_DIR}/documents)
install(CODE "
  file(MAKE_DIRECTORY \"${documents}\")
  execute_process(COMMAND \"${CMAKE_BINARY_DIR}/kiln\" reference man \"${documents}/man1\" COMMAND_ERROR_IS_FATAL ANY)
  foreach(shell bash zsh fish)
    execute_process(COMMAND \"${CMAKE_BINARY_DIR}/kiln\" completion \${shell} OUTPUT_FILE \"${documents}/kiln.\${shell}\"
                    COMMAND_ERROR_IS_FATAL ANY)
  endforeach()" COMPONENT kiln)
install(DIRECTORY ${documents}/man1 DESTINATION ${CMAKE_INSTALL_MANDIR} COMPONENT kiln)
install(FILES ${documents}/kiln.bash DESTINATION ${CMAKE_INSTALL_DATADIR}/bash-completion/completions RENAME kiln
        COMPONENT kiln)
install(FILES ${documents}/kiln.zsh DESTINATION ${CMAKE_INSTALL_DATADIR}/zsh/site-functions RENAME _kiln COMPONENT kiln)
install(FILES ${documents}/kiln.fish DESTINATION ${CMAKE_INSTALL_DATADIR}/fish/vendor_completions.d COMPONENT kiln)
install(FILES packaging/systemd/kiln.service DESTINATION lib/systemd/system COMPONENT kiln)

install(DIRECTORY ${CMAKE_SOURCE_DIR}/include/kiln DESTINATION ${CMAKE_INSTALL_INCLUDEDIR} COMPONENT sdk)
install(TARGETS ${libraries} EXPORT kilnTargets ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR} COMPONENT sdk
        OBJECTS DESTINATION ${CMAKE_INSTALL_LIBDIR}/kiln COMPONENT sdk)
set(package ${CMAKE_INSTALL_LIBDIR}/cmake/kiln)
install(EXPORT kilnTargets NAMESPACE kiln:: DESTINATION ${package} COMPONENT sdk)
configure_package_config_file(cmake/kilnConfig.cmake.in ${CMAKE_BINARY_DIR}/kilnConfig.cmake INSTALL_DESTINATION ${package})
write_basic_package_version_file(${CMAKE_BINARY_DIR}/kilnConfigVersion.cmake COMPATIBILITY SameMinorVersion)
install(FILES ${CMAKE_BINARY_DIR}/kilnConfig.cmake ${CMAKE_BINARY_DIR}/kilnConfigVersion.cmake cmake/kiln_lambda.cmake
              cmake/kiln_package.cmake DESTINATION ${package} COMPONENT sdk)
