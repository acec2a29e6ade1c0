# kiln_lambda(TARGET [STATIC] [SYMBOLS] [LIBRARIES name …] [ZIP file])
#   Makes the executable TARGET a Lambda function: links the SDK, and packs TARGET.zip beside it (or ZIP), ready for
#   `kiln create`, `aws lambda create-function --zip-file fileb://TARGET.zip` and the CDK (runtime provided.al2023).
#   STATIC links everything statically, libc too: the fastest start and the smallest memory, for functions that neither
#   load libraries at run time nor resolve host names, so none with a client of AWS, PostgreSQL or Redis. LIBRARIES are shared libraries that the function opens at run
#   time (libpq.so.5): they and what they need go into lib/ of the package.
#   The package is stripped. Its symbols are beside it, in TARGET.debug (or ZIP with .debug for .zip): Kiln reads stack
#   traces with them, and gdb finds them. Debug information is of what is compiled with -g, as TARGET's own sources are.
#   SYMBOLS puts them into the package, too, as bootstrap.debug: for functions that name their own places wherever they run,
#   as those with kiln::heap_sampler do.
#   Amazon Linux 2023 has glibc 2.34. The build looks at the versions of the symbols that are used; where they ask for
#   more, the package brings its own libc and loader, and `bootstrap` is a script that starts the program with them.
set(KILN_PACKAGE_SCRIPT ${CMAKE_CURRENT_LIST_DIR}/kiln_package.cmake)

# All targets that `target` is linked with, itself included, into `out`.
function(kiln_linked_targets target out)
  set(open ${target})
  set(seen)
  while(open)
    list(POP_FRONT open one)
    if(NOT TARGET ${one})
      continue()
    endif()
    get_target_property(real ${one} ALIASED_TARGET)
    if(real)
      set(one ${real})
    endif()
    if(one IN_LIST seen)
      continue()
    endif()
    list(APPEND seen ${one})
    foreach(property LINK_LIBRARIES INTERFACE_LINK_LIBRARIES)
      get_target_property(links ${one} ${property})
      if(links)
        # $<LINK_ONLY:x> and $<BUILD_INTERFACE:x> are x here.
        string(REGEX REPLACE "\\$<[A-Z_]+:([^>]*)>" "\\1" links "${links}")
        list(APPEND open ${links})
      endif()
    endforeach()
  endwhile()
  set(${out} ${seen} PARENT_SCOPE)
endfunction()

# getaddrinfo of a static libc loads libraries of the very version that it was built with, and crashes with any other.
function(kiln_refuse_resolvers target)
  kiln_linked_targets(${target} linked)
  foreach(one IN LISTS linked)
    string(REGEX REPLACE "^kiln(::|_)" "" name ${one})
    if(name MATCHES "^(http|postgres|redis)$")
      message(FATAL_ERROR "kiln_lambda(${target} STATIC): it links kiln::${name}, which resolves host names, and a static "
                          "program can't; leave STATIC out")
    endif()
  endforeach()
endfunction()

function(kiln_lambda target)
  cmake_parse_arguments(ARG "STATIC;SYMBOLS" "ZIP" "LIBRARIES" ${ARGN})
  if(ARG_UNPARSED_ARGUMENTS)
    message(FATAL_ERROR "kiln_lambda(${target}): unknown argument ${ARG_UNPARSED_ARGUMENTS}; it takes STATIC, SYMBOLS, LIBRARIES and ZIP")
  endif()
  if(ARG_STATIC AND ARG_LIBRARIES)
    message(FATAL_ERROR "kiln_lambda(${target}): a STATIC program can't load LIBRARIES at run time; leave one of them out")
  endif()
  if(ARG_STATIC)
    # When the folder is read whole: what is linked may be said after this call.
    cmake_language(EVAL CODE "cmake_language(DEFER CALL kiln_refuse_resolvers [[${target}]])")
  endif()
  set(sdk kiln_)
  if(TARGET kiln::sdk)
    set(sdk kiln::)
  endif()
  target_link_libraries(${target} PRIVATE ${sdk}sdk)
  target_compile_options(${target} PRIVATE -ffunction-sections -fdata-sections -g)
  # The SDK notes where an exception is thrown.
  target_link_options(${target} PRIVATE -Wl,--gc-sections -Wl,--build-id=sha1 -Wl,--wrap=__cxa_throw)
  # The sanitizers bring their own shared run times.
  if(NOT KILN_SANITIZE AND NOT KILN_FUZZ)
    if(ARG_STATIC)
      target_link_options(${target} PRIVATE -static -no-pie)
    else()
      # Each shared library costs every cold start its mapping and its relocations: libc is the only one.
      target_link_libraries(${target} PRIVATE ${sdk}late_libraries)
      target_link_options(${target} PRIVATE -static-libstdc++ -static-libgcc -no-pie -Wl,-z,now -Wl,--as-needed)
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
  string(REGEX REPLACE "\\.zip$" "" debug "${zip}")
  string(APPEND debug .debug)
  if(NOT CMAKE_OBJCOPY)
    message(FATAL_ERROR "kiln_lambda(${target}): there is no objcopy; install the package binutils")
  endif()
  # Where the sanitizers run, and in debug builds, symbols stay in the program.
  set(packed)
  if(NOT KILN_SANITIZE AND NOT KILN_FUZZ AND NOT CMAKE_BUILD_TYPE STREQUAL "Debug")
    set(linked ${debug})
    if(ARG_SYMBOLS)
      # The program says the name under which debuggers look for it.
      set(linked $<TARGET_FILE_DIR:${target}>/bootstrap.debug)
      set(packed ${linked})
    endif()
    add_custom_command(TARGET ${target} POST_BUILD
      COMMAND ${CMAKE_OBJCOPY} --only-keep-debug $<TARGET_FILE:${target}> ${debug}
      COMMAND ${CMAKE_COMMAND} -E copy_if_different ${debug} ${linked}
      COMMAND ${CMAKE_OBJCOPY} --strip-all --add-gnu-debuglink=${linked} $<TARGET_FILE:${target}>
      VERBATIM)
    set_property(TARGET ${target} APPEND PROPERTY ADDITIONAL_CLEAN_FILES ${debug})
  endif()
  add_custom_command(OUTPUT ${zip}
    COMMAND ${CMAKE_COMMAND} -DPROGRAM=$<TARGET_FILE:${target}> -DZIP=${zip} -DLIBRARIES=${libraries} -DSYMBOLS=${packed}
            -P ${KILN_PACKAGE_SCRIPT}
    DEPENDS ${target} ${KILN_PACKAGE_SCRIPT} VERBATIM COMMENT "Packing ${target}.zip")
  add_custom_target(${target}_package ALL DEPENDS ${zip})
  set_property(TARGET ${target} PROPERTY KILN_PACKAGE ${zip})
endfunction()
