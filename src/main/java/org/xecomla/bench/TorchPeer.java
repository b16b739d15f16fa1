package org.xecomla.bench;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.PrintWriter;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import org.xecomla.errors.UserException;

/** A PyTorch process that runs {@code src/main/scripts/torch_peer.py}: it waits while others are timed. */
public final class TorchPeer implements BenchContestant {
    private final String name;
    private final Process process;
    private final BufferedReader answers;
    private final PrintWriter requests;
    private final String greeting;

    /**
     * Starts the process and returns when it is warm.
     *
     * @param variant eager, compile or bf16
     */
    public TorchPeer(
            Path python,
            Path script,
            BenchShape shape,
            BenchShape.Model model,
            int numThreads,
            String variant,
            Clock clock) {
        ProcessBuilder builder = new ProcessBuilder(
                python.toString(),
                script.toString(),
                "--shape",
                shape.numbers(),
                "--model",
                lower(model),
                "--threads",
                Integer.toString(numThreads),
                "--variant",
                variant,
                "--clock",
                lower(clock));
        // Without these, glibc returns every large block to the system and PyTorch pays for fresh pages at each step.
        builder.environment().putAll(Map.of("MALLOC_MMAP_MAX_", "0", "MALLOC_TRIM_THRESHOLD_", "100000000000"));
        builder.environment().keySet().removeAll(Set.of("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"));
        builder.redirectError(ProcessBuilder.Redirect.DISCARD);
        try {
            this.process = builder.start();
        } catch (IOException e) {
            throw new UserException("cannot start " + python + ": " + e.getMessage() + "; name a Python by --python");
        }
        this.name = "torch " + variant;
        this.answers = new BufferedReader(new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8));
        this.requests = new PrintWriter(process.getOutputStream(), true, StandardCharsets.UTF_8);
        this.greeting = readLine();
    }

    private static String lower(Enum<?> value) {
        return value.name().toLowerCase(Locale.ROOT);
    }

    /** Null where it runs, or why it does not. */
    public String failure() {
        return greeting.startsWith("ready ") ? null : greeting;
    }

    /** PyTorch's version. */
    public String version() {
        return greeting.substring("ready ".length());
    }

    @Override
    public String name() {
        return name;
    }

    @Override
    public double[] millis(Work work, int count) {
        requests.println((work == Work.STEP ? "step " : "forward ") + count);
        return Arrays.stream(readLine().split(" "))
                .mapToDouble(Double::parseDouble)
                .toArray();
    }

    private String readLine() {
        try {
            String line = answers.readLine();
            if (line == null) {
                throw new UserException(name
                        + " ended: does its Python have PyTorch? src/main/scripts/python-env torch makes one that has");
            }
            return line;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Override
    public void close() {
        requests.close();
        process.destroy();
    }
}
