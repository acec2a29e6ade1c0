// Stubs for PCRE2: see base/lazy_library.h.
#include "template/libpcre2.h"

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

namespace kiln::cfn {

const LazyLibrary& pcre2_library() {
  static constexpr LazyLibrary kLibrary("libpcre2-8.so.0", "libpcre2-8-0");
  return kLibrary;
}

}  // namespace kiln::cfn

using kiln::cfn::pcre2_library;

extern "C" {
KILN_LAZY_1(pcre2_library, pcre2_code_free_8)
KILN_LAZY_1(pcre2_library, pcre2_match_context_create_8)
KILN_LAZY_1(pcre2_library, pcre2_match_context_free_8)
KILN_LAZY_1(pcre2_library, pcre2_match_data_free_8)
KILN_LAZY_2(pcre2_library, pcre2_match_data_create_8)
KILN_LAZY_2(pcre2_library, pcre2_set_depth_limit_8)
KILN_LAZY_2(pcre2_library, pcre2_set_heap_limit_8)
KILN_LAZY_2(pcre2_library, pcre2_set_match_limit_8)
KILN_LAZY_3(pcre2_library, pcre2_get_error_message_8)
KILN_LAZY_6(pcre2_library, pcre2_compile_8)
KILN_LAZY_7(pcre2_library, pcre2_match_8)
}  // extern "C"
