// Stubs for libarchive: see lazy_library.h.
#include "base/libarchive.h"

#include <archive.h>
#include <archive_entry.h>

static_assert(ARCHIVE_VERSION_NUMBER / 1'000'000 == 3,
              "libarchive.so has the number of another version");

namespace kiln {

const LazyLibrary& archive_library() {
  static constexpr LazyLibrary kLibrary("libarchive.so.13", "libarchive13");
  return kLibrary;
}

}  // namespace kiln

using kiln::archive_library;

extern "C" {
KILN_LAZY_0(archive_library, archive_entry_new)
KILN_LAZY_0(archive_library, archive_read_new)
KILN_LAZY_0(archive_library, archive_write_new)
KILN_LAZY_1(archive_library, archive_entry_filetype)
KILN_LAZY_1(archive_library, archive_entry_free)
KILN_LAZY_1(archive_library, archive_entry_hardlink)
KILN_LAZY_1(archive_library, archive_entry_is_encrypted)
KILN_LAZY_1(archive_library, archive_entry_mode)
KILN_LAZY_1(archive_library, archive_entry_pathname)
KILN_LAZY_1(archive_library, archive_entry_pathname_utf8)
KILN_LAZY_1(archive_library, archive_entry_perm)
KILN_LAZY_1(archive_library, archive_entry_symlink)
KILN_LAZY_1(archive_library, archive_entry_symlink_utf8)
KILN_LAZY_1(archive_library, archive_errno)
KILN_LAZY_1(archive_library, archive_error_string)
KILN_LAZY_1(archive_library, archive_read_data_skip)
KILN_LAZY_1(archive_library, archive_read_free)
KILN_LAZY_1(archive_library, archive_read_support_format_zip_seekable)
KILN_LAZY_1(archive_library, archive_write_close)
KILN_LAZY_1(archive_library, archive_write_free)
KILN_LAZY_1(archive_library, archive_write_set_format_zip)
KILN_LAZY_2(archive_library, archive_entry_set_filetype)
KILN_LAZY_2(archive_library, archive_entry_set_mode)
KILN_LAZY_2(archive_library, archive_entry_set_pathname)
KILN_LAZY_2(archive_library, archive_entry_set_perm)
KILN_LAZY_2(archive_library, archive_entry_set_size)
KILN_LAZY_2(archive_library, archive_entry_set_symlink)
KILN_LAZY_2(archive_library, archive_read_next_header)
KILN_LAZY_2(archive_library, archive_write_header)
KILN_LAZY_2(archive_library, archive_write_set_bytes_in_last_block)
KILN_LAZY_2(archive_library, archive_write_set_bytes_per_block)
KILN_LAZY_2(archive_library, archive_write_set_options)
KILN_LAZY_3(archive_library, archive_entry_set_mtime)
KILN_LAZY_3(archive_library, archive_read_open_memory)
KILN_LAZY_3(archive_library, archive_write_data)
KILN_LAZY_4(archive_library, archive_read_data_block)
KILN_LAZY_4(archive_library, archive_write_open_memory)
KILN_LAZY_6(archive_library, archive_write_open2)
}  // extern "C"
