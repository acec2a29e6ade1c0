#include "cli/curl_library.h"

#include <dlfcn.h>

#include <string>

namespace kiln::cli {
namespace {

template <class F>
bool look_up(void* library, const char* name, F& target) {
  target = reinterpret_cast<F>(dlsym(library, name));
  return target != nullptr;
}

}  // namespace

Result<CurlLibrary> CurlLibrary::load() {
  // Never closed: libcurl's own libraries don't survive being unloaded.
  void* library = dlopen("libcurl.so.4", RTLD_NOW | RTLD_LOCAL);
  if (library == nullptr) {
    return Error{ErrorKind::kInternal, "MissingLibrary",
                 std::string("can't open libcurl (") + dlerror() +
                     "); install it with: apt-get install libcurl4"};
  }
  CurlLibrary curl;
  const bool complete = look_up(library, "curl_global_init", curl.global_init) &&
                        look_up(library, "curl_easy_init", curl.easy_init) &&
                        look_up(library, "curl_easy_setopt", curl.easy_setopt) &&
                        look_up(library, "curl_easy_perform", curl.easy_perform) &&
                        look_up(library, "curl_easy_getinfo", curl.easy_getinfo) &&
                        look_up(library, "curl_easy_strerror", curl.easy_strerror) &&
                        look_up(library, "curl_easy_reset", curl.easy_reset) &&
                        look_up(library, "curl_easy_cleanup", curl.easy_cleanup) &&
                        look_up(library, "curl_slist_append", curl.slist_append) &&
                        look_up(library, "curl_slist_free_all", curl.slist_free_all);
  if (!complete || curl.global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK) {
    return Error{ErrorKind::kInternal, "MissingLibrary",
                 "the installed libcurl can't be used; Kiln needs version 7.75 or newer"};
  }
  return curl;
}

}  // namespace kiln::cli
