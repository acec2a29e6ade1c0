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
  EXPECT_THAT(handlers_in_javascript("module.exports = b;\nexport default b\n"), IsEmpty());
}

TEST(HandlerNames, InListsOfExports) {
  EXPECT_THAT(handlers_in_javascript("module.exports = { a };\n"), ElementsAre("a"));
  EXPECT_THAT(handlers_in_javascript("module.exports = {\n  a,\n  b: c,\n};\n"),
              ElementsAre("a", "b"));
  EXPECT_THAT(handlers_in_javascript("export { a as handler, b as default, c };"),
              ElementsAre("handler", "c"));
  // Values that aren't names, and lists below the top level.
  EXPECT_THAT(handlers_in_javascript("module.exports = { a: 1, handler };\n"), IsEmpty());
  EXPECT_THAT(handlers_in_javascript("function f() {\n  module.exports = { a };\n}\n"), IsEmpty());
  EXPECT_THAT(handlers_in_javascript("module.exports = {"), IsEmpty());
  EXPECT_THAT(handlers_in_javascript("module.exports = {}"), IsEmpty());
}

TEST(HandlerNames, InBundles) {
  // As esbuild writes them: CommonJS and ECMAScript modules, plain and minified.
  EXPECT_THAT(
      handlers_in_javascript("var handler = async () => 1;\n// Annotate the CommonJS export "
                             "names for ESM import in node:\n0 && (module.exports = {\n"
                             "  handler\n});\n"),
      ElementsAre("handler"));
  EXPECT_THAT(handlers_in_javascript("var a=Object.create;module.exports=H(b);var c=async()=>1;"
                                     "0&&(module.exports={handler});\n//# sourceMappingURL=x"),
              ElementsAre("handler"));
  EXPECT_THAT(handlers_in_javascript("var a = 1;\nexport {\n  a as handler\n};\n"),
              ElementsAre("handler"));
  EXPECT_THAT(handlers_in_javascript("var a=\"export{\",b=async()=>1;export{b as handler};"),
              ElementsAre("handler"));
}

}  // namespace
}  // namespace kiln::cli
