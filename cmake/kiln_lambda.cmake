# kiln_lambda(TARGET [STATIC] [LIBRARIES name …] [ZIP file])
#   Makes the executable TARGET a Lambda function: links the SDK, and packs TARGET.zip beside it (or ZIP), ready for
#   `kiln create`, `aws lambda create-function --zip-file fileb://TARGET.zip` and the CDK (runtime provided.al2023).
#   STATIC links everything statically, libc too: the fastest start and the smallest memory, for functions that neither
#   load libraries at run time nor resolve host names. LIBRARIES are shared libraries that the function opens at run
#   time (libpq.so.5): they and what they need go into lib/ of the package.
#   Amazon Linux 2023 has glibc 2.34. The build looks at the versions of the symbols that are used; where they ask for
#   more, the package brings its own libc and loader, and `bootstrap` is a script that starts the program with them.
set(KILN_PACKAGE_SCRIPT ${CMAKE_CURRENT_LIST_DIR}/kiln_package.cmake)

function(kiln_lambda target)
  cmake_parse_arguments(ARG "STATIC" "ZIP" "LIBRARIES" ${ARGN})
  if(ARG_UNPARSED_ARGUMENTS)
    message(FATAL_ERROR "kiln_lambda(${target}): unknown argument ${ARG_UNPARSED_ARGUMENTS}; it takes STATIC, LIBRARIES and ZIP")
  endif()
  if(ARG_STATIC AND ARG_LIBRARIES)
    message(FATAL_ERROR "kiln_lambda(${target}): a STATIC program can't load LIBRARIES at run time; leave one of them out")
  endif()
  if(TARGET kiln::sdk)
    target_link_libraries(${target} PRIVATE kiln::sdk)
  else()
    target_link_libraries(${target} PRIVATE kiln_sdk)
  endif()
  target_compile_options(${target} PRIVATE -ffunction-sections -fdata-sections)
  target_link_options(${target} PRIVATE -Wl,--gc-sections $<$<CONFIG:Release>:-s>)
  # The sanitizers bring their own shared run times.
  if(NOT KILN_SANITIZE AND NOT KILN_FUZZ)
    if(ARG_STATIC)
      target_link_options(${target} PRIVATE -static -no-pie)
    else()
      target_link_options(${target} PRIVATE -static-libstdc++ -no-pie -Wl,-z,now -Wl,--as-needed)
    endif()
  endif()
  if(ARG_LIBRARIES)
    # Those of the package come before the platform's, and so do what they need: DT_RPATH, not DT_RUNPATH.
    set_property(TARGET ${target} APPEND PROPERTY BUILD_RPATH "$ORIGIN/lib")
    target_link_options(${target} PRIVATE -Wl,--disable-new-dtags)
  endif()
  string(REPLACE ";" "," libraries "${ARG_LIBRARIES}")
  set(zip ${CMAKE_CURRENT_BINARY_DIR}/${target}.zip)
  if(ARG_ZIP)
    set(zip ${ARG_ZIP})
  endif()
  add_custom_command(OUTPUT ${zip}
    COMMAND ${CMAKE_COMMAND} -DPROGRAM=$<TARGET_FILE:${target}> -DZIP=${zip} -DLIBRARIES=${libraries}
            -P ${KILN_PACKAGE_SCRIPT}
    DEPENDS ${target} ${KILN_PACKAGE_SCRIPT} VERBATIM COMMENT "Packing ${target}.zip")
  add_custom_target(${target}_package ALL DEPENDS ${zip})
  set_property(TARGET ${target} PROPERTY KILN_PACKAGE ${zip})
endfunction()
