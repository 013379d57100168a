#include "cli/report_page.h"

#include "cli/progress.h"

enum { BAR_WIDTH = 200, BAR_HEIGHT = 10 };

static const char style[] =
    ":root{--ink:#1b1f24;--soft:#5b6570;--line:#d8dee4;--back:#fff;--card:#f5f7f9;--accept:#1c6fb8;"
    "--review:#d98a00;--reject:#9aa4ae;--against:#c2410c;--plain:#4b7f8c;color-scheme:light dark}\n"
    "@media(prefers-color-scheme:dark){:root{--ink:#e6e9ec;--soft:#a3adb8;--line:#39424c;"
    "--back:#14181d;--card:#1d232a;--accept:#5aa9ec;--review:#f0b03f;--reject:#6d7782;"
    "--against:#f0854f;--plain:#6fb0be}}\n"
    "*{box-sizing:border-box}\n"
    "body{font:15px/1.55 system-ui,'PingFang SC','Microsoft YaHei','Noto Sans CJK SC',sans-serif;"
    "color:var(--ink);background:var(--back);max-width:74rem;margin:0 auto;padding:1.2rem 1.2rem "
    "4rem}\n"
    "h1{font-size:1.7rem;margin:.4rem 0 .2rem}\n"
    "h2{font-size:1.25rem;margin:2.6rem 0 .4rem;padding-top:.8rem;border-top:2px solid "
    "var(--line)}\n"
    "h3{font-size:1.02rem;margin:1.4rem 0 .3rem}\n"
    "p{margin:.4rem 0}.note{color:var(--soft);max-width:60rem}\n"
    ".en{color:inherit}.zh+.en::before{content:' '}h1 .en,h2 .en,h3 .en{font-weight:500}\n"
    ".note .zh,.note .en{display:block}\n"
    "#zh:checked~main .en,#en:checked~main .zh{display:none}\n"
    "#en:checked~main .zh+.en::before{content:''}\n"
    "input[name=language]{margin:0 .3rem 0 0}label{margin-right:1rem;color:var(--soft)}\n"
    "table{border-collapse:collapse;margin:.6rem 0;width:100%}\n"
    "th,td{padding:.22rem .6rem;text-align:left;border-bottom:1px solid var(--line);"
    "vertical-align:middle}\n"
    "th{font-weight:600;font-size:.86em;color:var(--soft);vertical-align:bottom}\n"
    "th .zh,th .en{display:block}th .zh+.en::before{content:''}\n"
    "#zh:checked~main th .en,#en:checked~main th .zh,#zh:checked~main .note .en,"
    "#en:checked~main .note .zh{display:none}\n"
    ".n{text-align:right;font-variant-numeric:tabular-nums;white-space:nowrap}\n"
    ".b{width:30%;min-width:7rem}.b svg{display:block;width:100%;height:.8rem}\n"
    ".w{white-space:nowrap}.wide{overflow-x:auto}td.f{max-width:18rem;overflow-wrap:break-word}"
    "td.v{min-width:7.5rem;max-width:15rem;overflow-wrap:anywhere}\n"
    ".cards{display:grid;grid-template-columns:repeat(auto-fit,minmax(11.5rem,1fr));gap:.7rem;"
    "margin:1rem 0}\n"
    ".card{background:var(--card);border:1px solid var(--line);border-radius:.5rem;padding:.6rem "
    ".8rem}\n"
    ".card b{display:block;font-size:1.55rem;line-height:1.25;font-variant-numeric:tabular-nums}\n"
    ".card span{color:var(--soft);font-size:.88em}\n"
    ".sum{font-size:1.12rem;font-variant-numeric:tabular-nums}\n"
    ".warn{border-left:4px solid var(--review);background:var(--card);padding:.4rem "
    ".8rem;margin:.5rem 0}\n"
    ".tag{display:inline-block;border:1px solid var(--line);border-radius:1rem;padding:0 .6rem;"
    "font-size:.86em}\n"
    "code{font:.9em ui-monospace,Consolas,monospace;overflow-wrap:anywhere}\n"
    ".accept{fill:var(--accept)}.review{fill:var(--review)}.reject{fill:var(--reject)}"
    ".against{fill:var(--against)}.plain{fill:var(--plain)}\n"
    ".zero{stroke:var(--soft);stroke-width:1;vector-effect:non-scaling-stroke}\n"
    ".merge{stroke:var(--ink);stroke-width:1.5;vector-effect:non-scaling-stroke}\n"
    ".threshold{stroke:var(--ink);stroke-width:1;stroke-dasharray:3 2;"
    "vector-effect:non-scaling-stroke}\n"
    ".chart{width:100%;height:auto;display:block;margin:.6rem 0}\n"
    ".chart text{font:12px system-ui,sans-serif;fill:var(--soft)}.grid{stroke:var(--line)}\n"
    ".key{display:inline-block;width:.8em;height:.8em;border-radius:.15em;margin:0 .3em 0 .9em;"
    "vertical-align:-.05em}\n"
    ".pair{border:1px solid var(--line);border-radius:.5rem;padding:.2rem .9rem .5rem;margin:1rem "
    "0;"
    "break-inside:avoid}.pair .b{width:24%}\n"
    "@media "
    "print{body{max-width:none;padding:0;font-size:11px}input[name=language],label{display:none}"
    "tr,.card,svg{break-inside:avoid}h2,h3{break-after:avoid}*{print-color-adjust:exact;"
    "-webkit-print-color-adjust:exact}}\n"
    "@media print{:root{--ink:#000;--soft:#444;--line:#bbb;--back:#fff;--card:#f5f7f9;"
    "--accept:#1c6fb8;--review:#d98a00;--reject:#9aa4ae;--against:#c2410c;--plain:#4b7f8c}}\n";

