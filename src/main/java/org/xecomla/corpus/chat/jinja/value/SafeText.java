package org.xecomla.corpus.chat.jinja.value;

/**
 * What the filters {@code safe} and {@code escape} give: text that would escape other text joined to it by {@code +}.
 */
public record SafeText(String text) {
    /** What a character may become, in characters. */
    public static final int LONGEST = 5;

    /** @param string a string; one that is safe stays as it is */
    public static SafeText escaped(Object string) {
        if (string instanceof SafeText safe) {
            return safe;
        }
        return new SafeText(((String) string)
                .replace("&", "&amp;")
                .replace(">", "&gt;")
                .replace("<", "&lt;")
                .replace("'", "&#39;")
                .replace("\"", "&#34;"));
    }
}
