#include <nlohmann/json.hpp>

#include "base/json_access.h"
#include "cli/command.h"
#include "cli/sample_events.h"
#include "cli/table.h"

namespace kiln::cli {
namespace {

int list_events(Console& console, OutputFormat format) {
  if (format == OutputFormat::kJson) {
    nlohmann::json list = nlohmann::json::array();
    for (const SampleEvent& event : sample_events())
      list.push_back({{"source", event.source}, {"about", event.about}});
    console.out << json_pretty(list) << '\n';
    return kExitOk;
  }
  Table table({{"SOURCE"}, {"EVENT"}});
  for (const SampleEvent& event : sample_events())
    table.add({std::string(event.source), std::string(event.about)});
  console.out << table.format(console);
  return kExitOk;
}

}  // namespace

void add_event_command(CLI::App& app, Invocation& invocation) {
  CLI::App* command =
      app.add_subcommand("event", "Print a sample event of an AWS service, or list them");
  command->footer(
      "Examples:\n"
      "  kiln event\n"
      "  kiln event s3 > event.json\n"
      "  kiln event sqs | jq '.Records[0].body = \"mine\"' | kiln invoke hello -");
  auto source = std::make_shared<std::string>();
  auto format = std::make_shared<OutputFormat>(OutputFormat::kText);
  command->add_option("source", *source, "The service that sends it")->type_name("SOURCE");
  command->add_flag_callback(
      "--json", [format] { *format = OutputFormat::kJson; }, "Print the list as JSON");
  command->callback([&invocation, source, format] {
    if (source->empty()) {
      invocation.exit_code = list_events(invocation.console, *format);
      return;
    }
    const Result<std::string> text = sample_event(*source);
    if (text)
      invocation.console.out << *text;
    else
      invocation.exit_code = fail(invocation.console, text.error());
  });
}

}  // namespace kiln::cli