void page_open(struct buffer *out, struct bytes title) {
  buffer_append_string(out,
                       "<!doctype html>\n<html lang=\"zh-CN\"><head><meta charset=\"utf-8\">\n"
                       "<meta name=\"viewport\" content=\"width=device-width,initial-scale=1\">\n"
                       "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; "
                       "style-src 'unsafe-inline'\">\n<title>");
  page_text(out, title);
  buffer_append_string(out, "</title>\n<style>\n");
  buffer_append_string(out, style);
  buffer_append_string(
      out,
      "</style></head><body>\n"
      "<input type=\"radio\" name=\"language\" id=\"both\" checked><label for=\"both\">中文 + "
      "English</label>\n"
      "<input type=\"radio\" name=\"language\" id=\"zh\"><label for=\"zh\">中文</label>\n"
      "<input type=\"radio\" name=\"language\" id=\"en\"><label for=\"en\">English</label>\n"
      "<main>\n");
}

void page_close(struct buffer *out) { buffer_append_string(out, "</main></body></html>\n"); }

void page_text(struct buffer *out, struct bytes text) {
  for (size_t i = 0; i < text.size; i++) switch (text.data[i]) {
      case '&':
        buffer_append_string(out, "&amp;");
        break;
      case '<':
        buffer_append_string(out, "&lt;");
        break;
      case '>':
        buffer_append_string(out, "&gt;");
        break;
      case '"':
        buffer_append_string(out, "&quot;");
        break;
      case '\'':
        buffer_append_string(out, "&#39;");
        break;
      default: {
        bool is_control = (unsigned char)text.data[i] < ' ' || text.data[i] == '\x7f';
        buffer_append_char(out, is_control ? ' ' : text.data[i]);
      }
    }
}

void page_string(struct buffer *out, const char *text) { page_text(out, bytes_from_string(text)); }

void page_both(struct buffer *out, const char *chinese, const char *english) {
  buffer_append_string(out, "<span class=\"zh\">");
  buffer_append_string(out, chinese);
  buffer_append_string(out, "</span><span class=\"en\" lang=\"en\">");
  buffer_append_string(out, english);
  buffer_append_string(out, "</span>");
}

static void both_in(struct buffer *out, const char *open, const char *chinese, const char *english,
                    const char *close) {
  buffer_append_string(out, open);
  page_both(out, chinese, english);
  buffer_append_string(out, close);
}

