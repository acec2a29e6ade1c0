// The descriptors that this process may have. Each environment takes about ten, so many of them
// could take all; the last ones are kept back for connections and files, so that Kiln answers even
// where no more environments fit. Thread-safe. Cost: a system call.
#pragma once

#include <cstddef>
#include <string>

#include "base/result.h"

namespace kiln::sandbox {

// Allows as many as the machine lets this process have: the usual soft limit is far too small for
// thousands of environments. Error: fewer than Kiln needs with so many event loops.
Result<void> raise_descriptor_limit(int loops);

// For how many event loops they are enough; 1 where not even for one.
int loops_for_descriptors();

// Whether `fd` is one of those that are kept back. The kernel gives the lowest that is free.
bool is_kept_back(int fd);

// Whether half of them were taken when `fd` was made.
bool is_in_upper_half(int fd);

// How many of them may be connections of the AWS APIs' port, so that these leave enough to
// environments, files and databases.
size_t descriptors_for_callers();

// Of an errno, with what to do about it where it is the limit of descriptors or of processes.
std::string descriptor_fault(int error);

// Whether an errno says that descriptors, processes, memory or space have run out: where less is at
// work, another try may do.
bool has_run_out(int error);

// What failed for that errno; kUnavailable if something has run out, else kInternal.
Error machine_error(const char* type, const std::string& what, int error);

}  // namespace kiln::sandbox
