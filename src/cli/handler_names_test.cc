#include "cli/handler_names.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace kiln::cli {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

TEST(HandlerNames, InPython) {
  EXPECT_THAT(handlers_in_python("import os\n\ndef run(event, context):\n    return 1\n"),
              ElementsAre("run"));
  EXPECT_THAT(handlers_in_python("def add(a, b): return a + b\n"
                                 "async def late(event: dict, context) -> dict:\n  pass\n"
                                 "def other(_event, lambda_context): pass"),
              ElementsAre("late", "other"));
  EXPECT_THAT(handlers_in_python("def get(key, default): pass\ndef _own(event, context): pass\n"
                                 "class C:\n  def inner(event, context): pass\n"),
              IsEmpty());
  EXPECT_THAT(handlers_in_python("def handler(e, c): pass\ndef lambda_handler(a, b, c): pass\n"),
              ElementsAre("handler"));
  EXPECT_THAT(handlers_in_python("x = 1\ndef broken(\ndef"), IsEmpty());
  EXPECT_THAT(handlers_in_python(""), IsEmpty());
}

TEST(HandlerNames, InJavaScript) {
  EXPECT_THAT(handlers_in_javascript("'use strict';\nmodule.exports.hello = async (event) => {\n"),
              ElementsAre("hello"));
  EXPECT_THAT(handlers_in_javascript("exports.a = handler\nexport const b = middy(g)\n"
                                     "export let c= function () {}\nexport const config = {\n"
                                     "export function d() {}\nexport async function e (x) {}\n"
                                     "exports.a.b = 3\nexport const { f } = g\n  exports.h = 1"),
              ElementsAre("a", "b", "c", "d", "e"));
  EXPECT_THAT(handlers_in_javascript("module.exports = { a };\nexport default b\n"), IsEmpty());
}

}  // namespace
}  // namespace kiln::cli
