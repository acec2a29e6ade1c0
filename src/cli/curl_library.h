// libcurl, opened when the first client command needs it.
//
// `kiln serve` must be ready within milliseconds. Linking libcurl would load some thirty libraries
// before main (5 ms and 6 MiB, measured), so its few functions are looked up here instead.
// Threading: load() once, before other threads; the table is read-only afterwards.
#pragma once

#include <curl/curl.h>

#include "base/result.h"

namespace kiln::cli {

struct CurlLibrary {
  decltype(&curl_global_init) global_init = nullptr;
  decltype(&curl_easy_init) easy_init = nullptr;
  decltype(&curl_easy_setopt) easy_setopt = nullptr;
  decltype(&curl_easy_perform) easy_perform = nullptr;
  decltype(&curl_easy_getinfo) easy_getinfo = nullptr;
  decltype(&curl_easy_strerror) easy_strerror = nullptr;
  decltype(&curl_easy_reset) easy_reset = nullptr;
  decltype(&curl_easy_cleanup) easy_cleanup = nullptr;
  decltype(&curl_slist_append) slist_append = nullptr;
  decltype(&curl_slist_free_all) slist_free_all = nullptr;

  // The library, initialised. Error: not installed, or too old to have one of the functions.
  static Result<CurlLibrary> load();
};

}  // namespace kiln::cli
