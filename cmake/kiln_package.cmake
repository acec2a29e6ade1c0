# Packs a function: cmake -DPROGRAM=… -DZIP=… [-DLIBRARIES=a,b] -P kiln_package.cmake
#
#   bootstrap                the program; or, where the libc of Amazon Linux 2023 is too old for it, a script
#   bin/PROGRAM, lib/*       then: the program, and all libraries that it needs, libc and loader included
cmake_minimum_required(VERSION 3.25)
set(newest_glibc 2.34)  # of Amazon Linux 2023
# What every Linux with glibc has, in the version of its libc: Debian's libgcc_s asks for its own, Amazon's for its own.
set(libc_names "^(libc|libm|libdl|libpthread|librt|libresolv|libutil|libgcc_s|ld-linux[-a-z0-9_]*)\\.so[.0-9]*$")

function(fail text)
  message(FATAL_ERROR "kiln_lambda: ${PROGRAM}: ${text}")
endfunction()

# The newest GLIBC_ version that `file` asks for, at least `newest`.
function(newest_version file newest_out)
  execute_process(COMMAND objdump -T ${file} OUTPUT_VARIABLE symbols ERROR_QUIET RESULT_VARIABLE code)
  if(NOT code EQUAL 0)
    return()  # a static program has no dynamic symbols
  endif()
  string(REGEX MATCHALL "GLIBC_[0-9]+\\.[0-9]+" versions "${symbols}")
  set(newest ${${newest_out}})
  foreach(version IN LISTS versions)
    string(REPLACE "GLIBC_" "" version ${version})
    if(version VERSION_GREATER newest)
      set(newest ${version})
    endif()
  endforeach()
  set(${newest_out} ${newest} PARENT_SCOPE)
endfunction()

string(REPLACE "," ";" names "${LIBRARIES}")
set(opened)
foreach(name IN LISTS names)
  unset(found CACHE)
  execute_process(COMMAND cc -print-file-name=${name} OUTPUT_VARIABLE found OUTPUT_STRIP_TRAILING_WHITESPACE)
  if(NOT IS_ABSOLUTE "${found}")
    fail("there is no library ${name} on this machine; install the package that has it")
  endif()
  list(APPEND opened ${found})
endforeach()

file(GET_RUNTIME_DEPENDENCIES EXECUTABLES ${PROGRAM} LIBRARIES ${opened}
     RESOLVED_DEPENDENCIES_VAR needed UNRESOLVED_DEPENDENCIES_VAR missing)
if(missing)
  fail("libraries that it needs are not on this machine: ${missing}")
endif()
list(APPEND needed ${opened})

set(newest 0)
set(libc)
set(others)
foreach(file IN LISTS needed)
  get_filename_component(name ${file} NAME)
  if(name MATCHES ${libc_names})
    list(APPEND libc ${file})
  else()
    list(APPEND others ${file})
    newest_version(${file} newest)
  endif()
endforeach()
newest_version(${PROGRAM} newest)

set(folder ${ZIP}.content)
file(REMOVE_RECURSE ${folder})
set(execute OWNER_READ OWNER_WRITE OWNER_EXECUTE GROUP_READ GROUP_EXECUTE WORLD_READ WORLD_EXECUTE)

# Copies under the name by which the loader looks for it.
function(bring file)
  get_filename_component(name ${file} NAME)
  get_filename_component(real ${file} REALPATH)
  file(COPY_FILE ${real} ${folder}/lib/${name})
endfunction()

if(newest VERSION_GREATER newest_glibc)
  file(MAKE_DIRECTORY ${folder}/bin ${folder}/lib)
  file(COPY_FILE ${PROGRAM} ${folder}/bin/function)
  foreach(file IN LISTS others libc)
    bring(${file})
  endforeach()
  execute_process(COMMAND cc -print-file-name=ld-linux-x86-64.so.2 OUTPUT_VARIABLE loader OUTPUT_STRIP_TRAILING_WHITESPACE)
  if(NOT IS_ABSOLUTE "${loader}")
    execute_process(COMMAND cc -print-file-name=ld-linux-aarch64.so.1 OUTPUT_VARIABLE loader OUTPUT_STRIP_TRAILING_WHITESPACE)
  endif()
  get_filename_component(loader_name ${loader} NAME)
  if(NOT EXISTS ${folder}/lib/${loader_name})
    bring(${loader})
  endif()
  file(CHMOD ${folder}/lib/${loader_name} ${folder}/bin/function PERMISSIONS ${execute})
  file(WRITE ${folder}/bootstrap "#!/bin/sh\nexec \"$LAMBDA_TASK_ROOT/lib/${loader_name}\" --library-path \"$LAMBDA_TASK_ROOT/lib\" \"$LAMBDA_TASK_ROOT/bin/function\"\n")
  message(STATUS "${ZIP}: asks for glibc ${newest}, Amazon Linux 2023 has ${newest_glibc}: libc goes into the package")
else()
  file(MAKE_DIRECTORY ${folder})
  file(COPY_FILE ${PROGRAM} ${folder}/bootstrap)
  if(opened)
    file(MAKE_DIRECTORY ${folder}/lib)
    foreach(file IN LISTS others)
      bring(${file})
    endforeach()
  endif()
endif()
file(CHMOD ${folder}/bootstrap PERMISSIONS ${execute})

find_program(ZIP_PROGRAM zip)
if(NOT ZIP_PROGRAM)
  fail("there is no program zip on this machine; install the package zip")
endif()
# The same content makes the same bytes, since CodeSha256 says whether the function changed: sorted names, one date, and
# no extra fields (-X), which hold the times of this very copy.
file(GLOB_RECURSE content RELATIVE ${folder} ${folder}/*)
list(SORT content)
file(REMOVE ${ZIP})
execute_process(COMMAND ${CMAKE_COMMAND} -E env TZ=UTC touch -d "2020-01-01 00:00:00" ${content}
                WORKING_DIRECTORY ${folder})
execute_process(COMMAND ${CMAKE_COMMAND} -E env TZ=UTC ${ZIP_PROGRAM} -q -X -D ${ZIP} ${content}
                WORKING_DIRECTORY ${folder} RESULT_VARIABLE code)
if(NOT code EQUAL 0)
  fail("packing failed")
endif()
file(REMOVE_RECURSE ${folder})
