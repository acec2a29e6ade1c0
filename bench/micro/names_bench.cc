// What is read from every request before it reaches the engine: target, name, Region.
#include <benchmark/benchmark.h>

#include <string>

#include "model/names.h"
#include "wire/credential_scope.h"

namespace {

void parse_plain_name(benchmark::State& state) {
  for (auto _ : state) {
    benchmark::DoNotOptimize(kiln::model::parse_function_ref(
        "echo", "", "us-east-1", "000000000000", kiln::model::Operation::kInvoke));
  }
}
BENCHMARK(parse_plain_name);

void parse_full_arn(benchmark::State& state) {
  for (auto _ : state) {
    benchmark::DoNotOptimize(kiln::model::parse_function_ref(
        "arn:aws:lambda:us-east-1:000000000000:function:echo:prod", "", "us-east-1", "000000000000",
        kiln::model::Operation::kInvoke));
  }
}
BENCHMARK(parse_full_arn);

void parse_credential_scope(benchmark::State& state) {
  for (auto _ : state) {
    benchmark::DoNotOptimize(kiln::wire::CredentialScope::parse(
        "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20260101/eu-west-1/lambda/aws4_request, "
        "SignedHeaders=host;x-amz-date, Signature=0000",
        "/2015-03-31/functions/echo/invocations"));
  }
}
BENCHMARK(parse_credential_scope);

}  // namespace
