package org.xecomla.report;

import java.time.Duration;
import java.util.Locale;

/**
 * One line on how far a training has come.
 *
 * @param step steps done
 * @param tokens tokens seen by all replicas
 * @param loss of the latest step or steps
 * @param elapsed time for {@code stepsTimed} steps and {@code tokensTimed} tokens: since the start, or since this run
 *     went on
 */
public record ProgressLine(
        long step, long numSteps, long tokens, double loss, Duration elapsed, long stepsTimed, long tokensTimed) {
    private static final double NANOS = 1e9;

    /** For instance {@code step   120/1,500  tokens 491,520  loss 1.2345  12,345 tokens/s  2:05 left}. */
    public String format() {
        String total = String.format(Locale.ROOT, "%,d", numSteps);
        String done = String.format(Locale.ROOT, "%," + total.length() + "d", step);
        return String.format(
                Locale.ROOT,
                "step %s/%s  tokens %,d  loss %.4f  %,.0f tokens/s  %s left",
                done,
                total,
                tokens,
                loss,
                tokensPerSecond(),
                clock(left()));
    }

    /** 0 where no time has passed yet. */
    public double tokensPerSecond() {
        return elapsed.isZero() ? 0 : tokensTimed * NANOS / elapsed.toNanos();
    }

    /** Time that the remaining steps take at the pace so far. */
    public Duration left() {
        return stepsTimed == 0
                ? Duration.ZERO
                : Duration.ofNanos((long) ((double) elapsed.toNanos() / stepsTimed * (numSteps - step)));
    }

    private static String clock(Duration duration) {
        return duration.toHours() > 0
                ? String.format(
                        Locale.ROOT,
                        "%d:%02d:%02d",
                        duration.toHours(),
                        duration.toMinutesPart(),
                        duration.toSecondsPart())
                : String.format(Locale.ROOT, "%d:%02d", duration.toMinutes(), duration.toSecondsPart());
    }
}
