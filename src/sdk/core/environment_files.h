// What an environment that is forked of a template must not share with it: files, descriptors,
// memory. Linux only; nothing throws, see template_process.h.
#pragma once

#include <sys/types.h>

#include <cstddef>

namespace kiln::sdk {

// Size of the file system at /tmp.
long long tmp_bytes();
// Copies files, folders and links below the folder `from` to `to`. False: errno says why.
bool copy_folder(int from, const char* to);
// Replaces all descriptors but 0 to 2 and `own`: files are opened again, at the same place, those
// on the device `old_tmp` in the new /tmp; what is no file is at its end from now on.
bool cut_descriptors(const int* own, size_t count, dev_t old_tmp);

// Whether the process has children, and whether it maps memory that a fork would share.
bool has_children();
bool has_shared_memory();

// Copies pages that the process still shares with its template, as the first invocation would one
// after the other while its caller waits: half a megabyte at most.
void copy_memory();

}  // namespace kiln::sdk
