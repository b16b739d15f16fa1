package org.xecomla.report;

import java.util.List;
import java.util.Locale;

/** Tables for a terminal, and the numbers in them. */
final class TextTable {
    private TextTable() {}

    /** Columns as wide as they must be, the first one left and the others right. Ends with a line break. */
    static String of(List<List<String>> rows) {
        int[] widths = new int[rows.get(0).size()];
        for (List<String> row : rows) {
            for (int c = 0; c < widths.length; c++) {
                widths[c] = Math.max(widths[c], row.get(c).length());
            }
        }
        StringBuilder text = new StringBuilder();
        for (List<String> row : rows) {
            for (int c = 0; c < widths.length; c++) {
                String format = c == 0 ? "%-" + widths[c] + "s" : "  %" + widths[c] + "s";
                text.append(String.format(Locale.ROOT, format, row.get(c)));
            }
            text.append(System.lineSeparator());
        }
        return text.toString();
    }

    static String count(long value) {
        return String.format(Locale.ROOT, "%,d", value);
    }

    static String percent(double share) {
        return String.format(Locale.ROOT, "%.1f %%", 100 * share);
    }
}
