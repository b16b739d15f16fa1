package org.xecomla.spark;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.File;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;
import org.xecomla.files.FaultOrder;
import org.xecomla.files.Faults;
import org.xecomla.files.FaultyFileSystem;

/**
 * Every operation on files of every stage meets every fault; afterwards the same command makes the bytes of the
 * undisturbed run, or says a line for people. {@code src/main/scripts/faults} runs them all, continuous integration
 * every {@code faults.stride}-th.
 */
@Tag("faults")
class FaultRingTest {
    private static final int STRIDE = Integer.getInteger("faults.stride", 40);
    private static final String STAGE = System.getProperty("faults.stage", "");

    @RegisterExtension
    static final SparkProperties SPARK = new SparkProperties("local[1,2]");

    @TempDir
    Path dir;

    private final Map<String, String> settings = new TreeMap<>();

    private FaultBench bench(String scheme) throws Exception {
        Path work = Files.createDirectories(dir.resolve("work"));
        settings.putAll(SmallestRun.in(work, scheme));
        return new FaultBench(work, work.resolve("run"), settings);
    }

    @Test
    void thisMachinesFiles() throws Exception {
        everyStride("");
    }

    @Test
    void filesOfACluster() throws Exception {
        FaultyFileSystem.register();
        everyStride("faulty:");
    }

    private void everyStride(String scheme) throws Exception {
        FaultTable table = new FaultTable();
        try (FaultBench bench = bench(scheme)) {
            bench.measure();
            int number = 0;
            for (String stage : FaultBench.STAGES) {
                table.places(stage, bench.places(stage).size());
                boolean wanted = STAGE.isEmpty() || STAGE.equals(stage);
                for (FaultCase fault : FaultCase.of(bench.places(stage))) {
                    if (number++ % STRIDE == 0 && wanted) {
                        table.add(stage, fault, bench.inject(stage, fault));
                    }
                }
            }
        }
        System.out.println((scheme.isEmpty() ? "local files, " : "cluster's files, ") + table);
        assertEquals(List.of(), table.failures());
    }

    /** A few of the kills by a process of its own that really ends. */
    @Test
    void realProcesses() throws Exception {
        try (FaultBench bench = bench("")) {
            bench.measure();
            for (Map.Entry<String, Faults.Operation> kill : Map.of(
                            "teacher", Faults.Operation.RENAME,
                            "distill", Faults.Operation.WRITE,
                            "export", Faults.Operation.DELETE)
                    .entrySet()) {
                String stage = kill.getKey();
                List<Faults.Place> places = bench.places(stage).stream()
                        .filter(place -> place.operation() == kill.getValue())
                        .toList();
                Faults.Place place = places.get(places.size() / 2);
                bench.rewind(stage);
                assertEquals(128 + 9, killedAt(place, stage), stage);
                FaultBench.Result result = bench.again(stage);
                assertEquals(FaultBench.Outcome.UNHARMED, result.outcome(), result::says);
            }
        }
    }

    private int killedAt(Faults.Place place, String stage) throws Exception {
        List<String> words =
                new ArrayList<>(List.of(ProcessHandle.current().info().command().orElseThrow()));
        ManagementFactory.getRuntimeMXBean().getInputArguments().stream()
                .filter(option -> !option.startsWith("-javaagent"))
                .forEach(words::add);
        Map<String, String> properties = new HashMap<>(Map.of("spark.master", "local[1]", "spark.ui.enabled", "false"));
        Path order = dir.resolve("order");
        String below = Pattern.quote(dir.resolve("work") + "/") + ".*";
        new FaultOrder(Set.of(place.operation()), place.number(), Faults.Kind.KILL_BEFORE, below).give(order);
        properties.put(FaultOrder.PROPERTY, order.toString());
        properties.forEach((key, value) -> words.add("-D" + key + "=" + value));
        words.addAll(List.of("-cp", System.getProperty("java.class.path"), "org.xecomla.cli.Main", "stage", stage));
        settings.forEach((key, value) -> words.addAll(List.of("-D", key + "=" + value)));
        File log = dir.resolve(stage + ".log").toFile();
        Process process = new ProcessBuilder(words)
                .redirectErrorStream(true)
                .redirectOutput(log)
                .start();
        int code = process.waitFor();
        assertTrue(Files.exists(dir.resolve("work/run/_LEASE.json")), () -> "it was killed: " + log);
        assertFalse(Files.exists(dir.resolve("work/run").resolve(stage).resolve("_SUCCESS")));
        return code;
    }
}
