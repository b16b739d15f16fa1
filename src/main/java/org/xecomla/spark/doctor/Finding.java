package org.xecomla.spark.doctor;

import java.io.Serializable;
import java.util.Locale;

/**
 * What one check of {@link Doctor} came to.
 *
 * @param subject what was looked at, a word or two
 * @param text what was found; of anything but {@link Verdict#OK} also what to do
 */
public record Finding(String subject, Verdict verdict, String text) implements Serializable {
    /** How bad it is. */
    public enum Verdict {
        OK,
        /** It will run, slower or with less than it could. */
        WARN,
        /** It will not run. */
        FAIL
    }

    static Finding ok(String subject, String text) {
        return new Finding(subject, Verdict.OK, text);
    }

    static Finding warn(String subject, String text) {
        return new Finding(subject, Verdict.WARN, text);
    }

    static Finding fail(String subject, String text) {
        return new Finding(subject, Verdict.FAIL, text);
    }

    /** One line for a person. */
    public String line() {
        return String.format(Locale.ROOT, "%-4s  %-12s  %s", verdict.name().toLowerCase(Locale.ROOT), subject, text);
    }
}
