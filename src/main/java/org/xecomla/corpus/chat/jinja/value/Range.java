package org.xecomla.corpus.chat.jinja.value;

import java.util.Iterator;
import java.util.stream.LongStream;

/** Numbers from start up to but without stop; of at most {@link #MAX_LENGTH}. */
public record Range(long start, long stop, long step) {
    /** Of Jinja2's sandbox. */
    static final int MAX_LENGTH = 100_000;

    private static final long FAR = 1L << 60;

    public Range {
        if (step == 0) {
            throw new TemplateError("range() with steps of zero");
        }
        if (Math.abs(start) > FAR || Math.abs(stop) > FAR || Math.abs(step) > FAR) {
            throw new TemplateError("range() with numbers beyond 2^60");
        }
    }

    /** @throws TemplateError where it is longer than the sandbox allows */
    public static Range limited(long start, long stop, long step) {
        Range range = new Range(start, stop, step);
        if (range.length() > MAX_LENGTH) {
            throw new TemplateError("range() of more than " + MAX_LENGTH + " numbers");
        }
        return range;
    }

    long length() {
        long span = step > 0 ? stop - start : start - stop;
        return span <= 0 ? 0 : (span - 1) / Math.abs(step) + 1;
    }

    public long at(long index) {
        return start + index * step;
    }

    Iterator<Object> iterator() {
        return LongStream.range(0, length()).mapToObj(i -> (Object) at(i)).iterator();
    }

    boolean contains(Object value) {
        if (!Numbers.isNumber(value) || !(Equality.key(value) instanceof Long number)) {
            return false;
        }
        boolean within = step > 0 ? number >= start && number < stop : number <= start && number > stop;
        return within && (number - start) % step == 0;
    }

    /** Equal are ranges of equal numbers. */
    boolean sameNumbers(Range other) {
        return length() == other.length()
                && (length() == 0 || start == other.start)
                && (length() <= 1 || step == other.step);
    }
}
