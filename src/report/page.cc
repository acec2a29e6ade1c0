#include "report/page.h"

#include <fmt/format.h>

#include "report/chart.h"
#include "report/markup.h"

namespace kiln::report {
namespace {

// Colours keep a contrast of 4.5 to 1 or better on their background.
constexpr std::string_view kStyle = R"css(
:root{color-scheme:light dark;--bg:#fff;--fg:#1b1f24;--dim:#57606a;--rule:#d0d7de;--card:#f6f8fa;
--s0:#0b62b0;--s1:#a84b00;--s2:#1a7440;--s3:#7a3fc4;--s4:#b3261e;--s5:#57606a}
@media(prefers-color-scheme:dark){:root{--bg:#0f1419;--fg:#e6e9ed;--dim:#a3adb8;--rule:#38414a;--card:#182028;
--s0:#6cb6ff;--s1:#f5a524;--s2:#5fd39a;--s3:#c8a2ff;--s4:#ff8f87;--s5:#a3adb8}}
*{box-sizing:border-box}
body{margin:0 auto;max-width:60rem;padding:1.5rem;background:var(--bg);color:var(--fg);font:16px/1.5 system-ui,sans-serif}
h1{font-size:1.7rem;line-height:1.2;margin:0}h2{font-size:1.15rem;margin:2.2rem 0 .3rem}p{margin:.4rem 0}
.lead,footer,.note{color:var(--dim)}footer{margin-top:2.5rem;border-top:1px solid var(--rule);padding-top:.6rem;font-size:.875rem}
.figures{display:flex;flex-wrap:wrap;gap:.8rem;margin:1.2rem 0;padding:0;list-style:none}
.figures li{flex:1 1 10rem;background:var(--card);border:1px solid var(--rule);border-radius:.5rem;padding:.7rem 1rem}
.figures b{display:block;font-size:1.5rem;line-height:1.3}.figures span{display:block;font-size:.875rem;color:var(--dim)}
.scroll{overflow-x:auto}table{border-collapse:collapse;font-variant-numeric:tabular-nums;font-size:.9rem}
caption{text-align:left;color:var(--dim);padding-bottom:.3rem}
th,td{padding:.25rem .8rem .25rem 0;border-bottom:1px solid var(--rule);text-align:left;font-weight:400;white-space:nowrap}
thead th{font-weight:600}.r{text-align:right}tr.marked>*{font-weight:700;background:var(--card)}
figure{margin:0}figure>svg{width:100%;height:auto;display:block}summary{cursor:pointer;color:var(--dim);font-size:.875rem}
.legend{display:flex;flex-wrap:wrap;gap:.2rem 1.2rem;list-style:none;padding:0;margin:.4rem 0;font-size:.875rem}
.legend svg{width:28px;height:10px;margin-right:.4rem}
svg text{fill:var(--fg);font:12px system-ui,sans-serif}svg .tick{fill:var(--dim)}svg .name{font-weight:600}
.grid{stroke:var(--rule);stroke-width:1}.axis{stroke:var(--dim);stroke-width:1}
.line{fill:none;stroke:var(--c);stroke-width:2;stroke-linejoin:round}.band{fill:var(--c);opacity:.16}
.dot{fill:var(--c);stroke:var(--bg);stroke-width:1.5}.bar{fill:var(--c)}
.mark{stroke:var(--fg);stroke-width:1.5;stroke-dasharray:3 3}svg .marktext{font-weight:700}
.s0{--c:var(--s0)}.s1{--c:var(--s1)}.s2{--c:var(--s2)}.s3{--c:var(--s3)}.s4{--c:var(--s4)}.s5{--c:var(--s5)}
@media print{body{max-width:none;padding:0}details{display:none}}
)css";

std::string paragraphs(std::string_view text) {
  std::string out;
  while (!text.empty()) {
    const size_t end = text.find("\n\n");
    if (const std::string_view one = text.substr(0, end); !one.empty())
      out += "<p>" + escape(one) + "</p>";
    if (end == std::string_view::npos) break;
    text.remove_prefix(end + 2);
  }
  return out;
}

std::string heading(const std::string& title) {
  return title.empty() ? "" : "<h2>" + escape(title) + "</h2>";
}

std::string table_body(const Table& table, std::string_view caption) {
  std::string out = R"(<div class="scroll" tabindex="0"><table>)";
  if (!caption.empty()) out += "<caption>" + escape(caption) + "</caption>";
  const auto kind = [&](size_t i) {
    return table.columns[i].align == Align::kRight ? R"( class="r")" : "";
  };
  out += "<thead><tr>";
  for (size_t i = 0; i < table.columns.size(); ++i)
    out += fmt::format(R"(<th scope="col"{}>{}</th>)", kind(i), escape(table.columns[i].title));
  out += "</tr></thead><tbody>";
  for (size_t row = 0; row < table.rows.size(); ++row) {
    out += row == table.marked ? R"(<tr class="marked">)" : "<tr>";
    for (size_t i = 0; i < table.columns.size(); ++i) {
      const std::string text = i < table.rows[row].size() ? escape(table.rows[row][i]) : "";
      out += i == 0 ? fmt::format(R"(<th scope="row"{}>{}</th>)", kind(i), text)
                    : fmt::format("<td{}>{}</td>", kind(i), text);
    }
    out += "</tr>";
  }
  return out + "</tbody></table></div>";
}

struct Writer {
  std::string out;
  int charts = 0;

  void operator()(const Text& text) { out += heading(text.title) + paragraphs(text.text); }
  void operator()(const Figures& figures) {
    out += R"(<ul class="figures">)";
    for (const Figure& figure : figures.figures) {
      out += "<li><span>" + escape(figure.label) + "</span><b>" + escape(figure.value) +
             "</b><span>" + escape(figure.note) + "</span></li>";
    }
    out += "</ul>";
  }
  void operator()(const Table& table) { out += heading(table.title) + table_body(table, ""); }
  void operator()(const Chart& chart) {
    const Table numbers = values(chart);
    out += heading(chart.title) + paragraphs(chart.summary) + legend(chart) + "<figure>" +
           svg(chart, "c" + std::to_string(charts++)) + "</figure>";
    if (is_averaged(chart)) {
      out += R"(<p class="note">Lines are averages; bands reach from the least to the greatest )"
             "value.</p>";
    }
    out += "<details><summary>The numbers</summary>" + table_body(numbers, numbers.title) +
           "</details>";
  }
};

}  // namespace

std::string html(const Page& page) {
  Writer writer;
  for (const Section& section : page.sections) std::visit(writer, section);
  std::string out = R"(<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width,initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<meta name="color-scheme" content="light dark"><link rel="icon" href="data:,"><title>)";
  out += escape(page.title) + "</title><style>";
  out += kStyle;
  out += "</style></head><body><header><h1>" + escape(page.title) + "</h1>";
  if (!page.lead.empty()) out += R"(<p class="lead">)" + escape(page.lead) + "</p>";
  out += "</header><main>" + writer.out + "</main>";
  if (!page.foot.empty()) out += "<footer>" + paragraphs(page.foot) + "</footer>";
  return out + "</body></html>\n";
}

}  // namespace kiln::report
