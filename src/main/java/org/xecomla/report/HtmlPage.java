package org.xecomla.report;

import java.util.List;
import java.util.Map;

/**
 * An HTML page that needs no other file: its style is within, it follows the reader's light or dark mode and any width.
 */
final class HtmlPage {
    private static final String STYLE = """
            :root{color-scheme:light dark;--text:#1f2328;--faint:#59636e;--ground:#ffffff;--panel:#f6f8fa;\
            --edge:#d1d9e0}
            @media (prefers-color-scheme:dark){:root{--text:#e6edf3;--faint:#9aa4af;--ground:#0d1117;--panel:#161b22;\
            --edge:#30363d}}
            *{box-sizing:border-box}
            body{margin:0 auto;padding:1.2rem clamp(.8rem,3vw,2rem) 3rem;max-width:72rem;background:var(--ground);\
            color:var(--text);
            font:16px/1.5 system-ui,-apple-system,"Segoe UI",Roboto,"Liberation Sans",sans-serif}
            h1{font-size:1.5rem;line-height:1.25;margin:.4rem 0;overflow-wrap:anywhere}
            h2{font-size:1.2rem;margin:2.2rem 0 .7rem;padding-bottom:.25rem;border-bottom:1px solid var(--edge)}
            h3{font-size:1rem;margin:1.2rem 0 .4rem}
            p{margin:.4rem 0}.faint{color:var(--faint);font-size:.875rem;overflow-wrap:anywhere}
            .wide{overflow-x:auto;margin:.6rem 0}
            table{border-collapse:collapse;font-size:.875rem;font-variant-numeric:tabular-nums}
            th,td{padding:.35rem .8rem .35rem 0;text-align:right;border-bottom:1px solid var(--edge);white-space:nowrap}
            th{color:var(--faint);font-weight:600;vertical-align:bottom;white-space:normal}
            .words{text-align:left}td.long{white-space:normal;min-width:9rem}
            .charts{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(100%,22rem),1fr));gap:1rem 1.5rem;\
            margin:.6rem 0}
            .charts svg{width:100%;height:auto;max-width:36rem}
            pre{background:var(--panel);border:1px solid var(--edge);border-radius:6px;padding:.7rem .9rem;\
            overflow-x:auto;
            font:.8125rem/1.5 ui-monospace,SFMono-Regular,Menlo,"Liberation Mono",monospace;margin:.6rem 0}
            dl{display:grid;grid-template-columns:minmax(8rem,16rem) 1fr;gap:.1rem 1rem;margin:.4rem 0;\
            font-size:.8125rem}
            dt{color:var(--faint);overflow-wrap:anywhere}
            dd{margin:0;overflow-wrap:anywhere;font-family:ui-monospace,SFMono-Regular,Menlo,"Liberation Mono",\
            monospace}
            @media (max-width:34rem){body{font-size:15px}table{font-size:.78rem}th,td{padding-right:.5rem}td.long{\
            min-width:5rem}dl{grid-template-columns:1fr;gap:0}dd{margin:0 0 .35rem .8rem}}
            """;

    private static final int LONG_WORDS = 20;

    private final String title;
    private final StringBuilder body = new StringBuilder();
    private boolean open; // a section

    HtmlPage(String title) {
        this.title = title;
        body.append("<h1>").append(Html.escape(title)).append("</h1>\n");
    }

    void lead(String text) {
        note(text);
    }

    void section(String heading) {
        closeSection();
        body.append("<section>\n<h2>").append(Html.escape(heading)).append("</h2>\n");
        open = true;
    }

    private void closeSection() {
        body.append(open ? "</section>\n" : "");
        open = false;
    }

    void subsection(String heading) {
        body.append("<h3>").append(Html.escape(heading)).append("</h3>\n");
    }

    /** Words below or beside something. */
    void note(String text) {
        body.append("<p class=\"faint\">").append(Html.escape(text)).append("</p>\n");
    }

    /** Lines as they were typed. */
    void code(String lines) {
        body.append("<pre>").append(Html.escape(lines)).append("</pre>\n");
    }

    void charts(List<SvgChart> charts) {
        body.append("<div class=\"charts\">\n");
        charts.forEach(chart -> body.append(chart.inline()));
        body.append("</div>\n");
    }

    /** @param rows the heading first; columns with numbers stand right, others left */
    void table(List<List<String>> rows) {
        body.append("<div class=\"wide\"><table>\n");
        for (int r = 0; r < rows.size(); r++) {
            body.append("<tr>");
            String tag = r == 0 ? "th" : "td";
            for (int c = 0; c < rows.get(r).size(); c++) {
                body.append('<')
                        .append(tag)
                        .append(" class=\"")
                        .append(kind(rows, c))
                        .append("\">")
                        .append(Html.escape(rows.get(r).get(c)))
                        .append("</")
                        .append(tag)
                        .append('>');
            }
            body.append("</tr>\n");
        }
        body.append("</table></div>\n");
    }

    /** Long words may be broken, numbers not. */
    private static String kind(List<List<String>> rows, int column) {
        List<String> cells = rows.stream().skip(1).map(row -> row.get(column)).toList();
        if (cells.stream().anyMatch(cell -> cell.matches("[-\\d,.+ %]+"))) {
            return "number";
        }
        return cells.stream().anyMatch(cell -> cell.length() > LONG_WORDS) ? "words long" : "words";
    }

    /** Names and what they stand for. */
    void definitions(Map<String, String> definitions) {
        body.append("<dl>\n");
        definitions.forEach((name, value) -> body.append("<dt>")
                .append(Html.escape(name))
                .append("</dt><dd>")
                .append(Html.escape(value))
                .append("</dd>\n"));
        body.append("</dl>\n");
    }

    String toHtml() {
        closeSection();
        return "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\"/>\n"
                + "<meta name=\"viewport\" content=\"width=device-width,initial-scale=1\"/>\n<title>"
                + Html.escape(title)
                + "</title>\n<style>\n" + STYLE + SvgChart.CSS + "</style>\n</head>\n<body>\n" + body
                + "</body>\n</html>\n";
    }
}