void page_section(struct buffer *out, const char *id, const char *chinese, const char *english) {
  buffer_printf(out, "<section id=\"%s\">", id);
  both_in(out, "<h2>", chinese, english, "</h2>\n");
}

void page_section_end(struct buffer *out) { buffer_append_string(out, "</section>\n"); }

void page_heading(struct buffer *out, const char *chinese, const char *english) {
  both_in(out, "<h3>", chinese, english, "</h3>\n");
}

void page_note(struct buffer *out, const char *chinese, const char *english) {
  both_in(out, "<p class=\"note\">", chinese, english, "</p>\n");
}

void page_table(struct buffer *out, const struct page_column *columns, unsigned count) {
  buffer_append_string(out, "<div class=\"wide\"><table><thead><tr>");
  for (unsigned i = 0; i < count; i++)
    both_in(out, columns[i].is_number ? "<th class=\"n\">" : "<th>", columns[i].chinese,
            columns[i].english, "</th>");
  buffer_append_string(out, "</tr></thead><tbody>\n");
}

void page_table_end(struct buffer *out) { buffer_append_string(out, "</tbody></table></div>\n"); }

void page_count(struct buffer *out, uint64_t count) {
  char text[32];
  buffer_append_string(out, progress_number(count, text));
}

void page_percent(struct buffer *out, uint64_t part, uint64_t whole) {
  if (whole == 0)
    buffer_append_string(out, "–");
  else
    buffer_printf(out, "%.1f %%", 100.0 * (double)part / (double)whole);
}

void page_duration(struct buffer *out, uint64_t ms) {
  if (ms < 1000)
    buffer_printf(out, "%u ms", (unsigned)ms);
  else if (ms < 60000)
    buffer_printf(out, "%.1f s", (double)ms / 1000);
  else
    buffer_printf(out, "%llu min %02u s", (unsigned long long)(ms / 60000),
                  (unsigned)(ms % 60000 / 1000));
}

void page_size(struct buffer *out, uint64_t bytes) {
  static const char *const units[] = {"B", "KiB", "MiB", "GiB", "TiB"};
  unsigned unit = 0;
  double size = (double)bytes;
  for (; size >= 1024 && unit + 1 < sizeof units / sizeof units[0]; unit++) size /= 1024;
  buffer_printf(out, unit ? "%.1f %s" : "%.0f %s", size, units[unit]);
}

static void text_cell(struct buffer *out, const char *class, struct bytes text) {
  buffer_printf(out, "<td class=\"%s\">", class);
  page_text(out, text);
  buffer_append_string(out, "</td>");
}

void page_text_cell(struct buffer *out, struct bytes text) { text_cell(out, "f", text); }
void page_value_cell(struct buffer *out, struct bytes text) { text_cell(out, "v", text); }

void page_count_cell(struct buffer *out, uint64_t count) {
  buffer_append_string(out, "<td class=\"n\">");
  page_count(out, count);
  buffer_append_string(out, "</td>");
}

void page_percent_cell(struct buffer *out, uint64_t part, uint64_t whole) {
  buffer_append_string(out, "<td class=\"n\">");
  page_percent(out, part, whole);
  buffer_append_string(out, "</td>");
}

void page_parts_cell(struct buffer *out, const struct page_part *parts, unsigned count,
                     double whole) {
  buffer_printf(out,
                "<td class=\"b\"><svg viewBox=\"0 0 %d %d\" preserveAspectRatio=\"none\" "
                "aria-hidden=\"true\">",
                BAR_WIDTH, BAR_HEIGHT);
  double at = 0;
  for (unsigned i = 0; i < count && whole > 0; i++) {
    double width = parts[i].value * BAR_WIDTH / whole;
    if (width <= 0) continue;
    buffer_printf(out, "<rect class=\"%s\" x=\"%.2f\" width=\"%.2f\" height=\"%d\"/>",
                  parts[i].class, at, width, BAR_HEIGHT);
    at += width;
  }
  buffer_append_string(out, "</svg></td>");
}

void page_bar_cell(struct buffer *out, double part, double whole, const char *class) {
  struct page_part parts[] = {{part, class}};
  page_parts_cell(out, parts, 1, whole);
}
