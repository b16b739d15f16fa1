package org.xecomla.bench;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.reflect.Method;
import java.util.Arrays;
import java.util.Collection;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.results.RunResult;
import org.openjdk.jmh.runner.Runner;
import org.openjdk.jmh.runner.RunnerException;
import org.openjdk.jmh.runner.options.Options;
import org.openjdk.jmh.runner.options.OptionsBuilder;
import org.openjdk.jmh.runner.options.VerboseMode;

/** Every benchmark of single operations still runs, once, in this process, and has its line in the table. */
class KernelBenchmarkTest {
    @Test
    void everyOperationIsTimedByBothKernels() throws RunnerException {
        System.setProperty("jmh.ignoreLock", "true"); // another build on this machine may hold it
        Options once = new OptionsBuilder()
                .include(KernelBenchmark.class.getName())
                .param("shape", "32,1,2,1,48,64,16,2")
                .mode(Mode.SingleShotTime)
                .forks(0)
                .warmupIterations(0)
                .measurementIterations(1)
                .verbosity(VerboseMode.SILENT)
                .shouldFailOnError(true)
                .build();
        Collection<RunResult> results = new Runner(once).run();
        long operations = Arrays.stream(KernelBenchmark.class.getMethods())
                .filter(method -> method.isAnnotationPresent(Benchmark.class))
                .count();
        assertTrue(operations > 0);
        assertEquals(2 * operations, results.size());
        String table = KernelTable.of(results);
        String named = Arrays.stream(KernelBenchmark.class.getMethods())
                .filter(method -> method.isAnnotationPresent(Benchmark.class))
                .map(Method::getName)
                .filter(name -> !table.contains(System.lineSeparator() + name + " "))
                .collect(Collectors.joining(", "));
        assertEquals("", named, "operations without a line");
    }
}
