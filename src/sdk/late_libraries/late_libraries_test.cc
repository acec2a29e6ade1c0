#include <dlfcn.h>
#include <fenv.h>
#include <gtest/gtest.h>
#include <sys/auxv.h>

#include <cmath>
#include <stdexcept>

#include "sdk/late_libraries/find_object.h"

namespace {

void some_code() {}

TEST(Libm, CallsReachTheLibrary) {
  // volatile: the compiler would know the values.
  volatile double half = 0.5, two = 2, ten = 10;
  EXPECT_DOUBLE_EQ(std::exp(half), 1.6487212707001282);
  EXPECT_DOUBLE_EQ(std::log(ten), 2.302585092994046);
  EXPECT_DOUBLE_EQ(std::pow(ten, -two), 0.01);
  EXPECT_DOUBLE_EQ(std::fmod(ten, 3 * half), 1);
  EXPECT_DOUBLE_EQ(std::atan2(half, two), 0.24497866312686414);
  EXPECT_EQ(std::llround(half), 1);
  EXPECT_EQ(std::trunc(-half), 0);
  EXPECT_TRUE(std::isnan(std::sqrt(-two)));
  EXPECT_EQ(std::log(0 * half), -HUGE_VAL);
  // The program's own are called, and find the library's.
  Dl_info program = {}, function = {};
  ASSERT_NE(::dladdr(reinterpret_cast<const void*>(&some_code), &program), 0);
  ASSERT_NE(
      ::dladdr(reinterpret_cast<const void*>(static_cast<double (*)(double)>(&::exp)), &function),
      0);
  EXPECT_EQ(function.dli_fbase, program.dli_fbase);
}

TEST(Libm, RoundingIsThatOfTheProcessor) {
  ASSERT_EQ(::fesetround(FE_DOWNWARD), 0);
  const int now = ::fegetround();
  volatile double one = 1, three = 3;
  const double down = one / three;
  ASSERT_EQ(::fesetround(FE_TONEAREST), 0);
  EXPECT_EQ(now, FE_DOWNWARD);
  EXPECT_LE(down, one / three);
  EXPECT_EQ(::fegetround(), FE_TONEAREST);
}

#ifdef KILN_FINDS_OBJECTS
using FindObject = int (*)(const void*, dl_find_object*);

TEST(FindObject, FindsWhatGlibcFinds) {
  const auto glibc = reinterpret_cast<FindObject>(::dlsym(RTLD_NEXT, "_dl_find_object"));
  ASSERT_NE(glibc, nullptr);
  const auto vdso = reinterpret_cast<const char*>(::getauxval(AT_SYSINFO_EHDR));
  const void* const addresses[] = {reinterpret_cast<const void*>(&some_code),
                                   reinterpret_cast<const void*>(&::printf),
                                   ::dlsym(RTLD_DEFAULT, "_ZSt9terminatev"), vdso + 64};
  for (const void* address : addresses) {
    dl_find_object expected = {}, found = {};
    ASSERT_EQ(glibc(address, &expected), 0) << address;
    ASSERT_EQ(kiln::sdk::find_object(address, &found), 0) << address;
    EXPECT_EQ(found.dlfo_eh_frame, expected.dlfo_eh_frame) << address;
    EXPECT_GE(found.dlfo_map_start, expected.dlfo_map_start);
    EXPECT_LE(found.dlfo_map_start, address);
    EXPECT_GT(found.dlfo_map_end, address);
  }
}

TEST(FindObject, WhatIsNoCodeHasNone) {
  int local = 0;
  dl_find_object found = {};
  const void* const addresses[] = {nullptr, &local, reinterpret_cast<const void*>(UINTPTR_MAX)};
  for (const void* address : addresses)
    EXPECT_EQ(kiln::sdk::find_object(address, &found), -1) << address;
}
#endif

}  // namespace
