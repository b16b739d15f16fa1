package org.xecomla.cli;

import java.io.PrintWriter;
import java.time.Duration;
import java.util.Locale;
import org.xecomla.report.ProgressLine;
import org.xecomla.train.RoundMetrics;
import org.xecomla.train.TrainListener;
import org.xecomla.train.TrainingProgress;

/** Prints how a training in this process goes on, a line every few seconds. */
final class ConsoleProgress implements TrainListener {
    private static final Duration INTERVAL = Duration.ofSeconds(10);

    private final PrintWriter console;
    private TrainingProgress from;
    private long numSteps;
    private long startNanos;
    private long lastNanos;

    ConsoleProgress(PrintWriter console) {
        this.console = console;
    }

    @Override
    public void onStart(TrainingProgress begin, long steps) {
        from = begin;
        numSteps = steps;
        startNanos = System.nanoTime();
        lastNanos = startNanos;
        if (begin.step() > 0) {
            print(String.format(Locale.ROOT, "going on after step %,d", begin.step()));
        }
    }

    @Override
    public void onRound(RoundMetrics metrics, boolean last) {
        long now = System.nanoTime();
        if (!last && now - lastNanos < INTERVAL.toNanos()) {
            return;
        }
        lastNanos = now;
        TrainingProgress progress = metrics.progress();
        print(new ProgressLine(
                        progress.step(),
                        numSteps,
                        progress.numTokens(),
                        metrics.loss(),
                        Duration.ofNanos(now - startNanos),
                        progress.step() - from.step(),
                        progress.numTokens() - from.numTokens())
                .format());
    }

    @Override
    public void onValidation(long step, double perplexity) {
        print(String.format(Locale.ROOT, "step %,d  perplexity on held-out text %.4f", step, perplexity));
    }

    private void print(String line) {
        console.println(line);
        console.flush();
    }
}
