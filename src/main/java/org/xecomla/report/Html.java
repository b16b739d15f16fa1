package org.xecomla.report;

/** Text for HTML and SVG. */
final class Html {
    private Html() {}

    /** {@code text} as it stands in an element or a quoted attribute. */
    static String escape(String text) {
        return text.replace("&", "&amp;")
                .replace("<", "&lt;")
                .replace(">", "&gt;")
                .replace("\"", "&quot;");
    }
}
